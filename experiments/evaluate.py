"""A finished run under other metrics: ``python experiments/evaluate.py run=<folder> metrics=[ndcg@50] groups=[…]``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
