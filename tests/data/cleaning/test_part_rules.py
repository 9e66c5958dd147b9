"""Duplicates and filters within what each part may know: worked cases, and test events that decide nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.cleaning.duplicates import Policy
from ragx.data.cleaning.filters import Filter, KCore, KindsOfEvent, MinimumValue, Period
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.first_appearance import as_read_by_0_1_0
from ragx.data.interactions import Interactions
from ragx.data.readers.events import build_dataset
from ragx.data.source import Source
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part
from ragx.data.splits.cold import cold_items_split, cold_users_split
from ragx.data.splits.splitters import default_split, published_split

Row = tuple[str, str, float, int]  # user, item, value, time
Splitter = Callable[[Dataset], Split]
POLICIES: list[Policy] = ["keep", "sum", "last", "first"]
FILTERS: dict[str, list[Filter]] = {
    "none": [],
    "core": [KCore(users=2, items=2)],
    "value": [MinimumValue(at_least=2)],
    "core and value": [KCore(users=2, items=2), MinimumValue(at_least=2)],
    "value and core": [MinimumValue(at_least=2), KCore(users=2, items=2)],
}
CUTS = (10, 15)  # first times of validation and test
SOLID: list[Row] = [  # x, y and z keep each other in the core of train, and one pair stands in each other part
    *[(user, item, 3.0, 1) for user, items in {"x": "pq", "y": "qr", "z": "pr"}.items() for item in items],
    *[("x", "r", 5.0, 10), ("y", "p", 5.0, 15)],
]


def built(rows: Sequence[Row], *, parts: bool = False, **rules: Any) -> Dataset:
    frame = pl.DataFrame(rows, schema=["user", "item", "value", "time"], orient="row")
    if parts:
        frame = frame.with_columns(part=pl.Series([name_of_part(row) for row in rows]))
    return build_dataset("small", frame, Source("small.csv"), rules=EventRules(**rules))


def name_of_part(row: Row) -> str:
    return "train" if row[3] < CUTS[0] else "validation" if row[3] < CUTS[1] else "test"


def at_fixed_moments(dataset: Dataset) -> Split:
    times = dataset.interactions.table["timestamp"]
    part = pl.select(
        pl.when(times < CUTS[0])
        .then(pl.lit("train"))
        .when(times < CUTS[1])
        .then(pl.lit("validation"))
        .otherwise(pl.lit("test"))
    ).to_series()
    return split_by_part(dataset, part, "fixed")


def events(part: Interactions) -> list[tuple[Any, ...]]:
    outside = [part.users.outside(part.column("user")), part.items.outside(part.column("item"))]
    others = [part.column(name).tolist() for name in part.table.columns[2:]]
    return list(zip(*outside, *others, strict=True))


def opened(split: Split) -> Interactions:
    return split.test.open(reason="a test", on_open=lambda reason: None)


def test_duplicates_are_merged_within_a_part() -> None:
    repeats: list[Row] = [("x", "p", 4.0, 5), ("x", "p", 9.0, 12), ("x", "p", 9.0, 20), ("y", "p", 2.0, 30)]
    split = at_fixed_moments(built(SOLID + repeats, duplicates="sum"))
    assert ("x", "p", 7.0, 5) in events(split.train)  # 3 + 4, and neither 12 nor 20
    assert events(split.validation) == [("x", "r", 5.0, 10)]
    assert events(opened(split)) == [("y", "p", 7.0, 30)]  # 5 + 2
    assert (split.notes["validation_repeats_left_out"], split.notes["test_repeats_left_out"]) == (1, 1)
    assert split.steps == (("in the parts of the split", 3, 3, 12), ("duplicates in each part: sum", 3, 3, 10))


def test_before_the_split_an_old_purchase_moves_into_test_and_the_notes_say_so() -> None:
    repeats: list[Row] = [("x", "p", 9.0, 20)]
    split = at_fixed_moments(built(SOLID + repeats, duplicates="last", before_split=["duplicates"]))
    assert ("x", "p", 3.0, 1) not in events(split.train)
    assert ("x", "p", 9.0, 20) in events(opened(split))
    assert split.notes["duplicates_merged_before_the_split"] == 1
    assert split.steps == ()


def test_version_0_1_0_did_both_before_the_split() -> None:
    rows: list[Row] = [*SOLID, ("x", "p", 9.0, 20)]
    with as_read_by_0_1_0():
        earlier = at_fixed_moments(built(rows, duplicates="last", filters=[KCore(users=2, items=2)]))
    assert ("x", "p", 9.0, 20) in events(opened(earlier))
    assert earlier.notes["filters_counted_before_the_split"] == 1


FEW: list[Row] = [
    *[("v", "p", 3.0, 2), ("v", "s", 3.0, 16)],  # one train event and one of test
    *[("w", "q", 3.0, 17), ("y", "t", 3.0, 18), ("x", "t", 3.0, 19)],  # w and t stand in test alone
]


def test_a_filter_counts_on_train_and_what_train_lost_leaves_every_part_and_the_maps() -> None:
    split = at_fixed_moments(built(SOLID + FEW, filters=[KCore(users=2, items=2)]))
    assert split.train.users.ids.to_list() == ["x", "y", "z"]
    assert split.train.items.ids.to_list() == ["p", "q", "r"]
    assert events(opened(split)) == [("y", "p", 5.0, 15)]
    assert split.notes["users_left_without_train_by_filters"] == 1  # v
    assert split.notes["items_left_without_train_by_filters"] == 0
    assert split.notes["train_events_left_out_by_filters"] == 1
    assert split.notes["validation_events_left_out_by_filters"] == 0
    assert split.notes["test_events_left_out_by_filters"] == 4  # of v, of w, and of t, which train does not know
    assert split.steps[-1] == ("2-core, on train", 3, 3, 8)


def test_the_published_way_lets_test_decide_about_train_and_the_notes_say_so() -> None:
    split = at_fixed_moments(built(SOLID + FEW, filters=[KCore(users=2, items=1)], before_split=["filters"]))
    assert "v" in split.train.users.ids.to_list()  # kept by its test event
    assert split.notes["filters_counted_before_the_split"] == 1
    assert "test_events_left_out_by_filters" not in split.notes


def test_filters_of_single_events_need_no_split_unless_values_are_merged() -> None:
    filters = [Period(before="1970-01-01T00:00:20"), MinimumValue(at_least=4)]
    early = built(SOLID, filters=filters)
    assert [step[0] for step in early.steps] == ["read", "period … to 1970-01-01T00:00:20", "value of at least 4"]
    assert not early.part_rules.waiting
    late = built([*SOLID, ("x", "p", 3.0, 2)], filters=filters, duplicates="sum")
    assert late.part_rules.filters == (filters[1],)
    times = [("x", "p", 6.0, 2)]
    split = at_fixed_moments(late)
    assert events(split.train) == times  # 3 + 3
    assert split.notes["train_events_left_out_by_filters"] == 5


def test_a_filter_behind_one_that_waits_waits_too() -> None:
    frame = pl.DataFrame({"user": list("uuvv"), "item": list("abab"), "kind": ["view", "view", "buy", "buy"]})
    rules = EventRules(filters=[KCore(users=2, items=2), KindsOfEvent(kinds=["buy"])])
    dataset = build_dataset("kinds", frame, Source("kinds.csv"), rules=rules)
    assert dataset.part_rules.filters == tuple(rules.filters)
    assert len(dataset.interactions) == 4


@pytest.mark.parametrize(("splitter", "side"), [(cold_users_split, "user"), (cold_items_split, "item")])
def test_a_side_that_is_held_out_whole_is_not_asked_of_train(splitter: Splitter, side: str) -> None:
    rows = [(f"u{user}", f"i{item}", 1.0, 0) for user in range(20) for item in range(20)]
    split = splitter(built(rows, filters=[KCore(users=2, items=2)]))
    assert split.notes[f"test_cold_{side}s"] == split.notes[f"test_{side}s_without_train"] == 2
    assert len(opened(split)) == 40


def test_a_refit_for_a_target_merges_what_train_and_validation_share() -> None:
    rows = [("u", "a", "view", 1), ("u", "a", "view", 11), ("u", "b", "buy", 2), ("u", "c", "buy", 12)]
    rows += [("u", "d", "buy", 16), ("v", "a", "buy", 3), ("v", "c", "view", 4)]
    frame = pl.DataFrame(rows, schema=["user", "item", "kind", "time"], orient="row")
    merged = build_dataset("kinds", frame, Source("kinds.csv"), rules=EventRules(duplicates="sum"))
    split = at_fixed_moments(merged).for_target("buy")
    seen = split.evidence_and_validation.table.filter(kind="view", user=0, item=0)
    assert seen["value"].to_list() == [2]
    assert split.evidence_and_validation.table.height == len(split.evidence) + 1


def test_ids_that_are_told_to_join_the_maps_stay_there() -> None:
    frame = pl.DataFrame(SOLID + FEW, schema=["user", "item", "value", "time"], orient="row")
    table = pl.DataFrame({"item": ["p", "s", "new"], "price": [1.0, 2.0, 3.0]})
    rules = EventRules(filters=[KCore(users=2, items=2)])
    dataset = build_dataset(
        "small", frame, Source("small.csv"), rules=rules, tables={"items": table}, include_new=("item",)
    )
    assert at_fixed_moments(dataset).train.items.ids.to_list() == ["new", "p", "q", "r", "s"]


@pytest.mark.parametrize(
    ("rules", "message", "remedies"),
    [
        (
            {"before_split": "filters"},
            r"rules\.before_split: expected a list such as \[filters\], got 'filters'",
            [{"before_split": ["filters"]}],
        ),
        (
            {"before_split": ["filter"]},
            r"expected one of duplicates, filters; got 'filter'\. Did you mean 'filters'\?",
            [{"before_split": ["filters"]}],
        ),
        (
            {"before_split": ["filters"], "duplicates": "sum", "filters": [MinimumValue(at_least=2)]},
            r"=sum leaves.*dataset\.rules\.before_split=\[duplicates,filters\] or .*before_split=\[\]\.",
            [{"before_split": ["duplicates", "filters"]}, {"before_split": []}],
        ),
    ],
)
def test_refusals_whose_remedy_works(
    rules: dict[str, Any], message: str, remedies: Sequence[dict[str, Sequence[str]]]
) -> None:
    with pytest.raises(ValueError, match=message):
        EventRules(**rules)
    for remedy in remedies:
        assert len(at_fixed_moments(built(SOLID, **rules | remedy)).train) == 6


def test_a_part_that_a_filter_empties_is_named_with_what_to_do() -> None:
    rows = [*SOLID[:-1], ("w", "p", 1.0, 15)]
    with pytest.raises(ValueError, match=r"leaves test empty: .* or weaker dataset\.rules\.filters\."):
        at_fixed_moments(built(rows, filters=[KCore(users=2, items=2)]))
    assert len(opened(at_fixed_moments(built(rows)))) == 1


def times_of(first: int, last: int) -> st.SearchStrategy[list[Row]]:
    row = st.tuples(
        st.sampled_from("uvwxyz"), st.sampled_from("opqrst"), st.sampled_from([1.0, 2.0, 0.1]), st.integers(first, last)
    )
    solid = {pair[:2] for pair in SOLID}  # those stay as they are, so that no part is ever empty
    return st.lists(row.filter(lambda drawn: drawn[:2] not in solid), max_size=25)


@settings(max_examples=60, deadline=None)
@given(times_of(0, 14), times_of(15, 30), times_of(15, 30), st.data())
def test_events_of_test_decide_nothing_about_train_and_validation(
    before: list[Row], test: list[Row], other: list[Row], data: st.DataObject
) -> None:
    policy, filters = data.draw(st.sampled_from(POLICIES)), data.draw(st.sampled_from(list(FILTERS)))
    way = data.draw(st.sampled_from(["moments", "published", "default"]))
    splitter = {"moments": at_fixed_moments, "published": published_split, "default": default_split}[way]
    one, changed = (
        splitter(built(SOLID + before + held_out, parts=way != "moments", duplicates=policy, filters=FILTERS[filters]))
        for held_out in (test, other)
    )
    assert events(one.train) == events(changed.train)
    assert events(one.validation) == events(changed.validation)
    assert events(one.train_and_validation) == events(changed.train_and_validation)


@settings(max_examples=30, deadline=None)
@given(times_of(0, 9), times_of(10, 14), times_of(10, 14), st.sampled_from(POLICIES), st.sampled_from(list(FILTERS)))
def test_events_of_validation_decide_nothing_about_train(
    before: list[Row], validation: list[Row], other: list[Row], policy: Policy, filters: str
) -> None:
    one, changed = (
        at_fixed_moments(built(SOLID + before + held_out, duplicates=policy, filters=FILTERS[filters]))
        for held_out in (validation, other)
    )
    assert events(one.train) == events(changed.train)
