"""The JSON files of a run: written whole or not at all, and checked when they are read."""

import json
from pathlib import Path
from typing import Any

from ragx.checks import check, check_file_name
from ragx.files import write_atomically
from ragx.former_names import with_public_names
from ragx.runs.layout import ALWAYS, METRICS, RECORD

WAS_FIXED: dict[str, dict[str, Any]] = {
    "sampler": {"_target_": "ragx.data.PairBatches"},
    "task": {
        "_target_": "ragx.tasks.Rank",
        "monitor": "ndcg@20",
        "baselines": {"most_popular": {"_target_": "ragx.models.MostPopular"}},
    },
}
"""Parts that runs had before a config could choose them."""

ORIGINS = ("versions", "machine", "forms")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all.

    Raises:
        ValueError: the file cannot be written; an earlier one is kept.
    """
    try:
        write_atomically(path, lambda temporary: temporary.write_text(json.dumps(value, indent=2) + "\n"))
    except OSError as error:
        raise ValueError(f"{path}: the file could not be written ({error}); an earlier one is kept.") from error


def read_run(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what ``run.json`` and ``metrics.json`` of a finished run hold.

    Raises:
        ValueError: one of them is missing, cut off, or lacks what every finished run writes.
    """
    records = {RECORD: read_record(folder), METRICS: read_json(folder / METRICS)}
    for name, keys in ALWAYS.items():
        missing = [key for key in keys if key not in records[name]]
        check(
            not missing,
            f"{folder / name}: expected what a finished run leaves, without {', '.join(missing)}; the file is damaged "
            "or another version of ragx left it. Move the folder away to run it again.",
        )
    _check_record(folder / RECORD, records[RECORD])
    return records[RECORD], records[METRICS]


def read_record(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` holds, its parts named as they are today.

    Raises:
        ValueError: the file is missing, cut off, or holds something else.
    """
    record = read_json(folder / RECORD)
    try:
        return record | {"config": _of_today(record["config"])} if "config" in record else record
    except RecursionError as error:
        raise ValueError(f"{folder / RECORD}: expected a JSON file that a finished run left ({error}).") from None


def _of_today(config: Any) -> Any:
    """Return the config of an earlier run as it would be written now: public names, and parts that were not asked."""
    if not isinstance(config, dict):
        return config
    named = WAS_FIXED | with_public_names(config)
    stopping = (config.get("trainer") or {}).get("stopping") if isinstance(config.get("trainer"), dict) else None
    if "task" not in config and isinstance(stopping, dict) and "monitor" in stopping:
        named["task"] = named["task"] | {"monitor": stopping["monitor"]}
    return named


def _check_record(path: Path, record: dict[str, Any]) -> None:
    """Check what becomes part of a path, or is taken for a mapping of parts.

    Raises:
        ValueError: it is something else.
    """
    check_file_name(f"{path}: name", record["name"])
    for name in ("sweep", "given_name"):
        if record.get(name) is not None:
            check_file_name(f"{path}: {name}", record[name])
    seed = record.get("seed", 0)
    fits = isinstance(seed, int) and not isinstance(seed, bool) and -(2**63) <= seed < 2**63
    check(fits, f"{path}: expected seed to be a whole number from -2^63 to 2^63 - 1, got {seed!r:.40}; it was edited.")
    config = record["config"]
    parts = isinstance(config, dict) and all(isinstance(part, dict) for part in config.values())
    check(parts, f"{path}: expected config to hold a mapping for every part; the file is damaged.")
    origin = record.get("provenance", {})
    known = isinstance(origin, dict) and all(isinstance(origin.get(name, {}), dict) for name in ORIGINS)
    check(known, f"{path}: expected provenance to hold mappings {', '.join(ORIGINS)}; the file is damaged.")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        ValueError: the file is missing, cut off, or holds something else.
    """
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: expected a JSON file that a finished run left ({error}).") from None
    check(isinstance(value, dict), f"{path}: expected a JSON object that a finished run left.")
    return value  # type: ignore[no-any-return]
