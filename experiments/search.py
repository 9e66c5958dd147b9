"""A search for good settings: ``python experiments/search.py search=<name> [option=value …]``."""

import sys
from pathlib import Path
from typing import Any

import hydra
from runner.command_line import attempt, guarded
from runner.searching import run_search

CONF = str(Path(__file__).resolve().parents[1] / "conf")


@hydra.main(config_path=CONF, config_name="search", version_base="1.3")
def job(config: Any) -> None:
    """Run the search that a config describes."""
    attempt(lambda: run_search(config))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))  # layers of one's own lie in the current folder
    sys.exit(guarded(job, CONF, "search"))
