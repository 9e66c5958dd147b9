"""The page and the plots of a sweep: ``python experiments/page.py sweep=<name>``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["page", *sys.argv[1:]]))
