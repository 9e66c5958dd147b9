"""The order of a dataset's events: one and the same, whatever order a file has them in."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.row_order import row_order

EVENT = st.tuples(
    st.integers(0, 3), st.integers(0, 3), st.sampled_from([0.5, 1.0]), st.integers(0, 2), st.sampled_from("vb")
)
COLUMNS = ["user", "item", "value", "timestamp", "kind"]


def _table(events: list[tuple[int, int, float, int, str]]) -> pl.DataFrame:
    return pl.DataFrame(events, schema=COLUMNS, orient="row")


def _in_order(events: pl.DataFrame, ordered: bool = False) -> pl.DataFrame:
    order = row_order(events, ordered=ordered)
    return events if order is None else events[order]


@settings(deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=40))
def test_it_is_that_of_a_sort_by_everything(events: list[tuple[int, int, float, int, str]]) -> None:
    table = _table(events)
    ordered_table = _in_order(table)
    assert ordered_table.rows() == sorted(events)
    assert row_order(ordered_table) is None


@settings(deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=40))
def test_where_the_order_says_something_only_users_are_sorted(events: list[tuple[int, int, float, int, str]]) -> None:
    ordered_table = _in_order(_table(events), ordered=True)
    assert ordered_table.rows() == sorted(events, key=lambda event: event[0])  # stable


def test_rows_too_great_for_one_number_are_sorted_too() -> None:
    item = np.array([2**61, 7, 2**61, 0, 7])
    table = pl.DataFrame({"user": [1, 1, 0, 1, 0], "item": item})
    assert _in_order(table).rows() == sorted(table.rows())


@settings(deadline=None)
@given(st.data())
def test_a_dataset_keeps_events_and_published_parts_together(data: st.DataObject) -> None:
    part = st.sampled_from(["train", "validation", "test"])
    events = data.draw(st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("ab"), part), max_size=20))
    events += [("u", "a", "train"), ("v", "b", "test")]
    shuffled = data.draw(st.permutations(events))
    rows = []
    for given_events in (events, shuffled):
        table = pl.DataFrame(given_events, schema=["user", "item", "part"], orient="row")
        dataset = Dataset("mine", Interactions.from_events(table.drop("part")), published=table["part"])
        some = dataset.interactions
        assert dataset.published is not None
        outside = some.users.outside(some.column("user")), some.items.outside(some.column("item"))
        rows.append(list(zip(*outside, dataset.published, strict=True)))
        assert sorted(rows[-1]) == sorted(events)
    assert rows[0] == rows[1]
