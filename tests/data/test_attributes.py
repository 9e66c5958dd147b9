"""Attribute tables: mistakes in them are named."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ragx.data.attributes import AttributeTable


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
        ("sku,price\na,1\na,2\n", {}, r"line 3: expected each item once in column 'sku', got 'a'"),
        ("sku,price\na,1\n,2\n", {}, r"line 3: expected an id in column 'sku', got an empty cell"),
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
