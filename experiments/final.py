"""The chosen configurations of a sweep on test: ``python experiments/final.py sweep=<name>``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["final", *sys.argv[1:]]))
