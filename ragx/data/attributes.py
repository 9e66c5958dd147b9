"""Attributes of users and items, each column with a role that its type in the table then tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from ragx.checks import check, check_choice
from ragx.data.columns import as_ids
from ragx.data.formats import read_columns
from ragx.data.root import locate
from ragx.data.source import Source, first_line

ROLES = ("number", "category", "list", "text", "title")


@dataclass(frozen=True, kw_only=True)
class AttributeTable:
    """A file of attributes, one row for each user or item.

    Args:
        path: CSV, TSV, Parquet or JSON lines, absolute or below the current or a data folder.
        id: name of the column of ids.
        columns: name of a column → its role: number, category, list (of categories), text, or title (text under the
            name title); None leaves the column out.
        separator: what parts the cells of a CSV file.
        list_separator: what parts the categories of a list in a cell of text.
        vectors: ``.npy`` file of a matrix [rows of the file, D], row r of which belongs to the id in row r.
        include_new: whether ids without interactions become users or items too, to be scored by their attributes.
    """

    path: str
    id: str
    columns: Mapping[str, str | None] = field(default_factory=dict)
    separator: str = ","
    list_separator: str = " "
    vectors: str | None = None
    include_new: bool = False

    def read(self, side: str, root: str | Path | None = None) -> pl.DataFrame:
        """Return the table, its ids in a column named ``side`` (``"user"`` or ``"item"``).

        Raises:
            ValueError: the file is at fault, an id is empty or repeated, or the vectors do not fit it.
        """
        file = locate(self.path, root)
        roles = {name: role for name, role in self.columns.items() if role is not None}
        raw, source = read_columns(file, [self.id, *roles], self.separator)
        table = typed_table(raw, source, side=side, id=self.id, roles=roles, list_separator=self.list_separator)
        if self.vectors is None:
            return table
        matrix = _read_vectors(locate(self.vectors, root), table.height)
        kind = pl.Array(pl.Float32, matrix.shape[1])
        return table.with_columns(pl.Series("vector", matrix, dtype=kind))


def typed_table(
    raw: pl.DataFrame,
    source: Source,
    *,
    side: str,
    id: str,
    roles: Mapping[str, str],
    list_separator: str = " ",
) -> pl.DataFrame:
    """Return attributes typed by role: Float64, Categorical, List(Categorical), or String for text.

    Args:
        raw: one row for each user or item.
        source: where it came from, for messages.
        side: ``"user"`` or ``"item"``, the name of the column of ids in the result.
        id: name of the column of ids in ``raw``.
        roles: column → role; a role that is another column's ``vector`` stays as it is.
        list_separator: what parts the categories of a list.

    Raises:
        ValueError: an id is empty or repeated, a number does not parse, or a role is unknown.
    """
    ids = as_ids(raw[id], side, source).rename(side)
    source.refuse(ids.is_null(), ids, f"an id in column {id!r}")
    source.refuse(~ids.is_first_distinct(), ids, f"each {side} once in column {id!r}")
    table = [ids]
    for name, role in roles.items():
        check_choice(f"role of {name}", role, (*ROLES, "vector"))
        table.append(_typed(raw[name], role, source, list_separator).alias("title" if role == "title" else name))
    return pl.DataFrame(table)


def _typed(column: pl.Series, role: str, source: Source, list_separator: str) -> pl.Series:
    if role == "number":
        number = column.cast(pl.Float64, strict=False)
        given = column.is_not_null() & (column.cast(pl.String) != "")
        source.refuse(
            given & ~number.is_finite().fill_null(False), column, f"a finite number in column {column.name!r}"
        )
        return number
    if role == "vector":
        return column
    if role == "list":
        if not isinstance(column.dtype, pl.List):
            text = column.cast(pl.String).str.strip_chars()
            column = text.str.split(list_separator).list.eval(pl.element().filter(pl.element() != ""))
        return column.cast(pl.List(pl.String)).cast(pl.List(pl.Categorical))
    text = column.cast(pl.String)
    text = text.set(text == "", None) if (text == "").any() else text
    return text.cast(pl.Categorical) if role == "category" else text


def _read_vectors(path: Path, rows: int) -> np.ndarray:
    try:
        matrix = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path}: expected a matrix in a .npy file; {first_line(error)}.") from None
    check(
        matrix.ndim == 2 and len(matrix) == rows and matrix.dtype.kind in "fiu",
        f"{path}: expected numbers of shape [{rows}, D], a row an id, got {matrix.dtype} of {list(matrix.shape)}.",
    )
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    check(bad.size == 0, f"{path}, row {bad[0] + 1 if bad.size else 0}: expected finite numbers.")
    return np.ascontiguousarray(matrix, dtype=np.float32)
