"""The audit of a dataset and its split: ``python experiments/audit.py dataset=… [split=…] [output=audit.json]``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["audit", *sys.argv[1:]]))
