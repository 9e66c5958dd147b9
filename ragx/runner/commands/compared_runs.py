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
from ragx.metrics.known import Metric
from ragx.metrics.recorded import read_record_of
from ragx.report.tables.checks import split_of
from ragx.runner.run.label import configuration_label
from ragx.runs.files import read_run
from ragx.runs.find import find_run, is_set_aside
from ragx.runs.protocol import stored_protocol
from ragx.runs.trusted import Trusted

MOST_POPULAR = "most_popular"


@dataclass(frozen=True, eq=False)
class Compared:
    """A finished run as far as it is compared."""

    folder: Path
    record: dict[str, Any]
    rules: Conventions
    metrics: dict[str, Any]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many users each part measures."""
        counts: dict[str, dict[str, int]] = self.metrics.get("counts", {})
        return counts

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
        rules = stored_protocol(record["config"], metrics, trust).rules
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
        folder = find_run(name)
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
    labels = Counter([MOST_POPULAR, *(seeds[0].label for seeds in cells.values())])
    return {
        label if labels[label := seeds[0].label] == 1 else f"{label} {cell}": seeds for cell, seeds in cells.items()
    }


def check_comparable(reads: Sequence[Compared], part: str) -> None:
    """Refuse runs whose numbers are not the same quantity on the same split.

    Raises:
        ValueError: two of them differ in the fingerprint of the split or in conventions; the message names both.
    """
    first = reads[0]
    for read in reads[1:]:
        ours, theirs = split_of(read.record, part), split_of(first.record, part)
        check(
            ours == theirs,
            f"Runs on different splits cannot be compared: {first.folder} is on {theirs}, {read.folder} on {ours}.",
        )
        check(
            read.rules == first.rules,
            f"Runs under different conventions cannot be compared: {first.folder} and {read.folder} have "
            f"{first.rules.differences(read.rules)}.",
        )


def per_user_tables(
    groups: Mapping[str, Sequence[Compared]], part: str, with_most_popular: bool
) -> dict[str, dict[int, pl.DataFrame]]:
    """Return the per-user values of every configuration by seed, users told apart by what all of them have.

    Args:
        groups: runs by label.
        part: ``"validation"`` or ``"test"``.
        with_most_popular: whether the most popular items, as the runs measured them, stand among the configurations.

    Raises:
        ValueError: values are missing or damaged, a seed comes twice, or users cannot be paired.
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
        tables[label] = {seed: _per_user(read, "per_user", part) for seed, read in of_seed.items()}
    everyone = [read for reads in groups.values() for read in reads]
    if with_most_popular:
        tables[MOST_POPULAR] = {0: _most_popular(everyone, part)}
    if any("id" not in table.columns for found in tables.values() for table in found.values()):
        _check_one_order(everyone)
        tables = {
            label: {seed: table.drop("id", strict=False) for seed, table in found.items()}
            for label, found in tables.items()
        }
    return tables


def _per_user(read: Compared, name: str, part: str) -> pl.DataFrame:
    path = read.folder / f"{name}_{part}.parquet"
    way = (
        "; it did not open the test part: its command with evaluation.final=true does, and for runs of a sweep "
        "ragx final sweep=…; part=validation compares without"
        if part == "test"
        else ""
    )
    check(path.is_file(), f"{read.folder}: there are no per-user values in {path.name}{way}.")
    try:
        table = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"{path}: cut off, or no Parquet file ({str(error).splitlines()[0]}).") from None
    check("user" in table.columns, f"{path}: expected a column user, got {', '.join(table.columns)}.")
    known = read.metrics if name == "per_user" else read.metrics.get("baseline", {}).get(MOST_POPULAR, {})
    _check_means(path, table, known.get(part) or {})
    return table.with_columns(pl.col("id").cast(pl.String)) if "id" in table.columns else table


def _check_means(path: Path, table: pl.DataFrame, values: Mapping[str, float]) -> None:
    """Raise unless the means over users are what the run recorded: else the file is of another run."""
    for metric in sorted(values.keys() & set(table.columns)):
        recorded, mean = values[metric], table[metric].mean()
        is_mean = isinstance(mean, float) and math.isclose(mean, recorded or 0.0, rel_tol=1e-9, abs_tol=1e-12)
        check(
            recorded is None or is_mean,
            f"{path}: expected values whose mean {metric} is {recorded}, as metrics.json has it, got {mean!r}: the "
            "file is of another run. Restore it, or run that configuration again with reuse=never.",
        )


def _most_popular(reads: Sequence[Compared], part: str) -> pl.DataFrame:
    refits = {bool(read.record["refit"]) for read in reads}
    check(
        part == "validation" or len(refits) == 1,
        "Some of the runs were refitted on train and validation and some were not, so that most_popular is not one "
        "baseline for all; compare them apart.",
    )
    return _per_user(reads[0], f"per_user_{MOST_POPULAR}", part)


def _check_one_order(reads: Sequence[Compared]) -> None:
    orders = {read.record.get("data"): read.folder for read in reads}
    check(
        len(orders) == 1 and None not in orders,
        "Per-user values without outside ids are paired by row, and the data of these runs is not the same, or not in "
        f"one order: {', '.join(map(str, orders.values()))}. Run them again.",
    )
