"""Finished runs as they are compared: found, read, and refused where their numbers are not one quantity."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragx.checks import check
from ragx.evaluation.conventions import Conventions
from ragx.former_names import TARGET
from ragx.metrics.known import Metric
from ragx.metrics.recorded import read_record_of
from ragx.report.tables.checks import split_of
from ragx.runner.run.label import configuration_label
from ragx.runs.files import read_run
from ragx.runs.find import find_run, is_set_aside
from ragx.runs.layout import METRICS, finished_runs, has_record
from ragx.runs.protocol import stored_evaluation, stored_protocol
from ragx.runs.task import baselines_of, question_of, unit_of
from ragx.runs.trusted import Trusted


@dataclass(frozen=True, eq=False)
class Compared:
    """A finished run as far as it is compared."""

    folder: Path
    record: dict[str, Any]
    rules: Conventions | None
    metrics: dict[str, Any]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many units each part measures."""
        counts: dict[str, dict[str, int]] = self.metrics.get("counts", {})
        return counts

    @property
    def unit(self) -> str:
        """What its values are of."""
        return unit_of(self.metrics)

    @property
    def baselines(self) -> list[str]:
        """The names of the baselines beside it."""
        return baselines_of(self.metrics)

    @property
    def cell(self) -> str:
        """Identity of the configuration, the same for every seed."""
        return str(self.record["cell"])

    @property
    def recorded(self) -> dict[str, Metric]:
        """What the run recorded of its metrics."""
        return read_record_of(self.metrics.get("metrics"), self.folder / METRICS)

    @property
    def label(self) -> str:
        """The name that was given, or what the configuration is called."""
        return str(self.record.get("given_name") or configuration_label(self.record["config"], self.record))


def run_folders(names: Sequence[str]) -> list[Path]:
    """Return the folders of runs that are named by the beginning of their paths, or lie in the folders that are named.

    Raises:
        ValueError: a name is no finished run, or that of several.
    """
    folders: list[Path] = []
    for name in names:
        folder = find_run(name)
        if has_record(folder):
            folders.append(folder)
            continue
        inside = [path for path in finished_runs(folder) if not is_set_aside(path)]
        check(bool(inside), f"{folder}: expected a finished run, or a folder of finished runs; found none.")
        folders += inside
    return list({folder.resolve(): folder for folder in folders}.values())


def read_compared(folder: Path, trust: Trusted) -> Compared:
    """Return what is compared of a run.

    Args:
        folder: the run.
        trust: whose code its protocol may be.

    Raises:
        ValueError: a file of the run is missing or damaged, or its protocol is not known here.
    """
    record, metrics = read_run(folder)
    try:
        asked = stored_evaluation(record["config"], metrics)
        rules = stored_protocol(record["config"], metrics, trust).rules if asked else None
    except ValueError as error:
        raise ValueError(f"{folder}: its protocol cannot be read ({error}).") from error
    return Compared(folder, record, rules, metrics)


def baseline_cell(name: str, reads: list[Compared], trust: Trusted) -> str:
    """Return the configuration of the baseline, whose run joins the others where it was not named among them.

    Raises:
        ValueError: the name is no finished run, or that of several configurations.
    """
    begun = [read for read in reads if str(read.folder).startswith(name) or read.folder.name.startswith(name)]
    begun = begun or [read for read in reads if str(read.record["identity"]).startswith(name)]
    if len({read.cell for read in begun}) != 1:
        try:
            folder = find_run(name)
        except ValueError as error:
            beside = ", ".join(dict.fromkeys(name for read in reads for name in read.baselines))
            raise ValueError(f"{error} Baselines beside the runs: {beside or 'none'}.") from None
        begun = [read for read in reads if read.folder.resolve() == folder.resolve()]
        if not begun:
            begun = [read_compared(folder, trust)]
            reads += begun
    return begun[0].cell


def by_label(reads: Sequence[Compared]) -> dict[str, list[Compared]]:
    """Return the runs of every configuration by its label, with its identity where several are called alike."""
    cells: dict[str, list[Compared]] = {}
    for read in reads:
        cells.setdefault(read.cell, []).append(read)
    beside = {name for read in reads for name in read.baselines}
    labels = Counter([*beside, *(seeds[0].label for seeds in cells.values())])
    return {
        label if labels[label := seeds[0].label] == 1 else f"{label} {cell}": seeds for cell, seeds in cells.items()
    }


def check_comparable(reads: Sequence[Compared], part: str) -> None:
    """Refuse runs whose numbers are not the same quantity on the same split.

    Raises:
        ValueError: two of them differ in the task, the fingerprint of the split or conventions; the message names both.
    """
    first = reads[0]
    for read in reads[1:]:
        asked, other = (question_of(run.record["config"]) for run in (read, first))
        check(
            (asked, read.unit) == (other, first.unit),
            f"Runs of different tasks cannot be compared: {first.folder} is of {_spelt(other, first.unit)}, "
            f"{read.folder} of {_spelt(asked, read.unit)}.",
        )
        ours, theirs = split_of(read.record, part), split_of(first.record, part)
        check(
            ours == theirs,
            f"Runs on different splits cannot be compared: {first.folder} is on {theirs}, {read.folder} on {ours}.",
        )
        check(
            read.rules == first.rules,
            f"Runs under different conventions cannot be compared: {first.folder} and {read.folder} have "
            f"{first.rules.differences(read.rules) if first.rules and read.rules else 'some and none'}.",
        )


def _spelt(task: Mapping[str, Any], unit: str) -> str:
    options = ", ".join(f"{name}={value}" for name, value in task.items() if name != TARGET)
    return f"{task.get(TARGET)} ({', '.join(filter(None, (unit, options)))})"
