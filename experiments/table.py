"""A table of results: ``python experiments/table.py table=… [sweep=…] [part=validation] [results=all.parquet]``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["table", *sys.argv[1:]]))
