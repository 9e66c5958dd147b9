"""Leave-last-out, by hand and by property."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.readers.sequences import sequence_file
from ragx.data.split import Split
from ragx.data.splits.leave_last_out import TIED, leave_last_out_split

Event = tuple[str, str, int]


def _dataset(events: list[Event], times: bool = True, ordered: bool = False) -> Dataset:
    table = pl.DataFrame(events, schema=["user", "item", "timestamp"], orient="row")
    return Dataset("small", Interactions.from_events(table if times else table.drop("timestamp")), ordered=ordered)


def _events(part: Interactions) -> list[Event]:
    users, items = part.users.outside(part.column("user")), part.items.outside(part.column("item"))
    return list(zip(users, items, part.column("timestamp").tolist(), strict=True))


def _parts(split: Split) -> tuple[list[Event], list[Event], list[Event]]:
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    return _events(split.train), _events(split.validation), _events(test)


def test_the_newest_item_is_test_and_the_one_before_validation() -> None:
    events = [("u", "c", 3), ("u", "a", 1), ("u", "d", 4), ("u", "b", 2), ("v", "a", 9), ("v", "b", 8)]
    split = leave_last_out_split(_dataset(events))
    train, validation, test = _parts(split)
    assert train == [("u", "a", 1), ("u", "b", 2), ("v", "a", 9), ("v", "b", 8)]
    assert validation == [("u", "c", 3)]
    assert test == [("u", "d", 4)]
    assert split.notes["users_too_short_to_hold_out"] == 1  # v, with two items
    assert split.notes["later_repeats_left_out"] == 0
    assert split.notes["test_items_without_train"] == 1  # d


def test_events_of_one_second_keep_the_order_of_the_data_where_it_is_one() -> None:
    events = [("u", item, 5) for item in "zxyw"]
    split = leave_last_out_split(_dataset(events, ordered=True))
    assert [item for part in _parts(split) for _, item, _ in part] == ["z", "x", "y", "w"]
    assert TIED not in split.notes


@pytest.mark.parametrize(
    ("seconds", "tied"),
    [
        ([1, 2, 3, 4], False),
        ([1, 1, 3, 4], False),  # nothing held out depends on it
        ([1, 2, 2, 4], True),  # which is train, which validation
        ([1, 2, 4, 4], True),  # which is validation, which test
        ([5, 5, 5, 5], True),
    ],
)
def test_ties_that_settle_what_is_held_out_are_counted(seconds: list[int], tied: bool) -> None:
    events = [("u", item, time) for item, time in zip("abcd", seconds, strict=True)]
    clear = [("v", item, time) for time, item in enumerate("abcd")]
    short = [("w", "a", 3), ("w", "b", 3)]
    assert leave_last_out_split(_dataset(events + clear + short)).notes[TIED] == tied


def test_ties_favour_neither_low_nor_high_ids_nor_any_item() -> None:
    """Each of 400 users has all of 10 items in one second: who is held out is drawn by hash, item by item."""
    events = [(f"u{user}", f"i{item}", 7) for user in range(400) for item in range(10)]
    split = leave_last_out_split(_dataset(events))
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    count = np.bincount(test.column("item"), minlength=10)
    assert count.sum() == 400
    assert count.min() >= 20  # binomial of 400 and .1: 40 ± 6 each
    assert count.max() <= 60
    assert split.notes[TIED] == 400


def test_the_number_of_an_item_says_nothing_of_what_is_held_out() -> None:
    """Baskets of 8 of 100 items in one second, sorted by item, as order systems write them: recall is the chance's."""
    draw = np.random.default_rng(0)
    baskets = [np.sort(draw.choice(100, 8, replace=False)) for _ in range(600)]
    events = [(f"u{user:03d}", f"i{item:02d}", 5) for user, basket in enumerate(baskets) for item in basket]
    split = leave_last_out_split(_dataset(events))
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    unseen = np.ones((600, 100), dtype=bool)
    unseen[split.train.column("user"), split.train.column("item")] = False
    unseen[split.validation.column("user"), split.validation.column("item")] = False
    recall = {}
    for name, score in (("high", np.arange(100)), ("low", -np.arange(100)), ("random", draw.permutation(100))):
        ranked = np.argsort(-np.where(unseen, score, -1000), axis=1)[:, :10]
        recall[name] = float((ranked[test.column("user")] == test.column("item")[:, None]).any(axis=1).mean())
    chance = 10 / 93  # ten of those that a user has not in train or validation
    assert recall == {name: pytest.approx(chance, abs=3 * (chance * (1 - chance) / 600) ** 0.5) for name in recall}


def test_coming_back_after_a_held_out_item_is_left_out() -> None:
    events = [("u", "a", 1), ("u", "a", 2), ("u", "b", 3), ("u", "a", 4), ("u", "c", 5), ("u", "b", 6), ("u", "c", 7)]
    split = leave_last_out_split(_dataset(events))
    train, validation, test = _parts(split)
    assert train == [("u", "a", 1), ("u", "a", 2)]
    assert validation == [("u", "b", 3)]
    assert test == [("u", "c", 5), ("u", "c", 7)]
    assert split.notes["later_repeats_left_out"] == 2


def test_several_items_are_held_out() -> None:
    events = [("u", item, time) for time, item in enumerate("abcdef")]
    train, validation, test = _parts(leave_last_out_split(_dataset(events), validation=2, test=3))
    assert ["".join(item for _, item, _ in part) for part in (train, validation, test)] == ["a", "bc", "def"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abcdef"), st.integers(0, 20)), max_size=40))
def test_no_event_of_a_user_lies_after_a_later_part(drawn: list[Event]) -> None:
    whole = [("z", item, 100 + time) for time, item in enumerate("abcd")]  # so that no part is empty
    split = leave_last_out_split(_dataset(drawn + whole))
    train, validation, test = _parts(split)
    for user in "uvwz":
        for earlier, later in ((train, validation), (validation, test)):
            ends = [time for who, _, time in earlier if who == user]
            starts = [time for who, _, time in later if who == user]
            assert not starts or not ends or max(ends) <= min(starts)
        assert len({item for who, item, _ in test if who == user}) <= 1
    assert len(train) + len(validation) + len(test) + split.notes["later_repeats_left_out"] == len(drawn) + 4


def test_without_times_the_order_of_the_data_counts_where_it_is_one() -> None:
    events = [("u", "c", 9), ("v", "x", 9), ("u", "a", 1), ("v", "y", 8), ("u", "d", 4), ("v", "z", 7), ("u", "c", 0)]
    timeless = _dataset(events, times=False, ordered=True)
    split = leave_last_out_split(timeless)
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    items = [part.items.outside(part.column("item")).to_list() for part in (split.train, split.validation, test)]
    assert items == [["c", "x"], ["a", "y"], ["d", "z"]]
    assert split.notes["later_repeats_left_out"] == 1
    timed = leave_last_out_split(_dataset(events, ordered=True))
    assert timed.test.open(reason="test of the split", on_open=lambda reason: None).table.height == 2
    assert timed.fingerprint != split.fingerprint  # with times, these go before the order


def test_what_cannot_be_split_is_refused() -> None:
    events = [("u", item, time) for time, item in enumerate("abcd")]
    with pytest.raises(ValueError, match=r"small has no timestamps.*choose split=random"):
        leave_last_out_split(_dataset(events, times=False))
    with pytest.raises(ValueError, match="expected at least 1 item, got 0 and 1"):
        leave_last_out_split(_dataset(events), validation=0)
    with pytest.raises(ValueError, match="leaves validation empty"):
        leave_last_out_split(_dataset(events), validation=2, test=2)


def test_the_sequences_of_beauty(real_data: Path) -> None:
    dataset = sequence_file(name="beauty", path="s3rec-sequences/Beauty.txt.gz", root=str(real_data))
    split = leave_last_out_split(dataset)
    assert (len(split.train), len(split.validation), len(split.test)) == (153_776, 22_363, 22_363)
    first = dataset.interactions.users.outside(split.train.column("user")[:1])[0]
    line = gzip.decompress((real_data / "s3rec-sequences/Beauty.txt.gz").read_bytes()).split(b"\n")[0].split()
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    assert int(line[0]) == first
    for part, item in ((split.validation, line[-2]), (test, line[-1])):
        assert part.items.outside(part.column("item")[:1])[0] == int(item)


def test_with_a_target_a_purchase_of_what_was_only_viewed_before_is_held_out() -> None:
    """User u views c first and buys it last: by first events of any kind, that purchase would be lost."""
    rows = [
        ("u", "c", 1, "view"),
        ("u", "a", 2, "buy"),
        ("u", "b", 3, "buy"),
        ("u", "d", 4, "view"),
        ("u", "c", 5, "buy"),
    ]
    rows += [("u", "a", 6, "buy"), ("u", "e", 7, "view")]
    rows += [("v", item, 10 + index, "buy") for index, item in enumerate("abcd")]
    table = pl.DataFrame(rows, schema=["user", "item", "timestamp", "kind"], orient="row")
    target = leave_last_out_split(Dataset("small", Interactions.from_events(table))).for_target("buy")
    train, validation, test = _parts(target)
    assert train == [("u", "a", 2), ("v", "a", 10), ("v", "b", 11)]
    assert validation == [("u", "b", 3), ("v", "c", 12)]
    assert test == [("u", "c", 5), ("v", "d", 13)]
    assert _events(target.evidence) == [("u", "a", 2), ("u", "c", 1), ("v", "a", 10), ("v", "b", 11)]
    assert ("u", "d", 4) in _events(target.evidence_and_validation)
    assert target.notes["later_repeats_left_out"] == 1  # a again, after c
