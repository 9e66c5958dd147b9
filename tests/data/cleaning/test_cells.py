"""Cells as ids, numbers, text and times."""

import uuid
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from ragx.data.cleaning.cells import as_numbers
from ragx.data.cleaning.times import read_times
from ragx.data.ids.identifiers import as_ids
from ragx.data.source import Source

HERE = Source("orders.csv", lambda row: row + 2)


def ids(values: pl.Series) -> list[Any]:
    return as_ids(values, "user", HERE).to_list()


def test_ids_of_other_types() -> None:
    assert ids(pl.Series([1.0, None, float("nan")])) == [1, None, None]
    assert ids(pl.Series(["a", "b"], dtype=pl.Categorical)) == ["a", "b"]
    assert ids(pl.Series([2**63], dtype=pl.UInt64)) == [str(2**63)]
    assert ids(pl.Series([7], dtype=pl.UInt64)) == [7]
    some = uuid.uuid4()
    assert ids(pl.Series([some, None], dtype=pl.Object)) == [str(some), None]


def test_blank_ids_are_empty_and_others_stay_as_they_are() -> None:
    assert ids(pl.Series(["", "  ", "\t", "\u00a0", "\u3000", " 7", "Ж"])) == [None] * 5 + [" 7", "Ж"]


def test_whole_decimals_are_ids() -> None:
    assert ids(pl.Series([Decimal("1.00"), None, Decimal("20.00")])) == [1, None, 20]
    large = "12345678901234567890123"
    assert ids(pl.Series([Decimal(f"{large}.0"), Decimal("1.0")])) == [large, "1"]
    with pytest.raises(
        ValueError, match=r"line 3: expected text or whole numbers as ids in column 'user', got Decimal"
    ):
        ids(pl.Series([Decimal("1.0"), Decimal("1.5")]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pl.Series([1.0, 1.5]), r"line 3: .*, got 1\.5"),
        (pl.Series([1.0, float("inf")]), r"line 3: .*, got inf"),
        (pl.Series([1.0, 1e300]), r"line 3: .*, got 1e\+300\. So large a number is not exact: store text"),
        (pl.Series([2.0**53 - 1, 2.0**53 + 1]), r"line 3: .*, got 9007199254740992\.0\. So large a number"),
        (pl.Series([2**24 - 1, 2**24 + 1], dtype=pl.Float32), r"line 3: .*, got 16777216\.0\. So large a number"),
        (pl.Series([True]), "got values of type Boolean: convert the column, or name another"),
        (pl.Series([b"x"]), "got values of type Binary"),
        (pl.Series([["x"]]), r"got values of type List\(String\)"),
        (pl.Series([uuid.uuid4(), b"x"], dtype=pl.Object), r"line 3: .*, got b'x'"),
    ],
)
def test_what_is_no_id_is_refused(values: pl.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        ids(values)
    assert "expected text or whole numbers as ids in column 'user'" in str(caught.value)


def test_numbers_may_have_spaces_around_them() -> None:
    assert as_numbers(pl.Series([" 1", "2 ", "3", "x", None]), "numbers", HERE).to_list() == [1, 2, 3, None, None]
    assert as_numbers(pl.Series([None, None]), "numbers", HERE).to_list() == [None, None]


def test_long_values_are_cut_in_messages() -> None:
    with pytest.raises(ValueError, match=r"got 'xxxx+…\.$") as caught:
        HERE.refuse(pl.Series([True]), pl.Series(["x" * 10_000]), "something short")
    assert len(str(caught.value)) < 130


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([1_704_110_400.0, 0.0], {}),
        ([1_704_110_400.0, 5.0], {"time_format": "seconds"}),
        ([45000.5, 45001.0], {"time_format": "excel"}),
    ],
)
def test_numbers_that_stand_for_several_seconds_are_no_times(values: list[float], options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"line 2: expected a time in column 'time' that is exact .* store Int64"):
        read_times(pl.Series(values, dtype=pl.Float32), HERE, **options)
    assert len(read_times(pl.Series(values, dtype=pl.Float64), HERE, **options).seconds) == 2
    days = pl.Series([45001], dtype=pl.Int64)
    exact, rounded = (
        read_times(numbers, HERE, time_format="excel").seconds for numbers in (days, days.cast(pl.Float32))
    )
    assert exact.to_list() == rounded.to_list()
