"""A run once more, from what it left: ``python experiments/reproduce.py <run>``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["reproduce", *sys.argv[1:]]))
