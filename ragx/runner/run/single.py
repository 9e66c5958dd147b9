"""A run outside a sweep."""

from typing import TYPE_CHECKING, Any

from ragx.checks import check
from ragx.runner.run.by_source import check_by_source

if TYPE_CHECKING:
    from ragx.runner.run.cell import Cell


def run_alone(config: dict[str, Any]) -> float:
    """Run one configuration, speaking to standard output, and return its monitored validation value.

    Raises:
        ValueError: the config, the data or their combination is at fault.
    """
    check(config["seeds"] is None, "seeds: several seeds are a sweep; add -m, or give one with seed=0.")
    check(not config["dry_run"], "dry_run: only a sweep can be looked at before it runs; add -m.")
    check_by_source(config)
    from ragx.runner.run.execute import monitored  # with torch, whose import takes seconds

    return monitored(run_cell(config).folder)


def run_cell(config: dict[str, Any], quiet: bool = False) -> "Cell":
    """Run one configuration, or find it finished, and return it."""
    from ragx.runner.run.cell import load_cell
    from ragx.runner.run.execute import execute
    from ragx.runner.run.speaker import Speaker

    with Speaker(quiet) as speaker:
        cell = load_cell(config)
        execute(cell, speaker)
    return cell
