"""A search for good settings: ``python experiments/search.py search=<name> [option=value …]``."""

import sys
from pathlib import Path
from typing import Any

import hydra

from ragx.runner.command_line import attempt, guarded
from ragx.runner.folders import CONF
from ragx.runner.search.searching import run_search


@hydra.main(config_path=CONF, config_name="search", version_base="1.3")
def job(config: Any) -> None:
    """Run the search that a config describes."""
    attempt(lambda: run_search(config))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(guarded(job, CONF, "search"))
