"""Parts that a column of one's own data publishes."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.readers.recbole import recbole_files
from ragx.data.readers.sql import sql_query
from ragx.data.readers.table import json_lines_file, parquet_file, table_file
from ragx.data.splits.splitters import default_split, published_split
from ragx.evaluation.audit import audit

COLUMNS = {"user": "customer", "item": "sku", "part": "fold"}
FRAME = pl.DataFrame(
    {
        "customer": [f"c{row % 6}" for row in range(30)],
        "sku": [f"s{row % 7}" for row in range(30)],
        "fold": ["train", "Train", "valid", "val", "test"] * 6,
    }
)


def _csv(folder: Path, separator: str = ",") -> Dataset:
    FRAME.write_csv(folder / "mine.csv", separator=separator)
    return table_file(path=str(folder / "mine.csv"), columns=COLUMNS, separator=separator)


def _parquet(folder: Path) -> Dataset:
    FRAME.cast({"fold": pl.Categorical}).write_parquet(folder / "mine.parquet")
    return parquet_file(path=str(folder / "mine.parquet"), columns=COLUMNS)


def _json_lines(folder: Path) -> Dataset:
    (folder / "mine.jsonl").write_text("\n".join(json.dumps(row) for row in FRAME.rows(named=True)))
    return json_lines_file(path=str(folder / "mine.jsonl"), columns=COLUMNS)


def _sql(folder: Path) -> Dataset:
    with closing(sqlite3.connect(folder / "mine.db")) as connection, connection:
        connection.execute("CREATE TABLE orders (customer, sku, fold)")
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", FRAME.rows())
    return sql_query(uri=f"sqlite:{folder / 'mine.db'}", query="SELECT * FROM orders", columns=COLUMNS)


def _recbole(folder: Path) -> Dataset:
    FRAME.rename({name: f"{name}:token" for name in FRAME.columns}).write_csv(folder / "mine.inter", separator="\t")
    return recbole_files(path=str(folder / "mine"), columns=COLUMNS)


@pytest.mark.parametrize("read", [_csv, lambda folder: _csv(folder, "\t"), _parquet, _json_lines, _sql, _recbole])
def test_every_reader_brings_published_parts(read: Callable[[Path], Dataset], tmp_path: Path) -> None:
    dataset = read(tmp_path)
    assert dataset.published is not None
    some = dataset.interactions
    rows = zip(
        some.users.outside(some.column("user")),
        some.items.outside(some.column("item")),
        dataset.published.cast(pl.String),
        strict=True,
    )
    means = {"Train": "train", "valid": "validation", "val": "validation"}
    assert sorted(rows) == sorted((user, item, means.get(part, part)) for user, item, part in FRAME.rows())
    split = published_split(dataset)
    assert split.name == default_split(dataset).name == "published"
    assert (len(split.train), len(split.validation), len(split.test)) == (12, 12, 6)


def test_a_leak_planted_in_own_data_fails_the_audit_and_is_named(tmp_path: Path) -> None:
    leak = pl.DataFrame({"customer": ["c4"], "sku": ["s4"], "fold": ["train"]})
    pl.concat([FRAME, leak]).write_csv(tmp_path / "mine.csv")
    dataset = table_file(path=str(tmp_path / "mine.csv"), columns=COLUMNS)
    report = audit(dataset, published_split(dataset), on_open=lambda reason: None)
    finding = next(
        candidate for candidate in report.findings if candidate.question == "pairs in published train and test"
    )
    assert (finding.verdict, finding.count, finding.examples) == ("fail", 1, ("(c4, s4)",))
    assert report.verdict == "fail"


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    FRAME.filter(~pl.col("fold").is_in(["valid", "val"])).write_csv(tmp_path / "mine.csv")
    dataset = table_file(path=str(tmp_path / "mine.csv"), columns=COLUMNS)
    with pytest.raises(ValueError, match=r"Dataset mine was published without validation: hold a fraction"):
        published_split(dataset)


def test_an_unknown_part_is_named_with_file_and_line(tmp_path: Path) -> None:
    FRAME.with_columns(fold=pl.col("fold").replace("test", "tset")).write_csv(tmp_path / "mine.csv")
    with pytest.raises(
        ValueError,
        match=r"mine\.csv, line 6: expected train, validation, test in column 'fold' \(part\) .*got 'tset'.*'test'",
    ):
        table_file(path=str(tmp_path / "mine.csv"), columns=COLUMNS)
