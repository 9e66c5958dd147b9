"""A finished run under other metrics: ``python experiments/evaluate.py run=<folder> metrics=[ndcg@50] groups=[…]``."""

import sys
from pathlib import Path

from ragx.runner.command_line import plain_command
from ragx.runner.commands.evaluate import HELP, evaluate_run

if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(plain_command(evaluate_run, HELP))
