"""Whether a killed run ends as an unbroken one: ``python experiments/verify_resume.py [option=value …]``."""

import sys

from ragx.runner.command import main

if __name__ == "__main__":
    sys.exit(main(["verify_resume", *sys.argv[1:]]))
