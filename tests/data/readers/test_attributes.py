"""Attribute tables: mistakes in them are named."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ragx.data.readers.attributes import AttributeTable


def table(folder: Path, text: str = "sku,price\na,1\nb,2\n", **options: Any) -> AttributeTable:
    (folder / "items.csv").write_text(text)
    return AttributeTable(**{"path": str(folder / "items.csv"), "id": "sku", "columns": {"price": "number"}, **options})


def test_types_tell_roles(tmp_path: Path) -> None:
    columns = {"n": "number", "c": "category", "l": "list", "t": "text", "x": None}
    read = table(tmp_path, "sku,n,c,l,t,x\na,1,red,u|v,some text,9\n", columns=columns, list_separator="|").read("item")
    assert read.columns == ["item", "n", "c", "l", "t"]
    assert read.dtypes == [pl.String, pl.Float64, pl.Categorical, pl.List(pl.Categorical), pl.String]
    assert read.row(0) == ("a", 1.0, "red", ["u", "v"], "some text")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("sku,price\na,1\nb,cheap\n", {}, r"line 3: expected a finite number in column 'price', got 'cheap'"),
        ('sku,price\na,1\nb,"7,5"\n', {}, r"line 3: .* in column 'price', got '7,5'\. Numbers are read with a decimal"),
        ("sku,price\na,1\na,2\n", {}, r"line 3: expected each item once in column 'sku' \(item\), got 'a'"),
        ("sku,price\na,1\n,2\n", {}, r"line 3: expected an id in column 'sku' \(item\), got an empty cell"),
        ("sku,price\na,1\n", {"columns": {"prise": "number"}}, r"no column 'prise'.*Did you mean 'price'"),
        ("sku,price\na,1\n", {"columns": {"price": "numer"}}, r"role of price.*Did you mean 'number'"),
    ],
)
def test_bad_tables(text: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        table(tmp_path, text, **options).read("item")


def test_vectors_must_fit(tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.npy"
    np.save(vectors, np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"expected numbers of shape \[2, D\], a row an id, got float64 of \[3, 2\]"):
        table(tmp_path, vectors=str(vectors)).read("item")
    np.save(vectors, np.array([[1.0], [np.nan]]))
    with pytest.raises(ValueError, match=r"vectors\.npy, row 2: expected finite numbers"):
        table(tmp_path, vectors=str(vectors)).read("item")
    vectors.write_text("no array")
    with pytest.raises(ValueError, match=r"vectors\.npy: expected a matrix in a \.npy file"):
        table(tmp_path, vectors=str(vectors)).read("item")
    np.save(vectors, np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"items\.csv: a column named 'vector' stands in the way of .*vectors\.npy"):
        table(tmp_path, "sku,vector\na,1\nb,2\n", columns={"vector": "number"}, vectors=str(vectors)).read("item")


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "sku,a,b\nx,1,2\n",
            {"columns": {"a": "title", "b": "title"}},
            "expected one title, got columns 'a' and 'b': give",
        ),
        (
            "sku,a,title\nx,1,2\n",
            {"columns": {"a": "title", "title": "text"}},
            "one title, got columns 'a' and 'title'",
        ),
        (
            "sku,item\nx,1\n",
            {"columns": {"item": "text"}},
            "an attribute cannot be named 'item', as the ids are: rename",
        ),
        ("sku,v\nx,1\n", {"columns": {"v": "vector"}}, "role of v: expected one of number, category"),
        (
            "sku,l\nx,1\n",
            {"columns": {"l": "list"}, "list_separator": ""},
            "list_separator: expected at least one char",
        ),
    ],
)
def test_names_and_roles_that_clash(text: str, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        table(tmp_path, text, **options).read("item")


def test_a_column_named_as_the_other_side_is_an_attribute(tmp_path: Path) -> None:
    assert table(tmp_path, "sku,item\nx,1\n", columns={"item": "title"}).read("item").columns == ["item", "title"]
    assert table(tmp_path, "who,item\nx,1\n", id="who", columns={"item": "text"}).read("user").columns == [
        "user",
        "item",
    ]


@pytest.mark.parametrize(
    ("role", "column", "message"),
    [
        ("number", pl.Series([[1.0]]), r"a finite number in column 'x', got values of type List\(Float64\)"),
        ("number", pl.Series([b"1"]), "got values of type Binary"),
        ("category", pl.Series([["red"]]), r"categories in column 'x', got values of type List\(String\)"),
        ("text", pl.Series([b"\xff"]), "text in column 'x', got values of type Binary"),
        ("title", pl.Series([{"a": 1}]), "text in column 'x', got values of type Struct"),
        ("list", pl.Series([{"a": 1}]), "text or lists of text in column 'x', got values of type Struct"),
        ("list", pl.Series([[b"a"]]), "text or lists of text in column 'x', got values of type Binary"),
        ("list", pl.Series([[["a"]]]), r"text or lists of text in column 'x', got values of type List\(String\)"),
    ],
)
def test_a_type_that_its_role_cannot_read_is_refused(
    role: str, column: pl.Series, message: str, tmp_path: Path
) -> None:
    pl.DataFrame({"sku": ["a"], "x": column}).write_parquet(tmp_path / "items.parquet")
    with pytest.raises(ValueError, match=rf"items\.parquet: expected .*{message}"):
        AttributeTable(path=str(tmp_path / "items.parquet"), id="sku", columns={"x": role}).read("item")


def test_types_that_a_role_can_read(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "sku": ["a", "b"],
            "n": pl.Series(["1", "2.5"], dtype=pl.Categorical),
            "l": [[1, 2], None],
            "c": pl.Series([3, None]),
        }
    )
    frame.write_parquet(tmp_path / "items.parquet")
    columns = {"n": "number", "l": "list", "c": "category"}
    read = AttributeTable(path=str(tmp_path / "items.parquet"), id="sku", columns=columns).read("item")
    assert read.rows() == [("a", 1.0, ["1", "2"], "3"), ("b", 2.5, None, None)]


def test_a_table_without_a_header_has_columns_by_number(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("a;1.5;red\nb;2;blue\n")
    table = AttributeTable(path="items.csv", id=1, columns={"2": "number", "3": "category"}, separator=";")
    read = table.read("item", tmp_path)
    assert (read["item"].to_list(), read["2"].to_list(), read["3"].to_list()) == (
        ["a", "b"],
        [1.5, 2.0],
        ["red", "blue"],
    )
    pl.DataFrame({"1": ["a"]}).write_parquet(tmp_path / "items.parquet")
    with pytest.raises(
        ValueError, match=r"items\.parquet: expected names of columns, as the file has, got their numbers"
    ):
        AttributeTable(path="items.parquet", id=1).read("item", tmp_path)


def test_ids_in_json_lines_are_held_to_what_ids_of_events_are(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text('{"sku": "a", "price": 1}\n{"sku": 1.5, "price": 2}\n')
    with pytest.raises(ValueError, match=r"items\.jsonl, line 2: .*1\.5"):
        AttributeTable(path="items.jsonl", id="sku", columns={"price": "number"}).read("item", tmp_path)


def test_a_field_twice_in_a_row_of_json_lines_is_refused(tmp_path: Path) -> None:
    table = AttributeTable(path="items.jsonl", id="sku", columns={"price": "number"})
    (tmp_path / "items.jsonl").write_text('{"sku": "a", "price": 1, "old": {"price": 3}}\n')
    assert table.read("item", tmp_path)["price"].to_list() == [1.0]
    (tmp_path / "items.jsonl").write_text('{"sku": "a", "price": 1}\n{"sku": "b", "price": 2, "price": 9}\n')
    with pytest.raises(ValueError, match=r"items\.jsonl, line 2: expected field 'price' once, got it again"):
        table.read("item", tmp_path)


@pytest.mark.parametrize("name", [r"price", r"pric\u0065", r"\u0070\u0072ice"])
@pytest.mark.parametrize("fields", ['"price": 2, "{}": 9', '"{}" : 9, "x": "\\"", "price":2', '"{}": 2, "{}": 9'])
def test_a_field_twice_is_refused_however_it_is_escaped(name: str, fields: str, tmp_path: Path) -> None:
    table = AttributeTable(path="items.jsonl", id="sku", columns={"price": "number"})
    once = r'{"\u0073ku": "\u0061:", "\u0070rice": 1, "o\"": {"price": 3, "pric\u0065": 4}}'
    (tmp_path / "items.jsonl").write_text(once)
    assert table.read("item", tmp_path).rows() == [("a:", 1.0)]
    (tmp_path / "items.jsonl").write_text(f'{once}\n{{"sku": "b", {fields.replace("{}", name)}}}\n')
    with pytest.raises(ValueError, match=r"items\.jsonl, line 2: expected field 'price' once, got it again"):
        table.read("item", tmp_path)
