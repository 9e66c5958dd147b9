"""A finished run once more, and how far the two are from each other."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from ragx.checks import RunError, check
from ragx.runner.command_line import plain_command
from ragx.runner.commands.difference import Difference, difference
from ragx.runner.commands.options import NOBODY, NotNegative, parse_options
from ragx.runner.commands.recorded_config import config_of
from ragx.runner.run.cell import Cell, load_cell
from ragx.runner.run.execute import execute
from ragx.runner.run.speaker import Speaker
from ragx.runs.files import read_run
from ragx.runs.find import find_run
from ragx.runs.layout import LOCK, LOG, RECORD, SCHEMA
from ragx.runs.recorded_data import check_unchanged
from ragx.runs.restored import stored_model
from ragx.runs.trusted import Trusted

UNTRACKED = {"tracker": {"_target_": "ragx.training.NoTracker"}}
"""A reproduction has the id of the first run, under which a tracker would write over what that one recorded."""
HELP = """ragx reproduce <run> [tolerance=0.001]

run=<folder>       a finished run, or as much of its path or identity as no other finished run begins with
tolerance=0.001    how far metrics may be apart to count as the same
trust=[my_layers]  modules of your own that the run names: their code is run, that of others is not

The run is made once more beside the first, in <runs>/reproduced; a test part that the first had opened is opened again,
which counts as a reproduction and as no look. No tracker is told of it."""


class NotReproducedError(RunError):
    """A run came out otherwise than before."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    run: str
    tolerance: NotNegative = 1e-3
    trust: Trusted = NOBODY


def reproduce(arguments: Sequence[str]) -> None:
    """Run a finished run again and say whether it came out the same.

    Raises:
        ValueError: there is no such run.
        NotReproducedError: its metrics are further apart than the tolerance; the message says what else differs.
    """
    options = parse_options(Options, arguments, first="run")
    tolerance = options.tolerance
    folder = find_run(options.run)
    record, metrics = read_run(folder)
    console = Console(file=sys.stdout)
    config = config_of(folder, final="test" in metrics, reuse="code") | UNTRACKED
    cell = load_cell(config, options.trust)
    kept = stored_model(folder, record)
    check_unchanged(folder, record, cell.parts, cell.problem, kept)
    changed = differences(record, cell)
    cell.folder = cell.runs / "reproduced" / folder.resolve().name
    _clear(cell.folder)
    console.print(f"Running {record['name']} once more, in {cell.folder}", highlight=False, soft_wrap=True)
    with Speaker(quiet=True) as speaker:
        execute(cell, speaker, "reproduction")
    gap = difference(folder, cell.folder)
    console.print(sentence(gap, tolerance, changed), highlight=False, soft_wrap=True)
    if gap.metric > tolerance:
        raise NotReproducedError(f"{record['name']} came out otherwise.")


def _clear(folder: Path) -> None:
    """Remove what an earlier reproduction left.

    Raises:
        ValueError: something else lies there.
    """
    linked = next((path for path in (folder, folder.parent) if path.is_symlink()), None)
    check(linked is None, f"{linked}: expected a folder of reproductions, got a link to another; remove the link.")
    if folder.is_dir() and any(folder.iterdir()):
        made_here = any((folder / name).exists() for name in (RECORD, LOCK, LOG))
        check(made_here, f"{folder}: expected an earlier reproduction, got a folder of something else; move it away.")
        shutil.rmtree(folder)


def differences(record: dict[str, Any], cell: Cell) -> list[str]:
    """Return what is not as it was when a run was made: numbering of ids, code, versions, machine."""
    changed = []
    if "schema" not in record:
        changed.append(f"schema: none then, {SCHEMA} now: rows of users and items are numbered otherwise")
    if record.get("source") != cell.source:
        changed.append(f"code: {record.get('source')} then, {cell.source} now")
    changed += [f"taken up on other ground: {change}" for change in record.get("taken_up", [])]
    before, today = record.get("provenance", {}), cell.provenance
    for kind in ("versions", "machine", "forms"):
        then, now = before.get(kind, {}), today[kind]
        names = [name for name in then.keys() | now.keys() if then.get(name) != now.get(name)]
        changed += [f"{name}: {then.get(name)} then, {now.get(name)} now" for name in sorted(names)]
    return changed


def sentence(gap: Difference, tolerance: float, changed: Sequence[str]) -> str:
    """Return the finding in words."""
    also = "; ".join(changed)
    if gap.is_none:
        return (
            "bit-equal: weights and metrics are the same to the last bit" + (f", although {also}" if also else "") + "."
        )
    by = f"metrics differ by up to {gap.metric:.2g}" + (f" ({gap.where})" if gap.where else "")
    by += f", weights by up to {gap.weights:.2g}"
    if gap.metric <= tolerance:
        return f"within tolerance: {by}" + (f". What differs: {also}." if also else ".")
    return f"different: {by}. What differs: {also or 'nothing that is on record'}."


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(reproduce, HELP)
