"""Lists of outside ids as a person gives them: in brackets, one alone, or in a file."""

import csv
from pathlib import Path

import polars as pl

from ragx.checks import check

ENDINGS = (".csv", ".tsv", ".txt", ".parquet")


def id_list(option: str, value: str) -> list[str]:
    """Return the ids of ``[a, b, "c, d"]``, of a single id, or of a file.

    A file is CSV, TSV, text or Parquet. Its ids are the column called ``user`` or ``item``, as the option asks for; a
    text without such a heading and with one id a line is taken whole.

    Args:
        option: name of the option, ``users`` or one about items.
        value: what was given.

    Raises:
        ValueError: the list is empty or not closed, or the file is missing, does not parse or has no such column.
    """
    column = "user" if option == "users" else "item"
    if value.startswith("["):
        check(value.endswith("]"), f"{option}: expected a list in brackets such as [a,b], got {value!r}.")
        ids = _parse_row(option, value[1:-1])
    elif Path(value).suffix.lower() in ENDINGS:
        ids = _read(option, Path(value), column)
    else:
        kind = _kind(Path(value))
        check(
            kind is None,
            f"{option}: {value} is a {kind}; a file of ids ends in {', '.join(ENDINGS)}, and an id of that name is "
            f"written [{value}].",
        )
        ids = [value.strip()]
    ids = [each for each in ids if each]
    check(bool(ids), f"{option}: expected at least one id, got {value!r}.")
    return ids


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
    return [each.strip() for row in rows for each in row]


def _read(option: str, path: Path, column: str) -> list[str]:
    kind = _kind(path)
    check(kind is not None, f"{option}: there is no file {path}.")
    check(kind == "file", f"{option}: expected a file of ids, but {path} is a folder.")
    is_parquet = path.suffix.lower() == ".parquet"
    try:
        if is_parquet:
            table = pl.read_parquet(path).cast(pl.String, strict=False)
        else:
            parted = "\t" if path.suffix.lower() == ".tsv" else ","
            table = pl.read_csv(path, infer_schema=False, separator=parted)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{option}: {path} does not parse as a table with a heading ({reason}).") from None
    if column in table.columns:
        return table[column].drop_nulls().to_list()
    check(
        table.width == 1 and not is_parquet,
        f"{option}: {path} has no column {column!r}; it has {', '.join(table.columns)}.",
    )
    return [table.columns[0], *table.to_series().drop_nulls().to_list()]
