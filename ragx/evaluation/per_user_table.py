"""The per-user values of an evaluation as they are kept: with outside ids, and with what they were measured on."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.evaluation.evaluate import EvaluationResult

KEYS = ("user", "id")
"""Columns of a per-user table that are no metrics: the user's row and, where it is written beside, the outside id."""


def per_user_table(result: EvaluationResult, users: IdMap) -> pl.DataFrame:
    """Return the per-user values with the outside ``id`` behind the row ``user``.

    Raises:
        ValueError: the map has fewer users than the evaluation names.
    """
    rows = result.per_user["user"].to_numpy()
    check(
        rows.size == 0 or int(rows.max()) < len(users),
        f"users: expected a map of the evaluated users, got {len(users)} ids for rows up to {rows.max(initial=0)}.",
    )
    table = result.per_user.with_columns(users.outside(rows).alias("id"))
    return table.select("user", "id", *result.per_user.columns[1:])


def write_per_user(
    result: EvaluationResult, users: IdMap, path: Path | str, about: Mapping[str, str] | None = None
) -> None:
    """Write the per-user values to a Parquet file whose metadata says what they were measured on.

    Args:
        result: the evaluation.
        users: outside ids of the rows.
        path: the file.
        about: further metadata, such as the split's fingerprint and the part.
    """
    metadata = {
        "ragx.fingerprint": result.fingerprint,
        "ragx.conventions": json.dumps(asdict(result.conventions)),
        **{f"ragx.{name}": value for name, value in (about or {}).items()},
    }
    per_user_table(result, users).write_parquet(path, metadata=metadata)
