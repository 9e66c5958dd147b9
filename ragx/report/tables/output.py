"""Tables written whole or not at all, in the format that the file's ending names."""

from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.files import write_atomically

FORMATS = (".parquet", ".csv", ".json", ".jsonl")


def check_format(path: str | Path) -> Path:
    """Return the path, its ending checked.

    Raises:
        ValueError: the ending is none of .parquet, .csv, .json and .jsonl, or the path is a folder.
    """
    path = Path(path)
    check(
        path.suffix in FORMATS,
        f"output: expected a file ending in {', '.join(FORMATS)}, got {str(path) or 'nothing'!r}.",
    )
    check(not path.is_dir(), f"output: expected a file, but {path} is a folder.")
    return path


def write_table(table: pl.DataFrame, path: str | Path) -> None:
    """Write a table as Parquet, CSV, JSON (a list of records) or JSON lines.

    Raises:
        ValueError: the ending names no format, or the file cannot be written; an earlier one is kept.
    """
    path = check_format(path)
    write = {
        ".parquet": table.write_parquet,
        ".csv": table.write_csv,
        ".json": table.write_json,
        ".jsonl": table.write_ndjson,
    }[path.suffix]
    try:
        write_atomically(path, write)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{path}: the table could not be written ({error}); an earlier one is kept.") from error
