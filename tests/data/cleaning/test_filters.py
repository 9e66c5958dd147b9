"""Filters of events, with values worked by hand."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.data.cleaning.filters import Filter, KCore, KindsOfEvent, MinimumValue, Period


def kept(rule: Filter, **columns: list[Any]) -> list[bool]:
    return rule.keep(pl.DataFrame({"user": [0, 0, 1, 1, 2], "item": [0, 1, 0, 1, 1], **columns})).to_list()


def test_the_core_is_found_step_by_step() -> None:
    # user 2 has one item; without it nothing else falls
    assert kept(KCore(users=2, items=2)) == [True, True, True, True, False]
    # item 0 has two users, so it goes; then every user has one item, and everything goes
    assert kept(KCore(users=2, items=3)) == [False] * 5


def test_repeats_do_not_make_a_core() -> None:
    table = pl.DataFrame({"user": [0, 0, 1], "item": [0, 0, 1]})
    assert not KCore(users=2, items=1).keep(table).any()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40), st.integers(1, 3))
def test_the_core_is_the_largest_that_holds(pairs: list[tuple[int, int]], k: int) -> None:
    left = set(pairs)
    while True:
        users, items = [[pair[side] for pair in left] for side in (0, 1)]
        next_left = {(u, i) for u, i in left if users.count(u) >= k and items.count(i) >= k}
        if next_left == left:
            break
        left = next_left
    table = pl.DataFrame({"user": [u for u, _ in pairs], "item": [i for _, i in pairs]})
    assert KCore(users=k, items=k).keep(table).to_list() == [pair in left for pair in pairs]


def test_value_kind_and_period() -> None:
    assert kept(MinimumValue(at_least=3), value=[1.0, 3.0, 2.9, 5.0, 0.0]) == [False, True, False, True, False]
    kinds = ["view", "buy", "cart", "view", "buy"]
    assert kept(KindsOfEvent(kinds=["buy", "cart"]), kind=kinds) == [False, True, True, False, True]
    period = Period(first="1970-01-01T00:00:10Z", before="1970-01-01T01:00:20+01:00")
    assert kept(period, timestamp=[9, 10, 19, 20, 21]) == [False, True, True, False, False]
    assert kept(Period(before="2999-01-01"), timestamp=[9, 10, 19, 20, 21]) == [True] * 5


def test_names_say_what_they_keep() -> None:
    assert [rule.name for rule in (KCore(), KCore(users=1, items=2), MinimumValue(at_least=4))] == [
        "5-core",
        "core of 1 items, 2 users",
        "value of at least 4",
    ]


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match=r"no value: they carry user, item. Name .* dataset.columns.value=…"):
        kept(MinimumValue(at_least=3))
    with pytest.raises(ValueError, match=r"Name their column: dataset\.columns\.time=…"):
        kept(Period(first="2020-01-01"))
    with pytest.raises(ValueError, match=r"no event of kind 'buys'; there are buy, view. Did you mean 'buy'"):
        kept(KindsOfEvent(kinds=["buys"]), kind=["buy", "view", "view", "buy", "buy"])
    with pytest.raises(ValueError, match="at least 1 for users and items, got 0 and 5"):
        KCore(users=0)
    with pytest.raises(ValueError, match="expected first before the end"):
        Period(first="2020-01-02", before="2020-01-01")
