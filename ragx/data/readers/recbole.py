"""Reader of RecBole's atomic files: tab-separated tables whose header names each column's type."""

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.catalogue.known import catalogued
from ragx.data.catalogue.root import locate, look_for
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset, fitting_name
from ragx.data.files.columns import check_columns, check_present
from ragx.data.files.csv_file import csv_header, read_csv
from ragx.data.files.csv_form import CsvForm
from ragx.data.files.vectors import parse_vectors
from ragx.data.readers.attributes import typed_table
from ragx.data.readers.events import build_dataset
from ragx.data.source import Source, listed

ROLES = {"token": "category", "token_seq": "list", "float": "number", "float_seq": "vector"}
DEFAULT_COLUMNS = {"user": "user_id", "item": "item_id", "time": "timestamp", "value": "rating"}
Roles = Mapping[str, str | None]


def recbole_files(
    *,
    path: str,
    columns: Mapping[str, str | None] | None = None,
    roles: Roles | None = None,
    name: str | None = None,
    rules: EventRules | None = None,
    include_new: bool = False,
    root: str | None = None,
) -> Dataset:
    """Return a dataset of ``.inter`` and, where they are there, ``.user`` and ``.item`` (plain, ``.gz`` or ``.zst``).

    Args:
        path: the files' common beginning, such as ``ml-100k/ml-100k``, below the current or a data folder.
        columns: ragx's name (user, item, time, value, kind, part) → the files' name; by default RecBole's usual names,
            of which those that the header has are taken.
        roles: attribute → role (number, category, list, text, title, vector, or None to leave it out) where it differs
            from the header's: token a category, token_seq a list of categories, float a number, float_seq a vector.
        name: short name of the dataset; by default that of the files.
        rules: how times, values, empty ids and duplicates are read, and filters.
        include_new: whether users and items without interactions join the maps.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: a file of the catalogue cannot be had; a file, its header or a line is at fault, and the message
            says where; or a role is of an attribute that no file has.
    """
    file = locate_atomic(path, "inter", root)
    assert file is not None
    table, _, source = read_atomic(file)
    wanted = DEFAULT_COLUMNS if columns is None else columns
    usual = columns is None
    chosen = check_columns({field: column for field, column in wanted.items() if not usual or column in table.columns})
    check_present(chosen, table.columns, f"{file}, line 1")
    raw = table.select(pl.col(column).alias(field) for field, column in chosen.items())
    sides = {side: locate_atomic(path, side, root) for side in ("user", "item")}
    attribute_files = {side: (*read_atomic(file), chosen[side]) for side, file in sides.items() if file is not None}
    attributes = {name for _, types, _, _ in attribute_files.values() for name in types} - {
        chosen["user"],
        chosen["item"],
    }
    _check_roles(roles or {}, attributes, path)
    tables = {f"{side}s": _attributes(*given, side, roles or {}) for side, given in attribute_files.items()}
    return build_dataset(
        fitting_name(Path(path).name) if name is None else name,
        raw,
        source.naming(chosen),
        rules=rules,
        tables=tables,
        include_new=tuple(attribute_files) if include_new else (),
    )


def locate_atomic(path: str, ending: str, root: str | None) -> Path | None:
    """Return the atomic file of an ending, plain or compressed, or None where there is no such table of attributes.

    Raises:
        ValueError: it is not there, and it is the ``.inter`` or one that the catalogue has, and cannot be fetched.
    """
    for suffix in ("", ".gz", ".zst"):
        file = look_for(f"{path}.{ending}{suffix}", root)
        if file is not None:
            return file
    packed = f"{path}.{ending}.gz"
    return locate(packed, root) if ending == "inter" or catalogued(packed) else None


def read_atomic(path: Path) -> tuple[pl.DataFrame, dict[str, str], Source]:
    """Return an atomic file as columns of text, the type of each, and where it came from.

    Raises:
        ValueError: the file does not parse, or its header is not of ``name:type``, each name once.
    """
    header = read_header(path)
    types: dict[str, str] = {}
    for typed in header:
        name, _, kind = re.sub(r"_duplicated_\d+$", "", typed).rpartition(":")
        check(
            bool(name) and kind in ROLES,
            f"{path}, line 1: expected headers such as user_id:token, got {typed!r}; types are {', '.join(ROLES)}."
            + did_you_mean(kind, ROLES),
        )
        check(name not in types, f"{path}, line 1: expected each name once, got {name!r} again: rename one of them.")
        types[name] = kind
    table, source = read_csv(_form(path), header)
    return table.rename(dict(zip(header, types, strict=True))), types, source


def read_header(path: Path) -> list[str]:
    """Return the typed names of an atomic file's first line.

    Raises:
        ValueError: the file is empty or does not parse.
    """
    check(path.stat().st_size > 0, f"{path}: expected an atomic file, got an empty one.")
    return csv_header(_form(path))


def _form(path: Path) -> CsvForm:
    return CsvForm(path, "\t", None, option=None)


def _check_roles(roles: Roles, known: set[str], path: str) -> None:
    for name in roles:
        check(
            name in known,
            f"roles: no attribute {name!r} in {path}.user or {path}.item; "
            f"there are {listed(sorted(known)) or 'none'}.{did_you_mean(name, known)}",
        )


def _attributes(
    table: pl.DataFrame, types: dict[str, str], source: Source, id_column: str, side: str, roles: Roles
) -> pl.DataFrame:
    check_present({side: id_column}, types, f"{source.name}, line 1")
    chosen: dict[str, str | None] = {name: ROLES[kind] for name, kind in types.items() if name != id_column}
    chosen |= {name: role for name, role in roles.items() if name in chosen}
    kept = {name: role for name, role in chosen.items() if role is not None}
    for name in [name for name, role in kept.items() if role == "vector"]:
        table = table.with_columns(parse_vectors(table[name], source))
    return typed_table(table, source, side=side, id=id_column, roles=kept)
