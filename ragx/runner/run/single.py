"""A run outside a sweep."""

from typing import Any

from ragx.checks import check
from ragx.runner.run.cell import Cell, load_cell
from ragx.runner.run.execute import execute, monitored
from ragx.runner.run.speaker import Speaker


def run_alone(config: dict[str, Any]) -> float:
    """Run one configuration, speaking to standard output, and return its monitored validation value.

    Raises:
        ValueError: the config, the data or their combination is at fault.
    """
    check(config["seeds"] is None, "seeds: several seeds are a sweep; add -m, or give one with seed=0.")
    check(not config["dry_run"], "dry_run: only a sweep can be looked at before it runs; add -m.")
    return monitored(run_cell(config).folder)


def run_cell(config: dict[str, Any], quiet: bool = False) -> Cell:
    """Run one configuration, or find it finished, and return it."""
    with Speaker(quiet) as speaker:
        cell = load_cell(config)
        execute(cell, speaker)
    return cell
