"""The command ``ragx``, as ``python -m ragx``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main())
