"""Tables in memory: read as a file of the same cells would be."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import ragx
from ragx.data.cleaning.rules import EventRules
from ragx.data.contents import contents_of
from ragx.data.readers.table import table_file

CELLS: dict[str, list[Any]] = {
    "customer": ["c2", "c1", "c1", "c3"],
    "sku": ["12", "7", "12", "9"],
    "amount": [1.5, 2.0, 0.5, 4.0],
    "at": ["2024-01-03T00:00:00Z", "2024-01-01T10:00:00Z", "2024-01-02T00:00:00Z", "2024-01-02T00:00:00Z"],
}
COLUMNS = {"user": "customer", "item": "sku", "value": "amount", "time": "at"}


def test_polars_pandas_and_a_file_of_the_same_cells_are_one_dataset(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pl.DataFrame(CELLS).write_csv(tmp_path / "orders.csv")
    moments = pandas.DataFrame(CELLS)
    moments["at"] = pandas.to_datetime(moments["at"])
    datasets = [
        table_file(path=str(tmp_path / "orders.csv"), columns=COLUMNS),
        ragx.Dataset.from_polars(pl.DataFrame(CELLS), **COLUMNS),
        ragx.Dataset.from_pandas(pandas.DataFrame(CELLS), **COLUMNS),
        ragx.Dataset.from_pandas(moments, name="moments", **COLUMNS),
        ragx.Dataset.from_pandas(pandas.DataFrame(CELLS).iloc[::-1], **COLUMNS),
    ]
    contents = [contents_of(dataset, {}) for dataset in datasets]
    for digests in contents[1:]:
        assert {name: digests[name] for name in ("users", "pairs", "value", "timestamp")} == {
            name: contents[0][name] for name in ("users", "pairs", "value", "timestamp")
        }
    assert [dataset.name for dataset in datasets[1:4]] == ["frame", "frame", "moments"]


def test_missing_cells_of_pandas_are_empty_and_whole_numbers_stay_whole() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"user": [1.0, 2.0, np.nan], "item": ["a", "b", None]})
    rules = EventRules(empty_ids="drop")
    dataset = ragx.Dataset.from_pandas(frame, user="user", item="item", rules=rules)
    assert dataset.interactions.users.ids.to_list() == [1, 2]
    with pytest.raises(ValueError, match="DataFrame, row 3: expected an id in column 'user', got an empty cell"):
        ragx.Dataset.from_pandas(frame, user="user", item="item")


def test_what_does_not_fit_is_refused() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pl.DataFrame(CELLS)
    with pytest.raises(ValueError, match=r"DataFrame: no column 'custmer' for user; .* Did you mean 'customer'"):
        ragx.Dataset.from_polars(frame, user="custmer", item="sku")
    with pytest.raises(ValueError, match=r"dataset.columns.tme: unknown field; .* Did you mean 'time'"):
        ragx.Dataset.from_polars(frame, user="customer", item="sku", tme="at")
    with pytest.raises(ValueError, match="expected a polars or a pandas DataFrame, got dict"):
        ragx.Dataset.from_pandas(CELLS, user="customer", item="sku")
    with pytest.raises(ValueError, match="DataFrame: expected rows, got none"):
        ragx.Dataset.from_polars(frame.clear(), user="customer", item="sku")
    with pytest.raises(ValueError, match="DataFrame: no column 'skus'"):
        ragx.Dataset.from_pandas(pandas.DataFrame(CELLS), user="customer", item="skus")
    twice = pandas.DataFrame([["a", "b", "c"]], columns=["customer", "sku", "sku"])
    with pytest.raises(ValueError, match="DataFrame: expected one column 'sku', got several"):
        ragx.Dataset.from_pandas(twice, user="customer", item="sku")
