"""A search for good settings."""

from typing import Any

import hydra

from ragx.runner.command_line import attempt, guarded
from ragx.runner.folders import CONF


@hydra.main(config_path=CONF, config_name="search", version_base="1.3")
def job(config: Any) -> None:
    """Run the search that a config describes."""
    attempt(lambda: _search(config))


def _search(config: Any) -> None:
    from ragx.runner.search.searching import run_search

    run_search(config)


def main() -> int:
    """Return the exit status of the command line."""
    return guarded(job, CONF, "search")
