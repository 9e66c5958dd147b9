"""How a sweep stands: ``python experiments/status.py sweep=<name>``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["status", *sys.argv[1:]]))
