"""Attributes of users and items, each column with a role that its type in the table then tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ragx.checks import check, check_choice
from ragx.data.catalogue.root import locate
from ragx.data.cleaning.cells import as_cells, as_numbers, as_text, number_advice
from ragx.data.files.formats import read_columns
from ragx.data.files.json_faults import check_json_ids
from ragx.data.files.vectors import read_vectors
from ragx.data.ids.identifiers import as_ids
from ragx.data.source import Source

JSON_LINES = {".jsonl", ".ndjson"}
ROLES = ("number", "category", "list", "text", "title")


@dataclass(frozen=True, kw_only=True)
class AttributeTable:
    """A file of attributes, one row for each user or item.

    Args:
        path: CSV, TSV, Parquet or JSON lines, absolute or below the current or a data folder.
        id: name of the column of ids, or, where a text table has no header line, its number from 1, such as ``id: 1``.
        columns: name (number) of a column → its role: number, category, list (of categories), text, or title (text
            under the name title); None leaves the column out.
        separator: what parts the cells of a CSV file.
        quote: what stands around cells that hold the separator; None where quotes are letters like others.
        list_separator: what parts the categories of a list in a cell of text.
        vectors: ``.npy`` file of a matrix [rows of the file, D], row r of which belongs to the id in row r.
        include_new: whether ids without interactions become users or items too, to be scored by their attributes.
    """

    path: str
    id: str | int
    columns: Mapping[str, str | None] = field(default_factory=dict)
    separator: str = ","
    quote: str | None = '"'
    list_separator: str = " "
    vectors: str | None = None
    include_new: bool = False

    def __post_init__(self) -> None:
        for name, role in self._roles().items():
            check_choice(f"role of {name}", role, ROLES)
        check(bool(self.list_separator), "list_separator: expected at least one character, got none.")

    def read(self, side: str, root: str | Path | None = None) -> pl.DataFrame:
        """Return the table, its ids in a column named ``side`` (``"user"`` or ``"item"``).

        Raises:
            ValueError: the file is at fault, an id is empty or repeated, two columns would have one name, or the
                vectors do not fit.
        """
        file = locate(self.path, root)
        roles = self._roles()
        option = f"++dataset.{side}s"  # Hydra sets what a table given in braces does not name with pluses alone
        id, header = str(self.id), not isinstance(self.id, int)
        raw, source = read_columns(file, [id, *roles], self.separator, self.quote, option, header)
        if JSON_LINES & set(file.suffixes):
            check_json_ids(file, raw, {side: id})
        table = typed_table(raw, source, side=side, id=id, roles=roles, list_separator=self.list_separator)
        if self.vectors is None:
            return table
        check(
            "vector" not in table.columns,
            f"{source.name}: a column named 'vector' stands in the way of {self.vectors}: rename it or leave it out.",
        )
        matrix = read_vectors(locate(self.vectors, root), table.height)
        return table.with_columns(pl.Series("vector", matrix, dtype=pl.Array(pl.Float32, matrix.shape[1])))

    def _roles(self) -> dict[str, str]:
        return {str(name): role for name, role in self.columns.items() if role is not None}


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
        roles: column → role; a column whose role is ``vector`` stays as it is.
        list_separator: what parts the categories of a list.

    Raises:
        ValueError: an id is empty or repeated, a column does not hold what its role says, a role is unknown, or two
            columns would have one name.
    """
    source = source.naming({side: id})
    _check_names(roles, side, source)
    ids = as_ids(raw[id], side, source).rename(side)
    source.refuse(ids.is_null(), raw[id], f"an id in {source.column(side)}")
    source.refuse(~ids.is_first_distinct(), ids, f"each {side} once in {source.column(side)}")
    table = [ids]
    for name, role in roles.items():
        check_choice(f"role of {name}", role, (*ROLES, "vector"))
        table.append(_typed(raw[name], role, source, list_separator).alias(_named(name, role)))
    return pl.DataFrame(table)


def _named(column: str, role: str) -> str:
    return "title" if role == "title" else column


def _check_names(roles: Mapping[str, str], side: str, source: Source) -> None:
    taken: dict[str, str] = {}
    for column, role in roles.items():
        name = _named(column, role)
        check(
            name != side,
            f"{source.name}: an attribute cannot be named {side!r}, as the ids are: rename the column or leave it out.",
        )
        check(
            name not in taken,
            f"{source.name}: expected one {name}, got columns {taken.get(name)!r} and {column!r}: give one of them "
            "the role text, rename it or leave it out.",
        )
        taken[name] = column


def _typed(column: pl.Series, role: str, source: Source, list_separator: str) -> pl.Series:
    named = f"column {column.name!r}"
    if role == "number":
        return _finite(column, f"a finite number in {named}", source)
    if role == "vector":
        return column
    if role == "list":
        return _listed(column, f"text or lists of text in {named}", source, list_separator)
    text = as_text(column, f"{'categories' if role == 'category' else 'text'} in {named}", source)
    return text.cast(pl.Categorical) if role == "category" else text


def _finite(column: pl.Series, expected: str, source: Source) -> pl.Series:
    cells = as_cells(column, expected, source)
    number = cells.cast(pl.Float64) if cells.dtype.is_temporal() else as_numbers(cells, expected, source)
    given = cells.is_not_null()
    if cells.dtype == pl.String:
        given &= cells.str.strip_chars() != ""
    bad = given & ~number.is_finite().fill_null(False)
    source.refuse(bad, column, expected, number_advice(cells.filter(bad)))
    return number


def _listed(column: pl.Series, expected: str, source: Source, separator: str) -> pl.Series:
    if isinstance(column.dtype, pl.List | pl.Array):
        lists = column.cast(pl.List(column.dtype.inner))
        as_cells(lists.explode(empty_as_null=True), expected, source)
        return lists.cast(pl.List(pl.String)).cast(pl.List(pl.Categorical))
    text = as_cells(column, expected, source).cast(pl.String).str.strip_chars()
    parts = text.str.split(separator).list.eval(pl.element().filter(pl.element() != ""))
    return parts.cast(pl.List(pl.String)).cast(pl.List(pl.Categorical))
