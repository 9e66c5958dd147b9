"""Whether finished runs differ: ``python experiments/compare.py runs=[a,b] baseline=a metric=ndcg@20 part=test``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["compare", *sys.argv[1:]]))
