"""The data of a finished run, read again: what the run learned from, or a refusal that names what changed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragx.checks import check
from ragx.data.contents import changed_contents, contents_of
from ragx.data.dataset import Dataset
from ragx.data.first_appearance import as_read_by_0_1_0, content_hash_of_0_1_0
from ragx.data.ids.identifiers import Identifier
from ragx.data.problem import Problem
from ragx.learners.parts import build_task
from ragx.parts import Part
from ragx.runs.layout import SCHEMA

REMEDY = "Restore the data as it was, or make the run again on what there is now."
Ids = Mapping[str, Sequence[Identifier]]
Record = Mapping[str, Any]


def recorded_data(folder: Path, record: Record, parts: dict[str, Part], kept: Ids) -> Problem[Any]:
    """Return the problem of a run, with ids numbered as its weights are.

    A run of version 0.1.0, which has no ``schema`` in its record, is read as that version read it.

    Args:
        folder: the run, for messages.
        record: what ``run.json`` holds.
        parts: the bound config of the run.
        kept: outside ids of ``users`` and ``items`` that lie with its weights.

    Raises:
        ValueError: the data is not there, or no longer the same; the message names what changed.
    """
    if "schema" not in record:
        return _as_0_1_0_had_it(folder, record, parts)
    dataset: Dataset = parts["dataset"].build()
    task = build_task(parts, record)
    _check_contents(folder, record, dataset, kept, lambda: task.problem(dataset))
    problem: Problem[Any] = task.problem(dataset)
    _check_split(folder, record, problem, kept)
    return problem


def check_unchanged(folder: Path, record: Record, parts: dict[str, Part], problem: Problem[Any], kept: Ids) -> None:
    """Check that data, read as this version reads it, holds what a run was made on.

    Args:
        folder: the run, for messages.
        record: what ``run.json`` holds.
        parts: the bound config of the run.
        problem: the data as it is now.
        kept: outside ids that lie with the weights.

    Raises:
        ValueError: ids, pairs, times, values, kinds, published parts, attributes or the split are others; the message
            names which.
    """
    if "schema" in record:
        _check_contents(folder, record, problem.dataset, kept, lambda: problem)
        _check_split(folder, record, problem, kept)
    else:
        _as_0_1_0_had_it(folder, record, parts)
        then, now = record["fingerprint"], problem.fingerprint
        check(
            then == now,
            f"{folder}: a run of version 0.1.0 on split {then}, which took events of one second in the order of the "
            f"file, or merged and filtered before the split; this version divides the same data as {now}, so the run "
            "cannot be made once more. Its lists and its evaluation can be had; make a new run to have it on this one.",
        )
        _check_split(folder, record, problem, problem.ids)


def _check_contents(
    folder: Path, record: Record, dataset: Dataset, kept: Ids, problem: Callable[[], Problem[Any]]
) -> None:
    known = record["schema"] == SCHEMA and isinstance(record.get("contents"), dict)
    check(known, f"{folder}: expected a run of schema {SCHEMA}, got {record['schema']!r}: another version left it.")
    changed = changed_contents(record["contents"], contents_of(dataset, dataset.tables))
    if not changed:
        return
    try:
        now = problem().ids
    except ValueError:  # what is there now can no longer be split
        now = dataset.interactions.ids
    ids = [words for side in now for words in _ids_changed(side, kept.get(side, ()), now[side])]
    description = "; ".join(ids + [change for change in changed if not ids or not change.startswith("ids of")])
    raise ValueError(f"{folder}: the data is not what the run was made on; what changed: {description}. {REMEDY}")


def _check_split(folder: Path, record: Record, problem: Problem[Any], kept: Ids) -> None:
    then, now = record["fingerprint"], problem.fingerprint
    check(then == now, f"{folder}: the run was made on split {then}, the data now gives {now}. {REMEDY}")
    same = all(list(kept.get(side, ())) == ids for side, ids in problem.ids.items())
    check(same, f"{folder}: model.pt keeps other ids of its rows, or in another order, than the data gives. {REMEDY}")


def _as_0_1_0_had_it(folder: Path, record: Record, parts: dict[str, Part]) -> Problem[Any]:
    with as_read_by_0_1_0():
        dataset: Dataset = parts["dataset"].build()
        problem: Problem[Any] = build_task(parts, record).problem(dataset)
    tables = dataset.tables if record.get("features") else {}
    hashes = content_hash_of_0_1_0(dataset.interactions.table, tables), problem.fingerprint
    check(
        hashes == (record.get("data"), record["fingerprint"]),
        f"{folder}: a run of version 0.1.0, whose weights go by the order of rows in its files: expected contents "
        f"{record.get('data')} and split {record['fingerprint']}, got {' and '.join(hashes)}. Restore the files as "
        "they were, row for row, or make the run again on what there is now.",
    )
    return problem


def _ids_changed(side: str, then: Sequence[Identifier], now: Sequence[Identifier]) -> list[str]:
    before, after = set(then), set(now)
    fresh = [identifier for identifier in now if identifier not in before]
    gone = [identifier for identifier in then if identifier not in after]
    return [
        f"{len(ids):,} of the {side} {how}, such as {ids[0]!r}"
        for how, ids in (("were not there", fresh), ("are gone", gone))
        if ids
    ]
