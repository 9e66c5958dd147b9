"""How a sweep stands, told from its record by any process."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ragx.runner.command_line import plain_command
from ragx.runner.commands.options import parse_options
from ragx.runner.sweep.view import print_sweep
from ragx.runs.sweeps.record import find_sweep

HELP = """ragx status sweep=<name>

sweep=<name>   a sweep, or as much of its name as no other begins with
runs=runs      folder of run folders"""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    sweep: str
    runs: Path = Path("runs")


def show_status(arguments: Sequence[str]) -> None:
    """Print how a sweep stands.

    Raises:
        ValueError: there is no such sweep.
    """
    options = parse_options(Options, arguments, first="sweep")
    print_sweep(Console(file=sys.stdout), find_sweep(options.runs, options.sweep))


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(show_status, HELP)
