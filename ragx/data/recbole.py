"""Reader of RecBole's atomic files: tab-separated tables whose header names each column's type."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.attributes import typed_table
from ragx.data.columns import check_columns
from ragx.data.dataset import Dataset
from ragx.data.events import build_dataset
from ragx.data.formats import read_csv
from ragx.data.root import locate
from ragx.data.rules import EventRules
from ragx.data.source import Source

ROLES = {"token": "category", "token_seq": "list", "float": "number", "float_seq": "vector"}
DEFAULT_COLUMNS = {"user": "user_id", "item": "item_id", "time": "timestamp", "value": "rating"}


def recbole_files(
    *,
    path: str,
    columns: Mapping[str, str | None] | None = None,
    roles: Mapping[str, str | None] | None = None,
    name: str | None = None,
    rules: EventRules | None = None,
    include_new: bool = False,
    root: str | None = None,
) -> Dataset:
    """Return a dataset of ``.inter`` and, where they are there, ``.user`` and ``.item`` (plain, ``.gz`` or ``.zst``).

    Args:
        path: the files' common beginning, such as ``ml-100k/ml-100k``, below the current or a data folder.
        columns: ragx's name (user, item, time, value, kind) → the files' name; by default RecBole's usual names,
            of which those that the header has are taken.
        roles: attribute → role (number, category, list, text, title, or None to leave it out) where it differs from
            the header's: token a category, token_seq a list of categories, float a number, float_seq a vector.
        name: short name of the dataset; by default that of the files.
        rules: how times, values, empty ids and duplicates are read, and filters.
        include_new: whether users and items without interactions join the maps.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: a file, its header or a line is at fault; the message says where.
    """
    file = locate_atomic(path, "inter", root)
    assert file is not None
    table, _, source = read_atomic(file)
    wanted = DEFAULT_COLUMNS if columns is None else columns
    given = {field: each for field, each in wanted.items() if columns is not None or each in table.columns}
    chosen = check_columns(given)
    for field, column in chosen.items():
        check(
            column in table.columns,
            f"{file}, line 1: no column {column!r} for {field}; it has {', '.join(table.columns)}."
            + did_you_mean(column, table.columns),
        )
    raw = table.select(pl.col(column).alias(field) for field, column in chosen.items())
    tables = {}
    for side in ("user", "item"):
        attributes = locate_atomic(path, side, root, required=False)
        if attributes is not None:
            tables[f"{side}s"] = _attributes(attributes, side, chosen[side], roles or {})
    new = tuple(side for side in ("user", "item") if include_new and f"{side}s" in tables)
    return build_dataset(name or Path(path).name, raw, source, rules=rules, tables=tables, include_new=new)


def locate_atomic(path: str, ending: str, root: str | None, required: bool = True) -> Path | None:
    """Return the atomic file of an ending, plain or compressed, or None where it is not required and not there."""
    for suffix in ("", ".gz", ".zst"):
        try:
            return locate(f"{path}.{ending}{suffix}", root, download=False)
        except ValueError:
            continue
    try:
        return locate(f"{path}.{ending}.gz", root)
    except ValueError:
        if required:
            raise
        return None


def read_atomic(path: Path) -> tuple[pl.DataFrame, dict[str, str], Source]:
    """Return an atomic file as columns of text, the type of each, and where it came from.

    Raises:
        ValueError: the file does not parse, or a header is not ``name:type``.
    """
    header = read_header(path)
    types = {}
    for typed in header:
        name, _, kind = typed.rpartition(":")
        check(
            bool(name) and kind in ROLES,
            f"{path}, line 1: expected headers such as user_id:token, got {typed!r}; types are {', '.join(ROLES)}."
            + did_you_mean(kind, ROLES),
        )
        types[name] = kind
    table, source = read_csv(path, header, separator="\t", quote=None)
    return table.rename(dict(zip(header, types, strict=True))), types, source


def read_header(path: Path) -> list[str]:
    """Return the typed names of an atomic file's first line."""
    check(path.stat().st_size > 0, f"{path}: expected an atomic file, got an empty one.")
    try:
        return pl.read_csv(path, n_rows=0, infer_schema=False, separator="\t", quote_char=None).columns
    except (pl.exceptions.PolarsError, OSError):
        return read_csv(path, [], separator="\t", quote=None)[0].columns  # it says what is wrong


def _attributes(path: Path, side: str, id_column: str, roles: Mapping[str, str | None]) -> pl.DataFrame:
    table, types, source = read_atomic(path)
    check(id_column in types, f"{path}, line 1: no column {id_column!r}; it has {', '.join(types)}.")
    chosen = {name: ROLES[kind] for name, kind in types.items() if name != id_column}
    chosen |= {name: role for name, role in roles.items() if name in chosen}  # type: ignore[misc]
    kept = {name: role for name, role in chosen.items() if role is not None}
    for name in [name for name, role in kept.items() if role == "vector"]:
        table = table.with_columns(_vectors(table[name], source))
    return typed_table(table, source, side=side, id=id_column, roles=kept)


def _vectors(text: pl.Series, source: Source) -> pl.Series:
    parts = text.str.strip_chars().str.split(" ")
    numbers = parts.cast(pl.List(pl.Float32), strict=False)
    width = int(numbers.list.len().max() or 0)  # type: ignore[arg-type]
    bad = text.is_not_null() & ((numbers.list.len() != width) | numbers.list.eval(pl.element().is_null()).list.any())
    source.refuse(bad, text, f"{width} numbers parted by a space in column {text.name!r}")
    return numbers.list.to_array(width)
