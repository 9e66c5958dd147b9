"""Lists of outside ids as a person gives them: in brackets, one alone, or in a file."""

import csv
from dataclasses import replace
from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.data.files.csv_file import csv_header, read_csv
from ragx.data.files.csv_form import CsvForm
from ragx.data.files.formats import read_parquet
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import as_ids
from ragx.data.ids.joins import join_ids

ENDINGS = (".csv", ".tsv", ".txt", ".parquet")


def id_list(option: str, value: str) -> list[str]:
    """Return the distinct ids of ``[a, b, "c, d"]``, of a single id, or of a file.

    A file is CSV, TSV, text or Parquet. Its ids are the column called ``user`` or ``item``, as the option asks for; a
    text without such a heading and with one id a line is taken whole. Empty ids are left out, and in brackets blanks
    around ids, unless a quote stands somewhere in the list.

    Args:
        option: name of the option, ``users`` or one about items.
        value: what was given.

    Raises:
        ValueError: the list is empty or not closed, or the file is missing, does not parse, has no such column or holds
            what is no id.
    """
    if value.startswith("["):
        check(value.endswith("]"), f"{option}: expected a list in brackets such as [a,b], got {value!r}.")
        ids = _parse_row(option, value[1:-1])
    elif is_id_file(value):
        ids = _read(option, Path(value), "user" if option == "users" else "item")
    else:
        kind = _kind(Path(value))
        check(
            kind is None,
            f"{option}: {value} is a {kind}; a file of ids ends in {', '.join(ENDINGS)}, and an id of that name is "
            f"written [{value}].",
        )
        ids = [value.strip()]
    ids = [text for text in dict.fromkeys(ids) if text.strip()]
    check(bool(ids), f"{option}: expected at least one id, got {value!r}.")
    return ids


def is_id_file(value: str) -> bool:
    """Say whether a value names a file of ids rather than ids."""
    return not value.startswith("[") and Path(value).suffix.lower() in ENDINGS


def matched(option: str, file: str, listed: list[str], ids: IdMap) -> tuple[list[str], str]:
    """Return those ids of a file that a run knows, and a sentence that says how many they are.

    Raises:
        ValueError: they are none.
    """
    given = pl.Series(listed, dtype=pl.String)
    joined = join_ids(
        f"{option}: {{}} ids in {file} are {ids.name}s of the run",
        ids.ids,
        given,
        counted="theirs",
        leftover="{} left out",
        remedy="Name the column of those ids, or another run.",
    )
    return given.filter(~given.is_in(joined.others.implode())).to_list(), joined.sentence


def _kind(path: Path) -> str | None:
    """Return what lies at a path, if anything; a name that is too long for one has nothing there."""
    try:
        return "folder" if path.is_dir() else "file" if path.exists() else None
    except OSError:
        return None


def _parse_row(option: str, text: str) -> list[str]:
    try:
        rows = list(csv.reader([text], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError(f"{option}: expected ids parted by commas, got {text!r} ({error}).") from None
    cells = [cell for row in rows for cell in row]
    return cells if '"' in text else [cell.strip() for cell in cells]


def _read(option: str, path: Path, column: str) -> list[str]:
    kind = _kind(path)
    check(kind is not None, f"{option}: there is no file {path}.")
    check(kind == "file", f"{option}: expected a file of ids, but {path} is a folder.")
    try:
        if path.suffix.lower() == ".parquet":
            table, source = read_parquet(path, [column])
        else:
            form = CsvForm(path, "\t" if path.suffix.lower() == ".tsv" else ",", option=None)
            header = csv_header(form)
            if column not in header and len(header) == 1:
                form, column = replace(form, header=False), "1"
            table, source = read_csv(form, [column])
        return as_ids(table[column], column, source).drop_nulls().cast(pl.String).to_list()
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None
