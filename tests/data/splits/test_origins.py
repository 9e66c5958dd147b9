"""Several origins of global time."""

from dataclasses import replace

import polars as pl
import pytest

from ragx.data.cleaning.duplicates import Policy
from ragx.data.cleaning.part_rules import PartRules
from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.origins import origin_split
from ragx.data.splits.splitters import time_split


def _ten_a_second(times: bool = True) -> Dataset:
    """Return 100 events, the n-th at second n, each a pair of its own."""
    table = pl.DataFrame({"user": [n % 10 for n in range(100)], "item": [n // 10 for n in range(100)]})
    table = table.with_columns(timestamp=pl.int_range(100)) if times else table
    return Dataset("steps", Interactions.from_events(table))


def _times(split: Split) -> list[list[int]]:
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    return [part.column("timestamp").tolist() for part in (split.train, split.validation, test)]


def test_the_windows_follow_one_another() -> None:
    splits = [origin_split(_ten_a_second(), origins=3, origin=origin) for origin in range(3)]
    windows = [[(min(part), max(part)) for part in _times(split)] for split in splits]
    assert windows[0] == [(0, 59), (60, 69), (70, 79)]
    assert windows[1] == [(0, 69), (70, 79), (80, 89)]
    assert windows[2] == [(0, 79), (80, 89), (90, 99)]
    assert [split.notes["events_after_the_window_left_out"] for split in splits] == [20, 10, 0]
    assert [split.periods["test"] for split in splits] == [(70, 80), (80, 90), (90, 100)]
    assert len({split.fingerprint for split in splits}) == 3


@pytest.mark.parametrize("duplicates", ["keep", "last", "sum"])
def test_items_to_come_are_ranked_whatever_is_merged(duplicates: Policy) -> None:
    dataset = replace(_ten_a_second(), part_rules=PartRules(duplicates=duplicates))
    assert origin_split(dataset, origins=3, origin=0).train.items.ids.to_list() == list(range(10))


def test_the_last_origin_is_the_time_split(tiny_shop: Dataset) -> None:
    last = origin_split(tiny_shop, origins=4, origin=3, validation=0.1, test=0.15)
    assert last.fingerprint == time_split(tiny_shop, validation=0.1, test=0.15).fingerprint
    only = origin_split(tiny_shop, origins=1, origin=0)
    assert only.fingerprint == time_split(tiny_shop).fingerprint


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="origin: expected 0 to 2, one of 3 origins, got 3"):
        origin_split(_ten_a_second(), origin=3)
    with pytest.raises(ValueError, match="origins: expected at least 1, got 0"):
        origin_split(_ten_a_second(), origins=0)
    with pytest.raises(ValueError, match=r"validation \+ origins × test: expected less than 1, got 1\.1"):
        origin_split(_ten_a_second(), origins=10)
    with pytest.raises(ValueError, match="test: expected more than 0, got 0"):
        origin_split(_ten_a_second(), test=0)
    with pytest.raises(ValueError, match="steps has no timestamps, so it cannot be split by time: choose split=random"):
        origin_split(_ten_a_second(times=False))


def test_times_too_coarse_for_the_cuts_are_refused() -> None:
    table = pl.DataFrame({"user": [0, 1, 2, 3], "item": [0, 1, 0, 1], "timestamp": [1, 1, 1, 1]})
    with pytest.raises(ValueError, match="leaves train empty"):
        origin_split(Dataset("one moment", Interactions.from_events(table)), origins=1, origin=0)
