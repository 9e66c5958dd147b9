"""The page of a sweep on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ragx.report.pages.sweep import write_page
from ragx.runner.command_line import plain_command
from ragx.runner.commands.options import parse_options
from ragx.runs.sweeps.record import find_sweep

HELP = """ragx page sweep=<name>

sweep=<name>  a sweep below runs/sweeps, or as much of its name as no other begins with
runs=runs     the folder of runs

Writes runs/sweeps/<name>/page.html, one file that any browser opens, and plots/ with each plot as PNG and PDF.
It can be written while the sweep still runs."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    sweep: str
    runs: Path = Path("runs")


def write(arguments: Sequence[str]) -> None:
    """Write the page that a command line asks for, and print its path.

    Raises:
        ValueError: the options or the sweep are at fault, or the page cannot be written.
    """
    options = parse_options(Options, arguments, first="sweep")
    print(write_page(find_sweep(options.runs, options.sweep), options.runs))


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(write, HELP)
