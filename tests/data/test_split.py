"""Splits, and the seal on the test part."""

import copy

import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import SealedTest, Split
from ragx.data.splits.by_part import split_by_part

# user, item, part, time
EVENTS = [
    ("u", "a", "train", 10),
    ("u", "a", "train", 11),
    ("u", "b", "train", 12),
    ("v", "a", "train", 13),
    ("u", "a", "validation", 20),  # stands in train
    ("v", "b", "validation", 21),
    ("w", "b", "validation", 22),  # w is not in train
    ("u", "b", "test", 30),  # stands in train
    ("v", "b", "test", 31),  # stands in validation
    ("v", "c", "test", 32),  # c is not in train
    ("u", "c", "test", 33),
]


def dataset_of(events: list[tuple[str, str, str, int]]) -> Dataset:
    table = pl.DataFrame(events, schema=["user", "item", "part", "timestamp"], orient="row")
    return Dataset("mine", Interactions.from_events(table), published=table["part"])


def split_of(events: list[tuple[str, str, str, int]] = EVENTS) -> Split:
    dataset = dataset_of(events)
    assert dataset.published is not None
    return split_by_part(dataset, dataset.published, "published")


def pairs(interactions: Interactions) -> list[tuple[str, str]]:
    users = interactions.users.outside(interactions.column("user"))
    return list(zip(users, interactions.items.outside(interactions.column("item")), strict=True))


def opened(split: Split) -> Interactions:
    return split.test.open(reason="a test", on_open=lambda reason: None)


def test_held_out_repeats_of_an_earlier_part_are_left_out_and_counted() -> None:
    split = split_of()
    assert pairs(split.train) == [("u", "a"), ("u", "a"), ("u", "b"), ("v", "a")]
    assert pairs(split.validation) == [("v", "b"), ("w", "b")]
    assert pairs(opened(split)) == [("u", "c"), ("v", "c")]
    assert split.notes == {
        "validation_repeats_left_out": 1,
        "validation_users_without_train": 1,
        "validation_items_without_train": 0,
        "test_repeats_left_out": 2,
        "test_users_without_train": 0,
        "test_items_without_train": 1,
    }


def test_the_test_period_is_that_of_what_is_left() -> None:
    assert split_of().periods["test"] == (32, 34)


def test_parts_share_maps_and_a_refit_learns_from_both() -> None:
    split = split_of()
    assert split.validation.users is split.train.users is opened(split).users
    assert pairs(split.train_and_validation) == pairs(split.train) + pairs(split.validation)


def test_attributes_of_the_sealed_part_are_refused() -> None:
    sealed = split_of().test
    assert len(sealed) == 2
    for name in ("table", "column", "interactions", "_interactions", "pairs", "users"):
        with pytest.raises(AttributeError, match=f"The test part is sealed, so it has no '{name}'"):
            getattr(sealed, name)
    assert not any(isinstance(value, Interactions) for value in vars(split_of()).get("notes", {}).values())


def test_a_sealed_part_can_be_copied_and_shown_without_giving_it_away() -> None:
    sealed = split_of().test
    assert len(copy.copy(sealed)) == 2
    assert "shape" not in repr(sealed)
    assert "shape" not in repr(split_of()).partition("test=")[2]


def test_open_needs_a_reason_and_reports_the_look_first() -> None:
    looks: list[str] = []
    sealed = split_of().test
    for reason in ("", "  "):
        with pytest.raises(ValueError, match="opens only for a stated reason"):
            sealed.open(reason=reason, on_open=looks.append)
    assert looks == []
    assert len(sealed.open(reason="final table", on_open=looks.append)) == 2
    assert looks == ["final table"]

    def refusing(reason: str) -> None:
        raise PermissionError(reason)

    with pytest.raises(PermissionError, match="final table"):
        sealed.open(reason="final table", on_open=refusing)


def test_open_takes_nothing_by_position() -> None:
    with pytest.raises(TypeError):
        SealedTest(split_of().train).open("reason", print)  # type: ignore[call-arg]


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_an_empty_part_is_named(part: str) -> None:
    with pytest.raises(ValueError, match=rf"Split published of mine leaves {part} empty: .*'{part}': 0"):
        split_of([event for event in EVENTS if event[2] != part])


def test_a_part_of_repeats_alone_is_refused() -> None:
    kept = [event for event in EVENTS if event[2] != "validation"] + [("u", "a", "validation", 20)]
    with pytest.raises(ValueError, match="every validation pair repeats an earlier one"):
        split_of(kept)
