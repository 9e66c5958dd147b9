"""Tables of events in CSV, TSV, Parquet and JSON lines."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.table import json_lines_file, parquet_file, read_table, table_file

TEXT = "customer,sku,amount,at\nanna,007,2.5,2024-01-01\nbert,007,1,2024-01-02\nanna,Ж2,4,2024-01-03\n"
COLUMNS = {"user": "customer", "item": "sku", "value": "amount", "time": "at", "kind": None}
BRIEF = {"user": "customer", "item": "sku"}


def put(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def packed(frame: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".zst":
        frame.lazy().sink_csv(path, compression="zstd")
    else:
        path.write_bytes(gzip.compress(frame.write_csv().encode()))


def facts(dataset: Dataset) -> list[Any]:
    some = dataset.interactions
    return [
        dataset.name,
        some.users.ids.to_list(),
        some.items.ids.to_list(),
        some.column("value").tolist(),
        (some.column("timestamp") // 86_400).tolist(),
    ]


EXPECTED = ["orders", ["anna", "bert"], ["007", "Ж2"], [2.5, 4.0, 1.0], [19_723, 19_725, 19_724]]


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    frame = pl.read_csv(TEXT.encode(), infer_schema=False)
    lines = "\n".join(json.dumps(row) for row in frame.rows(named=True))
    assert facts(table_file(path=put(tmp_path / "orders.csv", TEXT), columns=COLUMNS)) == EXPECTED
    assert facts(
        table_file(path=put(tmp_path / "orders.tsv", TEXT.replace(",", "\t")), columns=COLUMNS, separator="\t")
    )
    for name in ("orders.csv.gz", "orders.csv.zst"):
        packed(frame, tmp_path / name)
        assert facts(table_file(path=str(tmp_path / name), columns=COLUMNS)) == EXPECTED
    frame.with_columns(pl.col("amount").cast(pl.Float32), pl.col("at").str.to_date()).write_parquet(
        tmp_path / "orders.parquet"
    )
    assert facts(parquet_file(path=str(tmp_path / "orders.parquet"), columns=COLUMNS)) == EXPECTED
    assert facts(json_lines_file(path=put(tmp_path / "orders.jsonl", lines), columns=COLUMNS)) == EXPECTED
    gz = put(tmp_path / "orders.jsonl.gz", gzip.compress(lines.replace("\n", "\n\n").encode()))
    assert facts(json_lines_file(path=gz, columns=COLUMNS)) == EXPECTED
    assert read_table(gz, COLUMNS).columns == ["user", "item", "value", "time"]


def test_a_file_is_found_below_the_root(tmp_path: Path) -> None:
    put(tmp_path / "orders.csv", TEXT)
    assert table_file(path="orders.csv", columns=BRIEF, root=str(tmp_path), name="mine").name == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"orders\.csv: expected a table, got an empty file"),
        ("\n", r"orders\.csv"),
        ("customer,sku\n", r"expected rows below the header, got none"),
        ("customer;sku\na;b\n", r"line 1: no column 'customer'.*Its header holds ';': set \"dataset\.separator=';'\""),
        ("custmer,sku\na,b\n", r"line 1: no column 'customer'; it has custmer, sku\. Did you mean 'custmer'"),
        ("customer,sku\na,b\nc,d,e\n", r"line 3: expected 2 cells as in the header, got 3"),
        ('customer,sku\n"a\nb",c\nd,\n', r"line 4: expected an id in column 'sku' \(item\), got an empty cell"),
        ("customer,sku\na,b\n\nc,d\n", r"line 3: expected an id in column 'customer' \(user\), got an empty cell"),
        ("customer,sku\na,b\nc,b\n", r"expected at least two items, got 1; counts .*read: 2 users, 1 items, 2 rows"),
        (b"customer,sku\na,b\nd\xe9,b\n", r"line 3: expected UTF-8 text, got other bytes"),
        ("customer,sku\na,b\nc,d\n".encode("utf-16"), r"line 1: expected UTF-8 text"),
        ('customer,sku\na,b\n"c,d\ne,f\n', r"orders\.csv"),
    ],
)
def test_bad_tables_are_named_with_file_and_line(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        table_file(path=put(tmp_path / "orders.csv", text), columns=BRIEF)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"customer": "a", "sku": 1}\n\n{"customer": "b", "sku":\n', r"line 3: expected a JSON object; "),
        ('{"customer": "a", "sku": 1}\n[1, 2]\n', r"line 2: expected a JSON object, got '\[1, 2\]'"),
        ('{"customer": "a", "skus": 1}\n', r"no column 'sku'; it has customer, skus\. Did you mean 'skus'"),
        ('{"customer": "a", "sku": 1}\n\n{"customer": "b"}\n', r"line 3: expected an id in column 'sku' \(item\)"),
        (b'{"customer": "a", "sku": "\xe9"}\n', r"line 1: expected UTF-8 text"),
    ],
)
def test_bad_json_lines_are_named_with_file_and_line(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        json_lines_file(path=put(tmp_path / "orders.jsonl", text), columns=BRIEF)


def test_bad_parquet_and_bad_packing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"orders\.parquet: expected a Parquet file"):
        parquet_file(path=put(tmp_path / "orders.parquet", "customer,sku\n"), columns=BRIEF)
    pl.DataFrame({"customer": ["a", None], "sku": [1, 2]}).write_parquet(tmp_path / "more.parquet")
    with pytest.raises(ValueError, match=r"more\.parquet, row 2: expected an id in column 'customer' \(user\)"):
        parquet_file(path=str(tmp_path / "more.parquet"), columns=BRIEF)
    broken = gzip.compress(TEXT.encode() * 100)[:60]
    with pytest.raises(ValueError, match=r"orders\.csv\.gz: expected a table of text"):
        table_file(path=put(tmp_path / "orders.csv.gz", broken), columns=BRIEF)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing\.csv: expected a file, found none"):
        table_file(path=str(tmp_path / "nothing.csv"), columns=BRIEF)
    with pytest.raises(ValueError, match=r"nothing\.csv was not found. Looked for .*RAGX_DATA"):
        table_file(path="nothing.csv", columns=BRIEF)


def test_parts_of_another_kind_are_refused(tmp_path: Path) -> None:
    orders = put(tmp_path / "orders.csv", TEXT)
    with pytest.raises(
        ValueError,
        match=r"dataset\.rules: expected ragx\.data\.EventRules, got dict: set dataset\.rules",
    ):
        table_file(path=orders, columns=BRIEF, rules={})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"dataset\.items: expected ragx\.data\.AttributeTable, got dict: set dataset"):
        table_file(path=orders, columns=BRIEF, items={})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"dataset\.name: expected letters, digits, space and .*, got '/' in 'a/b'"):
        table_file(path=orders, columns=BRIEF, name="a/b")


def test_a_name_that_the_system_refuses_is_named(tmp_path: Path) -> None:
    for path in ("x" * 300 + ".csv", str(tmp_path / ("x" * 300))):
        with pytest.raises(ValueError, match=r"xxx.*: expected a file; File name too long\."):
            table_file(path=path, columns=BRIEF)


def test_attributes_come_along_and_new_items_join(tmp_path: Path) -> None:
    orders = put(tmp_path / "orders.csv", TEXT)
    put(tmp_path / "items.csv", "sku,price,tags,label,colour\n007,3,a b,Tea,red\nnew,,,,\n")
    np.save(tmp_path / "items.npy", np.array([[1, 2], [3, 4]]))
    table = AttributeTable(
        path="items.csv",
        id="sku",
        columns={"price": "number", "tags": "list", "label": "title", "colour": "category"},
        vectors="items.npy",
        include_new=True,
    )
    dataset = table_file(path=orders, columns=BRIEF, items=table, root=str(tmp_path))
    assert dataset.interactions.items.ids.to_list() == ["007", "new", "Ж2"]
    assert dataset.interactions.item_counts().tolist() == [2, 0, 1]
    rows = dataset.tables["items"].rows(named=True)
    assert rows[0] == {
        "item": "007",
        "price": 3.0,
        "tags": ["a", "b"],
        "title": "Tea",
        "colour": "red",
        "vector": [1, 2],
    }
    assert rows[1]["price"] is rows[1]["tags"] is rows[1]["title"] is rows[1]["colour"] is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, len(TEXT.encode()) - 1), junk=st.binary(max_size=6), cut=st.integers(0, 4))
def test_any_damage_gives_a_dataset_or_one_message(position: int, junk: bytes, cut: int, tmp_path: Path) -> None:
    data = TEXT.encode()
    path = put(tmp_path / "orders.csv", data[:position] + junk + data[position + cut :])
    try:
        assert len(table_file(path=path, columns=COLUMNS, rules=EventRules()).interactions) > 0
    except ValueError as error:
        assert str(error)
