"""The chosen configurations of a sweep on test: ``python experiments/final.py sweep=<name>``."""

import sys
from pathlib import Path

from ragx.runner.command_line import plain_command
from ragx.runner.commands.final import HELP, finalize

if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(plain_command(finalize, HELP))
