"""Tables in files: every format, and a full disk."""

import errno
import json
from pathlib import Path

import polars as pl
import pytest

from ragx.report.tables.output import write_table

TABLE = pl.DataFrame({"user": ["a", "b"], "rank": [1, 2]})


def test_every_format_gives_the_table_back(tmp_path: Path) -> None:
    for ending in ("parquet", "csv", "json", "jsonl"):
        write_table(TABLE, tmp_path / f"lists.{ending}")
    assert pl.read_parquet(tmp_path / "lists.parquet").equals(TABLE)
    assert pl.read_csv(tmp_path / "lists.csv").equals(TABLE)
    assert json.loads((tmp_path / "lists.json").read_text()) == TABLE.to_dicts()
    assert [json.loads(line) for line in (tmp_path / "lists.jsonl").read_text().splitlines()] == TABLE.to_dicts()


def test_what_names_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a file ending in \.parquet, .*got .*lists\.xlsx"):
        write_table(TABLE, tmp_path / "lists.xlsx")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match=r"expected a file, but .*folder\.csv is a folder"):
        write_table(TABLE, tmp_path / "folder.csv")


def test_a_full_disk_keeps_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lists.csv"
    write_table(TABLE, path)

    def fail(self: pl.DataFrame, target: Path) -> None:
        target.write_text("use")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", fail)
    with pytest.raises(ValueError, match=r"could not be written .*No space left on device.*an earlier one is kept"):
        write_table(TABLE.head(1), path)
    assert pl.read_csv(path).equals(TABLE)
    assert [file.name for file in tmp_path.iterdir()] == ["lists.csv"]
