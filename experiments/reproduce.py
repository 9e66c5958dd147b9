"""A run once more, from what it left: ``python experiments/reproduce.py <run>``."""

import sys
from pathlib import Path

from ragx.runner.command_line import plain_command
from ragx.runner.commands.reproduce import HELP, reproduce

if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(plain_command(reproduce, HELP))
