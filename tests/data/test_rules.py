"""From raw events to clean ones."""

from typing import Any

import polars as pl
import pytest

from ragx.data.columns import as_ids, check_columns
from ragx.data.filters import KCore, MinimumValue
from ragx.data.interactions import Interactions
from ragx.data.rules import EventRules
from ragx.data.source import Source

HERE = Source("orders.csv", lambda row: row + 2)
EVENTS = {
    "user": ["ann", "ann", "bob", "ann"],
    "item": ["x", "y", "x", "x"],
    "value": ["1", "2", "3", "4.5"],
    "time": [30, 20, 10, 5],
}


def applied(
    rules: EventRules | None = None, **columns: list[Any]
) -> tuple[Interactions, list[tuple[str, int, int, int]]]:
    interactions, steps = (rules or EventRules()).apply(pl.DataFrame({**EVENTS, **columns}), HERE)
    return interactions, list(steps)


def outside(some: Interactions) -> list[tuple[Any, ...]]:
    columns = [some.users.outside(some.column("user")), some.items.outside(some.column("item"))]
    return list(zip(*columns, *(some.column(each).tolist() for each in some.table.columns[2:]), strict=True))


def test_types_become_those_of_interactions() -> None:
    some, steps = applied()
    assert outside(some) == [("ann", "x", 1, 30), ("ann", "y", 2, 20), ("bob", "x", 3, 10), ("ann", "x", 4.5, 5)]
    assert steps == [("read", 2, 2, 4)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("keep", [("ann", "x", 1, 30), ("ann", "y", 2, 20), ("bob", "x", 3, 10), ("ann", "x", 4.5, 5)]),
        ("first", [("ann", "x", 4.5, 5), ("bob", "x", 3, 10), ("ann", "y", 2, 20)]),
        ("last", [("bob", "x", 3, 10), ("ann", "y", 2, 20), ("ann", "x", 1, 30)]),
        ("sum", [("ann", "x", 5.5, 30), ("bob", "x", 3, 10), ("ann", "y", 2, 20)]),
    ],
)
def test_duplicates_by_policy(policy: Any, expected: list[tuple[Any, ...]]) -> None:
    assert outside(applied(EventRules(duplicates=policy))[0]) == expected


def test_duplicates_without_times_go_by_place_and_without_values_are_counted() -> None:
    raw = pl.DataFrame({"user": [1, 1, 1], "item": [7, 7, 8]})
    assert outside(EventRules(duplicates="sum").apply(raw, HERE)[0]) == [(1, 7, 2), (1, 8, 1)]
    valued = raw.with_columns(value=pl.Series([3.0, 4.0, 5.0]))
    assert outside(EventRules(duplicates="last").apply(valued, HERE)[0]) == [(1, 7, 4), (1, 8, 5)]


def test_another_kind_is_no_duplicate() -> None:
    kinds = EventRules(duplicates="first")
    assert len(applied(kinds, kind=["view", "view", "view", "buy"])[0]) == 4


def test_duplicates_as_an_error_name_one() -> None:
    with pytest.raises(ValueError, match=r"2 rows that repeat, such as user 'ann' and item 'x'.*rules.duplicates"):
        applied(EventRules(duplicates="error"))
    assert len(applied(EventRules(duplicates="error"), item=["x", "y", "x", "z"])[0]) == 4


def test_steps_are_counted_and_what_is_gone_leaves_the_maps() -> None:
    rules = EventRules(negative="drop", empty_ids="drop", filters=[MinimumValue(at_least=2), KCore(users=1, items=1)])
    some, steps = applied(rules, user=["ann", "", "bob", "cid"], value=[1.0, 9.0, -3.0, 4.5])
    assert steps == [
        ("read", 3, 2, 4),
        ("empty ids dropped", 3, 1, 3),
        ("negative values dropped", 2, 1, 2),
        ("value of at least 2", 1, 1, 1),
        ("1-core", 1, 1, 1),
    ]
    assert outside(some) == [("cid", "x", 4.5, 5)]
    assert some.users.ids.to_list() == ["cid"]
    assert some.items.ids.to_list() == ["x"]


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"nothing is left after 'value of at least 9'; counts before: .*'read', 2, 2, 4"
    ):
        applied(EventRules(filters=[MinimumValue(at_least=9)]))


@pytest.mark.parametrize("bad", ["NaN", "inf", "-inf", "many", "", None, "1,5"])
def test_values_that_are_no_finite_number(bad: str | None) -> None:
    with pytest.raises(ValueError, match=r"orders\.csv, line 4: expected a finite number in column value, got"):
        applied(value=["1", "2", bad, "4"])


def test_negative_values_are_refused_unless_told() -> None:
    with pytest.raises(ValueError, match=r"line 3: expected a value of at least 0, got '-2'.*rules\.negative=drop"):
        applied(value=["1", "-2", "3", "4"])
    assert applied(EventRules(negative="keep"), value=["1", "-2", "3", "4"])[0].column("value").min() == -2


@pytest.mark.parametrize("side", ["user", "item"])
def test_an_empty_id_is_named_with_its_line(side: str) -> None:
    for empty in ("", None):
        with pytest.raises(ValueError, match=rf"line 3: expected an id in column {side}, got an empty cell"):
            applied(None, **{side: ["a", empty, "c", "d"]})


def test_ids_of_any_script_stay_as_they_are() -> None:
    ids = ["Ж", "東京", "007", " 7"]
    assert applied(user=ids)[0].users.ids.to_list() == ids


def test_ids_of_other_types() -> None:
    assert as_ids(pl.Series([1.0, None, float("nan")]), "user", HERE).to_list() == [1, None, None]
    assert as_ids(pl.Series(["a", "b"], dtype=pl.Categorical), "user", HERE).to_list() == ["a", "b"]
    assert as_ids(pl.Series([2**63], dtype=pl.UInt64), "user", HERE).to_list() == [str(2**63)]
    with pytest.raises(ValueError, match=r"line 3: expected text or whole numbers as ids in column user, got 1\.5"):
        as_ids(pl.Series([1.0, 1.5]), "user", HERE)
    with pytest.raises(ValueError, match="as ids in column user, got Boolean"):
        as_ids(pl.Series([True]), "user", HERE)


def test_mappings_are_checked() -> None:
    assert check_columns({"user": "u", "item": "i", "timestamp": "t", "kind": None}) == {
        "user": "u",
        "item": "i",
        "time": "t",
    }
    with pytest.raises(ValueError, match=r"columns.itm: unknown field.*Did you mean 'item'"):
        check_columns({"user": "u", "itm": "i"})
    with pytest.raises(ValueError, match="either time or timestamp"):
        check_columns({"user": "u", "item": "i", "timestamp": "t", "time": "t"})
    with pytest.raises(ValueError, match="expected user and item at least"):
        check_columns({"user": "u", "item": None})


def test_a_policy_that_is_not_there_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"rules\.duplicates: expected one of keep, sum.*Did you mean 'last'"):
        EventRules(duplicates="lasst")  # type: ignore[arg-type]
