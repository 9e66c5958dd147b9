"""The page and the plots of a sweep: ``python experiments/page.py sweep=<name>``."""

import sys

from ragx.runner.command_line import plain_command
from ragx.runner.commands.page import HELP, write

if __name__ == "__main__":
    sys.exit(plain_command(write, HELP))
