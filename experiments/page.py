"""The page and the plots of a sweep: ``python experiments/page.py sweep=<name>``."""

import sys

from runner.command_line import plain_command
from runner.paging import HELP, write

if __name__ == "__main__":
    sys.exit(plain_command(write, HELP))
