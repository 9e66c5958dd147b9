"""What a dataset holds, as a hash of each of its contents, so that a change can be named."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.row_order import row_order

SIDES = ("user", "item")
WORDS = {
    "users": "ids of users",
    "items": "ids of items",
    "pairs": "which users have which items, or how often",
    "timestamp": "times",
    "value": "values",
    "kind": "kinds of event",
    "part": "published parts",
    "order": "the order of each user's events",
    "events": "which time, value, kind and part come together",
    "table users": "attributes of users",
    "table items": "attributes of items",
}


def contents_of(dataset: Dataset, tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Return the first 12 hexadecimal digits of a SHA-256 of each of a dataset's contents, by name.

    Neither the order of rows in a file nor how ids are numbered changes one of them; where the dataset is ``ordered``,
    the order of each user's events is one of them. A fingerprint says which pairs a split holds; this also says when,
    how much and of what kind, which graphs and layers may look at, and what attributes there are.

    Args:
        dataset: its ids, and the times, values, kinds and published parts of its events.
        tables: tables of attributes that are used.
    """
    interactions = dataset.interactions.numbered()
    events, maps = interactions.table, (interactions.users, interactions.items)
    digests = {f"{side}s": _digest(ids.ids.alias(side)) for side, ids in zip(SIDES, maps, strict=True)}
    if dataset.published is not None:
        events = events.with_columns(dataset.published.cast(pl.String).alias("part"))
    if dataset.ordered:
        digests["order"] = _digest(*_sorted(events, ordered=True))
    digests["pairs"] = _digest(*_sorted(events.select(SIDES)))
    rest = [name for name in events.columns if name not in SIDES]
    digests |= {name: _digest(_sorted(events.select(*SIDES, name))[name]) for name in rest}
    if len(rest) > 1:
        digests["events"] = _digest(*_sorted(events.select(*SIDES, *sorted(rest))))
    return digests | {f"table {name}": _digest_of_table(tables[name]) for name in sorted(tables)}


def content_hash(contents: Mapping[str, str]) -> str:
    """Return one hash of all contents."""
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:12]


def changed_contents(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return in words what changed; tables that were not used then are not compared.

    A change of ids or pairs moves all that stands beside them, so that only they and tables are named then.

    Args:
        then: contents of a dataset, as they were.
        now: its contents now, with all its tables.
    """
    names = [*then, *(name for name in now if not name.startswith("table "))]
    changed = [name for name in dict.fromkeys(names) if then.get(name) != now.get(name)]
    first = [name for name in ("users", "items", "pairs") if name in changed]
    if first:
        changed = first + [name for name in changed if name.startswith("table ")]
    elif len([name for name in changed if not name.startswith("table ")]) > 1:
        changed = [name for name in changed if name not in ("events", "order")]
    return [WORDS.get(name, name) for name in changed]


def _sorted(events: pl.DataFrame, ordered: bool = False) -> pl.DataFrame:
    order = row_order(events, ordered=ordered)
    return events if order is None else events[order]


def _digest(*columns: pl.Series) -> str:
    digest = hashlib.sha256()
    for column in columns:
        digest.update(f"{column.name} {column.dtype} {len(column)}\n".encode())
        if column.dtype == pl.String:
            names = column.unique().sort()
            digest.update(np.ascontiguousarray(names.str.len_bytes().to_numpy()).tobytes())
            digest.update("".join(names).encode())
            codes = pl.Series(range(len(names)), dtype=pl.Int64)
            column = column.replace_strict(names, codes, return_dtype=pl.Int64)
        elif column.dtype.is_float():
            column = column + 0.0  # -0 is 0
        digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    return digest.hexdigest()[:12]


def _digest_of_table(table: pl.DataFrame) -> str:
    by = [side for side in SIDES if side in table.columns]
    table = table.sort(by, maintain_order=True) if by else table
    return hashlib.sha256(f"{table.schema}\n{table.write_ndjson()}".encode()).hexdigest()[:12]
