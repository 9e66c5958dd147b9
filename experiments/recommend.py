"""Top-K lists of a finished run: ``python experiments/recommend.py run=<folder> users=[…] k=10``."""

import sys
from pathlib import Path

from ragx.runner.command_line import guarded
from ragx.runner.commands.recommend import HELP, recommend
from ragx.runner.folders import CONF


def main(arguments: list[str]) -> int:
    """Return the exit status of a command line."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        return 0
    return guarded(lambda: recommend(arguments), CONF, "run")


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(main(sys.argv[1:]))
