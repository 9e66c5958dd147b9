"""One finished run as a row of the results table."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ragx.checks import check
from ragx.data.cleaning.part_rules import BEFORE_SPLIT
from ragx.evaluation.units import Counts
from ragx.metrics.known import Metric
from ragx.metrics.recorded import read_record_of, record_of
from ragx.runs.find import is_set_aside
from ragx.runs.layout import METRICS, RECORD, TODAY
from ragx.runs.looks import Readings
from ragx.runs.provenance import identity_of
from ragx.runs.source_hash import modules_of
from ragx.runs.task import MODEL, RULES, baselines_of, per_unit_column, per_unit_file, question_of, unit_of

TEXT = (
    *("name", "folder", "identity", "cell", "source", "fingerprint", "data", "sweep", "dataset", "split", "rules"),
    *("published_fingerprint", "before_split", "notes"),
    *(
        "target_kind",
        "monitor",
        "metrics",
        "commit",
        "versions",
        "machine",
        "modules",
        "task",
        "unit",
        "per_unit_validation",
        "per_unit_test",
    ),
)
WHOLE = (
    *("seed", "threads", "peak_memory_mb", "validation_units", "test_units"),
    *("looks", "reproductions", "audits", "all_units", "validation_units_held_out", "test_units_held_out"),
    *("train_rows", "validation_rows", "test_rows"),
)
REAL, TRUTH = ("value", "epochs", "best_epoch", "training_seconds", "seconds"), ("kept", "refit", "features", "dirty")
KINDS: dict[Any, tuple[tuple[str, ...], tuple[type, ...]]] = {
    pl.String: (TEXT, (str,)),
    pl.Int64: (WHOLE, (int,)),
    pl.Float64: (REAL, (int, float)),
    pl.Boolean: (TRUTH, (bool,)),
}
SCHEMA = {name: kind for kind, (names, _) in KINDS.items() for name in names}
"""The columns that every results table has; those of options and metrics differ from one to the other."""

TAKEN = ("identity", "seed", "threads", "source", "data", "sweep", "target_kind", "features")
Row = dict[str, Any]


def row_of(folder: Path, record: Row, metrics: Row) -> tuple[Row, list[str]]:
    """Return a run as a row, without the readings of its test part, and what was amiss with it.

    Args:
        folder: the run folder.
        record: what ``run.json`` holds.
        metrics: what ``metrics.json`` holds.

    Raises:
        ValueError: there is too little in them to make a row; so do TypeError and AttributeError.
    """
    config: Any = record.get("config")
    check(isinstance(config, dict), "there is no config in run.json")
    check("validation" in metrics or "test" in metrics, "there are no values in metrics.json")
    unit = unit_of(metrics)
    files, warnings = _per_unit(folder, unit, baselines_of(metrics))
    contents = {RECORD: record, METRICS: metrics}
    gone = [f"{key} in {file}" for file, keys in TODAY.items() for key in keys if key not in contents[file]]
    if gone:
        warnings.append(
            f"{folder}: left by another version of ragx, without {', '.join(gone)}; read as far as it goes."
        )
    own = {name: record.get(name) for name in TAKEN}
    fingerprint = record.get("fingerprint") or metrics.get("split", {}).get("fingerprint")
    row = own | {
        "name": record.get("name", folder.name),
        "folder": str(folder),
        "cell": record.get("cell") or f"config-{identity_of(config)}",
        "kept": is_set_aside(folder),
        "fingerprint": fingerprint,
        "published_fingerprint": record.get("published_fingerprint"),
        "before_split": _before_split(metrics),
        "notes": "\n".join(map(str, metrics.get("notes") or [])),
        "dataset": record.get("dataset") or _dataset(str(record.get("name", folder.name)), config),
        "split": metrics.get("split", {}).get("name"),
        "refit": record.get("refit", "refit" in metrics),
        **dict.fromkeys(Readings._fields),
        "modules": json.dumps(_modules(record, config)),
        "task": json.dumps(question_of(config), sort_keys=True),
        "unit": unit,
        **_course(record, config, metrics),
        **_counts(metrics),
        **files,
    }
    _check_kinds(row)
    return row | dict(_options(config)) | dict(_metrics(metrics)), warnings


def recorded_of(row: Mapping[str, Any]) -> dict[str, Metric]:
    """Return what the run of a row recorded of its metrics; none for one of an earlier version."""
    return read_record_of(json.loads(row.get("metrics") or "{}"), row.get("folder"))


def _before_split(metrics: Row) -> str | None:
    """Return the rules by which test events had a say in train, or None where there were none."""
    notes: Any = metrics.get("split", {}).get("notes", {})
    return ", ".join(name.replace("_", " ") for name in BEFORE_SPLIT if notes.get(name)) or None


def _course(record: Row, config: Row, metrics: Row) -> Row:
    """Return how a run went, under which rules it was evaluated, and where it comes from."""
    fit, origin = metrics.get("fit", {}), record.get("provenance", {})
    rules: Any = metrics.get("evaluation", config.get("evaluation", {}))
    named = {name: rules.get(name) for name in RULES}
    return {
        "rules": json.dumps(named, sort_keys=True) if rules else None,
        "monitor": metrics.get("monitor"),
        "metrics": json.dumps(record_of(read_record_of(metrics.get("metrics")).values())),
        "value": fit.get("best", {}).get(metrics.get("monitor")),
        "epochs": fit.get("epochs"),
        "best_epoch": fit.get("best_epoch"),
        "training_seconds": fit.get("seconds", 0.0) + metrics.get("refit", {}).get("seconds", 0.0),
        "seconds": metrics.get("seconds"),
        "peak_memory_mb": metrics.get("peak_memory_mb"),
        "commit": origin.get("git", {}).get("commit"),
        "dirty": origin.get("git", {}).get("dirty"),
        "versions": json.dumps(origin.get("versions")),
        "machine": json.dumps(origin.get("machine")),
    }


def _counts(metrics: Row) -> Row:
    sizes, counts = metrics.get("split", {}).get("counts", {}), metrics.get("counts", {})
    columns = {f"{part}_rows": sizes.get(part) for part in ("train", "validation", "test")}
    of_parts = {part: Counts.of(counts.get(part, {})) for part in ("validation", "test")}
    for part, of_part in of_parts.items():
        columns |= {f"{part}_units": of_part.units, f"{part}_units_held_out": of_part.units_held_out}
    return columns | {"all_units": of_parts["validation"].all_units}


def _per_unit(folder: Path, unit: str, baselines: Sequence[str]) -> tuple[Row, list[str]]:
    """Return the files of the values of units that can be read, and a warning for each that cannot."""
    files: Row = {}
    warnings = []
    for side, part in itertools.product((MODEL, *baselines), ("validation", "test")):
        name = per_unit_column(side, part)
        path, files[name] = folder / per_unit_file(unit, side, part), None
        if path.is_file():
            try:
                pl.read_parquet_schema(path)
                files[name] = str(path)
            except (pl.exceptions.PolarsError, OSError) as error:
                reason = str(error).splitlines()[0]
                warnings.append(f"{path}: cut off, or no Parquet file ({reason}); the run is read without it.")
    return files, warnings


def _check_kinds(row: Row) -> None:
    for names, kinds in KINDS.values():
        for name in names:
            value = row[name]
            right = value is None or (isinstance(value, kinds) and isinstance(value, bool) == (bool in kinds))
            check(right, f"{name}: expected {kinds[-1].__name__}, got {value!r}")


def _modules(record: Row, config: Row) -> list[str]:
    """Return the modules that the source hash of a run is about, for a run that did not write them those it names."""
    written = record.get("modules")
    if isinstance(written, list) and all(isinstance(name, str) for name in written):
        return written
    return sorted(modules_of(config))


def _dataset(name: str, config: Mapping[str, Any]) -> str:
    """Return the dataset that an earlier version wrote into the name alone."""
    model = str(config.get("model", {}).get("_target_", "")).rpartition(".")[2]
    return name.rpartition(f"-{model}-")[0] or name


def _options(config: Mapping[str, Any], path: str = "option") -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _options(value, f"{path}.{name}")
        else:
            yield f"{path}.{name}", value if isinstance(value, str) else json.dumps(value)


def _metrics(metrics: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    sides = {"": metrics, **{f"{name}/": values for name, values in metrics.get("baseline", {}).items()}}
    if "best_achievable" in metrics:
        sides["best_achievable/"] = metrics["best_achievable"]
    for side, values in sides.items():
        for part in ("validation", "test"):
            for name, value in values.get(part, {}).items():
                if value is not None:
                    yield f"{side}{part}/{name}", float(value)
