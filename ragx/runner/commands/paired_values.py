"""The values of units of compared runs, read and paired."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.runner.commands.compared_runs import Compared
from ragx.runs.task import MODEL, OLD_UNIT, per_unit_file


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
    if any("id" not in table.columns for by_seed in tables.values() for table in by_seed.values()):
        _check_one_order(everyone)
        tables = {
            label: {seed: table.drop("id", strict=False) for seed, table in by_seed.items()}
            for label, by_seed in tables.items()
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
        unlike = [metric for metric in ours.keys() & theirs.keys() if not _is_close(ours[metric], theirs[metric])]
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
