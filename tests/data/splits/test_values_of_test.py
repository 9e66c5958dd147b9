"""Whatever the split and the rules, the values of test events decide nothing about train and validation."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.cleaning.duplicates import Policy
from ragx.data.cleaning.filters import Filter, KCore
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.readers.events import build_dataset
from ragx.data.source import Source
from ragx.data.split import Split
from ragx.data.splits.cold import cold_items_split, cold_users_split
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.origins import origin_split
from ragx.data.splits.splitters import random_split, time_split
from ragx.data.splits.user_time import user_time_split

Row = tuple[str, str, float, int]  # user, item, value, time
Splitter = Callable[[Dataset], Split]
POLICIES: list[Policy] = ["keep", "sum", "last", "first"]


def built(rows: Sequence[Row], **rules: Any) -> Dataset:
    frame = pl.DataFrame(rows, schema=["user", "item", "value", "time"], orient="row")
    return build_dataset("small", frame, Source("small.csv"), rules=EventRules(**rules))


def events(part: Interactions) -> list[tuple[Any, ...]]:
    outside = [part.users.outside(part.column("user")), part.items.outside(part.column("item"))]
    return list(zip(*outside, *(part.column(name).tolist() for name in ("value", "timestamp")), strict=True))


def opened(split: Split) -> Interactions:
    return split.test.open(reason="a test", on_open=lambda reason: None)


OWN_CUTS: list[Splitter] = [
    random_split,
    time_split,
    user_time_split,
    leave_last_out_split,
    origin_split,
    cold_users_split,
    cold_items_split,
]


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([[], [KCore(users=3, items=3)]]), st.sampled_from(POLICIES))
@pytest.mark.parametrize("splitter", OWN_CUTS)
def test_values_of_test_decide_nothing_about_train_and_validation(
    splitter: Splitter, seed: int, filters: list[Filter], policy: Policy
) -> None:
    draw = np.random.default_rng(seed)
    rows = [
        (f"u{draw.integers(20)}", f"i{draw.integers(25)}", float(draw.integers(5)), int(draw.integers(1000)))
        for _ in range(400)
    ]
    plain = opened(splitter(built(rows)))
    in_test = {(user, item, time) for user, item, _, time in events(plain)}
    louder = [(*row[:2], row[2] + 7.0 * ((row[0], row[1], row[3]) in in_test), row[3]) for row in rows]
    one, changed = (splitter(built(events_in, duplicates=policy, filters=filters)) for events_in in (rows, louder))
    assert events(one.train) == events(changed.train)
    assert events(one.validation) == events(changed.validation)
    assert events(opened(one)) != events(opened(changed))
