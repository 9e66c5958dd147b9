"""A split by time within each user, by hand and by property."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.leave_last_out import TIED
from ragx.data.splits.user_time import user_time_split

Event = tuple[str, str, int]
LONG = [("z", f"item-{number}", number) for number in range(10)]  # so that no part is empty


def dataset_of(events: list[Event]) -> Dataset:
    table = pl.DataFrame(events, schema=["user", "item", "timestamp"], orient="row")
    return Dataset("small", Interactions.from_events(table))


def parts_of(split: Split) -> list[list[Event]]:
    test = split.test.open(reason="test of the split", on_open=lambda reason: None)
    return [
        sorted(
            zip(
                part.users.outside(part.column("user")),
                part.items.outside(part.column("item")),
                part.column("timestamp").tolist(),
                strict=True,
            )
        )
        for part in (split.train, split.validation, test)
    ]


def test_the_last_tenth_is_test_and_the_tenth_before_it_validation() -> None:
    events = [("u", item, 100 - index) for index, item in enumerate("abcdefghijklmnopqrst")] + [("v", "a", 3)]
    split = user_time_split(dataset_of(events))
    train, validation, test = parts_of(split)
    assert test == [("u", "a", 100), ("u", "b", 99)]
    assert validation == [("u", "c", 98), ("u", "d", 97)]
    assert len(train) == 17
    assert split.notes["users_too_short_to_hold_out"] == 1  # v, with one event
    assert split.notes[TIED] == 0
    assert split.name == "user_time"


def test_a_user_whose_every_event_would_be_held_out_stays_in_train() -> None:
    split = user_time_split(dataset_of([("u", "a", 1), ("u", "b", 2), *LONG]), validation=0.45, test=0.45)
    train, validation, test = parts_of(split)
    assert [event for event in train if event[0] == "u"] == [("u", "a", 1), ("u", "b", 2)]
    assert len(validation) == len(test) == 4  # round(4.5) of z's events
    assert split.notes["users_too_short_to_hold_out"] == 1


def test_ties_are_settled_by_a_hash_and_counted() -> None:
    tied = [("u", f"item-{number}", 5) for number in range(10)]
    split = user_time_split(dataset_of(tied + LONG))
    assert split.notes[TIED] == 1
    shuffled = user_time_split(dataset_of((tied + LONG)[::-1]))
    assert parts_of(shuffled) == parts_of(split)
    held_out = {event[1] for part in parts_of(split)[1:] for event in part if event[0] == "u"}
    assert held_out != {"item-8", "item-9"}  # the highest names, which a stable sort would hold out


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abcdefghij"), st.integers(0, 20)), max_size=60),
    st.sampled_from([(0.1, 0.1), (0.2, 0.3), (0.05, 0.4)]),
)
def test_no_event_of_a_user_lies_after_a_later_part(drawn: list[Event], fractions: tuple[float, float]) -> None:
    validation, test = fractions
    split = user_time_split(dataset_of(drawn + LONG), validation=max(validation, 0.1), test=test)
    parts = parts_of(split)
    for user in "uvwz":
        for earlier, later in ((0, 1), (1, 2), (0, 2)):
            ends = [time for who, _, time in parts[earlier] if who == user]
            starts = [time for who, _, time in parts[later] if who == user]
            assert not starts or not ends or max(ends) <= min(starts)
    left_out = split.notes["validation_repeats_left_out"] + split.notes["test_repeats_left_out"]
    assert sum(map(len, parts)) + left_out == len(drawn) + len(LONG)


def test_data_in_order_of_time_needs_no_times() -> None:
    table = pl.DataFrame([event[:2] for event in LONG], schema=["user", "item"], orient="row")
    timeless = Dataset("small", Interactions.from_events(table), ordered=True)
    split = user_time_split(timeless)
    assert split.validation.items.outside(split.validation.column("item")).to_list() == ["item-8"]
    with pytest.raises(ValueError, match=r"no timestamps, so nobody knows which events were last: choose split=random"):
        user_time_split(replace(timeless, ordered=False))


def test_fractions_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"validation \+ test: expected less than 1, got 1"):
        user_time_split(dataset_of(LONG), validation=0.5, test=0.5)
