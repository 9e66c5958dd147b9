"""A search for good settings: ``python experiments/search.py search=<name> [option=value …]``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["search", *sys.argv[1:]]))
