"""Whether finished runs differ: ``python experiments/compare.py runs=[a,b] baseline=a metric=ndcg@20 part=test``."""

import sys
from pathlib import Path

from ragx.runner.command_line import plain_command
from ragx.runner.commands.compare import HELP, compare_runs

if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # protocols of one's own lie in the current folder
    sys.exit(plain_command(compare_runs, HELP))
