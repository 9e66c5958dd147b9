"""Finished runs as they are compared: found, read, refused where their numbers are not one quantity, and paired."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ragx.checks import check
from ragx.evaluation.conventions import Conventions
from ragx.former_names import TARGET
from ragx.metrics.known import Metric
from ragx.metrics.recorded import read_record_of
from ragx.report.tables.checks import split_of
from ragx.runner.run.label import configuration_label
from ragx.runs.files import read_run
from ragx.runs.find import find_run, is_set_aside
from ragx.runs.protocol import stored_evaluation, stored_protocol
from ragx.runs.task import MODEL, OLD_UNIT, baselines_of, per_unit_file, question_of, unit_of
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
        return read_record_of(self.metrics.get("metrics"), self.folder / "metrics.json")

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
        if (folder / "run.json").is_file():
            folders.append(folder)
            continue
        inside = [each.parent for each in sorted(folder.glob("*/metrics.json")) if not is_set_aside(each.parent)]
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
    begun = [each for each in reads if str(each.folder).startswith(name) or each.folder.name.startswith(name)]
    begun = begun or [each for each in reads if str(each.record["identity"]).startswith(name)]
    if len({each.cell for each in begun}) != 1:
        try:
            folder = find_run(name)
        except ValueError as error:
            beside = ", ".join(dict.fromkeys(name for read in reads for name in read.baselines))
            raise ValueError(f"{error} Baselines beside the runs: {beside or 'none'}.") from None
        begun = [each for each in reads if each.folder.resolve() == folder.resolve()]
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
        asked, other = (question_of(each.record["config"]) for each in (read, first))
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


def values_of_units(
    groups: Mapping[str, Sequence[Compared]], part: str, baseline: str | None
) -> dict[str, dict[int, pl.DataFrame]]:
    """Return the values of units under every configuration by seed, told apart by what all of them have.

    Args:
        groups: runs by label.
        part: ``"validation"`` or ``"test"``.
        baseline: a baseline that stands among the configurations, as the runs measured it.

    Raises:
        ValueError: values are missing or damaged, a seed comes twice, or units cannot be paired.
    """
    tables: dict[str, dict[int, pl.DataFrame]] = {}
    for label, reads in groups.items():
        of_seed: dict[int, Compared] = {}
        for read in reads:
            other = of_seed.setdefault(int(read.record["seed"]), read)
            check(
                other is read,
                f"{other.folder} and {read.folder} are two runs of one configuration with seed "
                f"{read.record['seed']}; leave one of them out.",
            )
        tables[label] = {seed: _values(read, MODEL, part) for seed, read in of_seed.items()}
    everyone = [read for reads in groups.values() for read in reads]
    if baseline is not None:
        tables[baseline] = {0: _of_baseline(everyone, baseline, part)}
    if any("id" not in table.columns for found in tables.values() for table in found.values()):
        _check_one_order(everyone)
        tables = {
            label: {seed: table.drop("id", strict=False) for seed, table in found.items()}
            for label, found in tables.items()
        }
    return tables


def _values(read: Compared, name: str, part: str) -> pl.DataFrame:
    path = read.folder / per_unit_file(read.unit, name, part)
    way = (
        "; it did not open the test part: its command with evaluation.final=true does, and for runs of a sweep "
        "ragx final sweep=…; part=validation compares without"
        if part == "test"
        else ""
    )
    check(path.is_file(), f"{read.folder}: there are no per-{read.unit} values in {path.name}{way}.")
    try:
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"{path}: cut off, or no Parquet file ({str(error).splitlines()[0]}).") from None
    column = OLD_UNIT if read.unit == OLD_UNIT else "id"
    check(column in table.columns, f"{path}: expected a column {column}, got {', '.join(table.columns)}.")
    known = read.metrics if name == MODEL else read.metrics["baseline"].get(name, {})
    _check_means(path, table, known.get(part) or {})
    return table.with_columns(pl.col("id").cast(pl.String)) if "id" in table.columns else table


def _check_means(path: Path, table: pl.DataFrame, values: Mapping[str, float]) -> None:
    """Raise unless the means over units are what the run recorded: else the file is of another run."""
    for metric in sorted(values.keys() & set(table.columns)):
        recorded, mean = values[metric], table[metric].mean()
        is_mean = isinstance(mean, float) and _is_close(mean, recorded or 0.0)
        check(
            recorded is None or is_mean,
            f"{path}: expected values whose mean {metric} is {recorded}, as metrics.json has it, got {mean!r}: the "
            "file is of another run. Restore it, or run that configuration again with reuse=never.",
        )


def _of_baseline(reads: Sequence[Compared], name: str, part: str) -> pl.DataFrame:
    """Return the values of a baseline, the same beside all runs that have it.

    Raises:
        ValueError: it is not one and the same beside all of them.
    """
    refits = {bool(read.record["refit"]) for read in reads}
    check(
        part == "validation" or len(refits) == 1,
        f"Some of the runs were refitted on train and validation and some were not, so that {name} is not one "
        "baseline for all; compare them apart.",
    )
    first, *others = [read for read in reads if name in read.baselines]
    ours = first.metrics["baseline"][name].get(part) or {}
    for other in others:
        theirs = other.metrics["baseline"][name].get(part) or {}
        unlike = [each for each in ours.keys() & theirs.keys() if not _is_close(ours[each], theirs[each])]
        check(
            not unlike,
            f"{first.folder} and {other.folder} have different baselines called {name}: {', '.join(sorted(unlike))} is "
            "not the same; compare them apart.",
        )
    return _values(first, name, part)


def _is_close(value: float | None, other: float | None) -> bool:
    if value is None or other is None:
        return value is other
    return math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-12)


def _check_one_order(reads: Sequence[Compared]) -> None:
    orders = {read.record.get("data"): read.folder for read in reads}
    check(
        len(orders) == 1 and None not in orders,
        "Per-user values without outside ids are paired by row, and the data of these runs is not the same, or not in "
        f"one order: {', '.join(map(str, orders.values()))}. Run them again.",
    )
