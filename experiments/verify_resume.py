"""Whether a killed run ends as an unbroken one: ``python experiments/verify_resume.py [option=value …]``."""

import sys
from pathlib import Path

from ragx.runner.command_line import plain_command
from ragx.runner.commands.verify_resume import HELP, verify_resume

if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(plain_command(verify_resume, HELP))
