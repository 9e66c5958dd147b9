"""Splits for one kind of event, with all kinds as evidence."""

import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part

# user, item, kind, part
EVENTS = [
    ("u", "a", "view", "train"),
    ("u", "b", "view", "train"),
    ("u", "b", "buy", "train"),
    ("v", "a", "buy", "train"),
    ("w", "c", "view", "train"),
    ("u", "a", "buy", "validation"),  # only viewed in train
    ("u", "b", "buy", "validation"),  # bought in train
    ("v", "c", "view", "validation"),
    ("v", "c", "buy", "test"),  # only viewed in validation
    ("u", "a", "buy", "test"),  # bought in validation
    ("w", "a", "buy", "test"),  # w has only viewed
    ("u", "c", "view", "test"),
]


def split_of(events: list[tuple[str, str, str, str]] = EVENTS) -> Split:
    table = pl.DataFrame(events, schema=["user", "item", "kind", "part"], orient="row")
    dataset = Dataset("mine", Interactions.from_events(table), published=table["part"])
    assert dataset.published is not None
    return split_by_part(dataset, dataset.published, "published")


def triples(some: Interactions) -> list[tuple[str, str, str]]:
    users, items = some.users.outside(some.column("user")), some.items.outside(some.column("item"))
    return list(zip(users, items, some.table["kind"], strict=True))


def test_the_parts_are_of_the_target_and_the_evidence_is_of_all_kinds() -> None:
    split = split_of().for_target("buy")
    assert triples(split.train) == [("u", "b", "buy"), ("v", "a", "buy")]
    assert triples(split.validation) == [("u", "a", "buy")]
    test = split.test.open(reason="a test", on_open=lambda reason: None)
    assert triples(test) == [("v", "c", "buy"), ("w", "a", "buy")]
    events = [(user, item, kind) for user, item, kind, _ in EVENTS]
    assert triples(split.evidence) == sorted(events[:5])
    assert sorted(triples(split.evidence_and_validation)) == sorted(events[:8])
    assert split.evidence.users is split.train.users is test.users
    assert split.name == "published_for_buy"
    assert split.target == "buy"


def test_what_was_left_out_is_counted_anew() -> None:
    notes = split_of().for_target("buy").notes
    assert notes["validation_repeats_left_out"] == 1
    assert notes["test_repeats_left_out"] == 1
    assert notes["test_users_without_train"] == 1
    assert notes["train_events_of_the_target"] == 2
    assert notes["train_events_of_evidence"] == 5


def test_without_a_target_the_evidence_is_train() -> None:
    split = split_of()
    assert split.target is None
    assert split.evidence is split.train
    assert split.evidence_and_validation is split.train_and_validation


def test_the_fingerprint_tells_of_the_kind_and_of_the_evidence() -> None:
    plain = split_of()
    less = [event for event in EVENTS if event[:3] != ("w", "c", "view")] + [("w", "c", "view", "test")]
    marks = [split.fingerprint for split in (plain, plain.for_target("buy"), split_of(less).for_target("buy"))]
    assert len(set(marks)) == 3
    assert split_of(EVENTS[::-1]).for_target("buy").fingerprint == marks[1]
    renamed = [(user, item, "click" if kind == "view" else kind, part) for user, item, kind, part in EVENTS]
    assert split_of(renamed).for_target("buy").train.pair_keys().equals(plain.for_target("buy").train.pair_keys())


def test_the_sealed_part_stays_sealed() -> None:
    split = split_of().for_target("buy")
    with pytest.raises(AttributeError, match="The test part is sealed"):
        split.test.table  # noqa: B018
    assert len(split.test) == 2
    assert "shape" not in repr(split).partition("test=")[2]


def test_what_cannot_be_a_target_is_refused() -> None:
    with pytest.raises(ValueError, match=r"target_kind: expected one of buy, view; got 'bye'\. Did you mean 'buy'\?"):
        split_of().for_target("bye")
    blanks = [(*event[:2], "view " if event[2] == "view" else event[2], event[3]) for event in EVENTS]
    with pytest.raises(ValueError, match=r"got 'view'\. Did .* Blanks are kept in quotes: \"target_kind='view '\"\."):
        split_of(blanks).for_target("view")
    with pytest.raises(ValueError, match=r"published with target_kind=buy of mine leaves train empty: .*'train': 0"):
        split_of([event for event in EVENTS if event[2:] != ("buy", "train")]).for_target("buy")
    with pytest.raises(ValueError, match="target_kind=buy of mine leaves test empty"):
        split_of([event for event in EVENTS if event[2:] != ("buy", "test")]).for_target("buy")


def test_interactions_without_kinds_have_no_target(tiny_split: Split) -> None:
    with pytest.raises(ValueError, match="target_kind: these interactions have no kinds of event"):
        tiny_split.for_target("buy")
