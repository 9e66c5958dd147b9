"""Top-K lists of a finished run: ``python experiments/recommend.py run=<folder> users=[…] k=10``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["recommend", *sys.argv[1:]]))
