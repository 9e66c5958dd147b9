"""The main job: ``python experiments/run.py [option=value …]``, and with ``-m`` a sweep of it."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
