"""The hash of a dataset's contents: not of their order nor of their numbers, and each change has its name."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.contents import changed_contents, content_hash, contents_of
from ragx.data.dataset import Dataset
from ragx.data.first_appearance import as_read_by_0_1_0
from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions

COLUMNS = ["user", "item", "value", "timestamp", "kind", "part"]
Event = tuple[str, str, float, int, str, str]
EVENTS: list[Event] = [
    ("u", "a", 1.0, 5, "view", "train"),
    ("u", "a", 2.0, 6, "buy", "train"),
    ("u", "b", 1.0, 5, "view", "validation"),
    ("v", "a", 1.0, 7, "buy", "test"),
    ("v", "c", 0.5, 5, "view", "train"),
]
ITEMS = pl.DataFrame({"item": ["c", "a", "b"], "price": [3.0, 1.0, 2.0], "tag": ["x", "y", "x"]}).with_columns(
    pl.col("tag").cast(pl.Categorical)
)


def _dataset(
    events: Sequence[Event] = EVENTS, items: Sequence[str] | None = None, ordered: bool = False, **more: Any
) -> Dataset:
    table = pl.DataFrame(events, schema=COLUMNS, orient="row")
    known = IdMap("item", pl.Series(list(items))) if items else None
    some = Interactions.from_events(table.drop("part"), items=known)
    return Dataset("mine", some, published=table["part"], ordered=ordered, **more)


def _contents(*arguments: Any, **more: Any) -> dict[str, str]:
    dataset = _dataset(*arguments, **more)
    return contents_of(dataset, dataset.tables)


@settings(deadline=None)
@given(events=st.permutations(EVENTS), items=st.permutations("abc"), table=st.permutations(range(3)))
def test_neither_order_nor_numbers_matter(events: list[Event], items: list[str], table: list[int]) -> None:
    whole = _contents(tables={"items": ITEMS})
    assert list(whole) == ["users", "items", "pairs", "value", "timestamp", "kind", "part", "events", "table items"]
    assert _contents(events, items, tables={"items": ITEMS[table]}) == whole
    with as_read_by_0_1_0():
        old = _dataset(events, items, tables={"items": ITEMS[table]})
    assert contents_of(old, old.tables) == whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"events": [("u", "a", 1.5, 5, "view", "train"), *EVENTS[1:]]}, ["values"]),
        ({"events": [("u", "a", 1.0, 4, "view", "train"), *EVENTS[1:]]}, ["times"]),
        ({"events": [("u", "a", 1.0, 5, "cart", "train"), *EVENTS[1:]]}, ["kinds of event"]),
        ({"events": [("u", "a", 1.0, 5, "view", "test"), *EVENTS[1:]]}, ["published parts"]),
        ({"events": [("u", "a", 1.5, 4, "view", "train"), *EVENTS[1:]]}, ["values", "times"]),
        ({"events": EVENTS[:-1], "items": "abc"}, ["which users have which items, or how often"]),
        ({"events": [*EVENTS, EVENTS[0]]}, ["which users have which items, or how often"]),
        ({"items": "abcd"}, ["ids of items"]),
        ({"tables": {"items": ITEMS.with_columns(price=pl.lit(1.0))}}, ["attributes of items"]),
    ],
)
def test_a_change_is_named_and_changes_the_hash(change: dict[str, Any], words: list[str]) -> None:
    before, after = _contents(tables={"items": ITEMS}), _contents(**{"tables": {"items": ITEMS}} | change)
    assert changed_contents(before, after) == words
    assert content_hash(before) != content_hash(after)


def test_columns_that_change_places_among_events_of_a_pair_are_seen() -> None:
    swapped = [("u", "a", 2.0, 5, "view", "train"), ("u", "a", 1.0, 6, "buy", "train"), *EVENTS[2:]]
    assert changed_contents(_contents(), _contents(swapped)) == ["which time, value, kind and part come together"]


def test_the_order_is_a_content_where_the_dataset_says_so() -> None:
    whole = _contents(ordered=True)
    assert whole["order"]
    assert changed_contents(_contents(), whole) == ["the order of each user's events"]
    later = [EVENTS[index] for index in (1, 0, 2, 3, 4)]  # of one user
    assert changed_contents(whole, _contents(later, ordered=True)) == ["the order of each user's events"]
    others = [EVENTS[index] for index in (3, 0, 4, 1, 2)]  # of two users, each in order
    assert _contents(others, ordered=True) == whole


def test_unused_tables_are_not_compared() -> None:
    assert changed_contents(_contents(), _contents(tables={"items": ITEMS})) == []


def test_numbers_and_text_are_other_ids() -> None:
    tables = [pl.DataFrame({"user": [1, 2], "item": [3, 4]}).cast({"user": kind}) for kind in (pl.Int64, pl.String)]
    digests = [contents_of(Dataset("mine", Interactions.from_events(table)), {}) for table in tables]
    assert changed_contents(*digests) == ["ids of users"]
