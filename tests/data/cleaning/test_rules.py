"""From raw events to clean ones."""

from typing import Any

import polars as pl
import pytest

from ragx.data.cleaning.filters import Filter, KCore, KindsOfEvent, MinimumValue
from ragx.data.cleaning.rules import EventRules
from ragx.data.interactions import Interactions
from ragx.data.source import Source

HERE = Source("orders.csv", lambda row: row + 2)
EVENTS = {
    "user": ["ann", "ann", "bob", "ann"],
    "item": ["x", "y", "x", "x"],
    "value": ["1", "2", "3", "4.5"],
    "time": [30, 20, 10, 5],
}


WHOLE = ("duplicates", "filters")


def applied(
    rules: EventRules | None = None, **columns: list[Any]
) -> tuple[Interactions, list[tuple[str, int, int, int]]]:
    clean = (rules or EventRules()).apply(pl.DataFrame({**EVENTS, **columns}), HERE)
    return clean.interactions, list(clean.steps)


def outside(some: Interactions) -> list[tuple[Any, ...]]:
    columns = [some.users.outside(some.column("user")), some.items.outside(some.column("item"))]
    return list(zip(*columns, *(some.column(name).tolist() for name in some.table.columns[2:]), strict=True))


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
    assert outside(applied(EventRules(duplicates=policy, before_split=["duplicates"]))[0]) == expected


def test_without_times_the_largest_value_is_the_last_and_without_values_duplicates_are_counted() -> None:
    raw = pl.DataFrame({"user": [1, 1, 1], "item": [7, 7, 8]})
    assert outside(EventRules(duplicates="sum", before_split=WHOLE).apply(raw, HERE)[0]) == [(1, 7, 2), (1, 8, 1)]
    valued = raw.with_columns(value=pl.Series([3.0, 4.0, 5.0]))
    assert outside(EventRules(duplicates="last", before_split=WHOLE).apply(valued, HERE)[0]) == [(1, 7, 4), (1, 8, 5)]


def test_another_kind_or_part_is_no_duplicate() -> None:
    kinds = EventRules(duplicates="first", before_split=WHOLE)
    assert len(applied(kinds, kind=["view", "view", "view", "buy"])[0]) == 4
    assert len(applied(kinds, part=["train", "train", "train", "test"])[0]) == 4


def test_duplicates_as_an_error_name_one() -> None:
    message = (
        r"line 5: expected one event of each user, item, got user 'ann' .* again, as in line 2\. Set dataset\.rules"
    )
    with pytest.raises(ValueError, match=message):
        applied(EventRules(duplicates="error"))
    with pytest.raises(
        ValueError, match=r"line 4: .*user 'ann' and item 'x' again, as in line 3\. 2 rows are like this"
    ):
        applied(
            EventRules(duplicates="error", empty_ids="drop"), user=["", "ann", "ann", "ann"], item=["x", "x", "x", "x"]
        )
    assert len(applied(EventRules(duplicates="error"), item=["x", "y", "x", "z"])[0]) == 4


def test_steps_are_counted_and_what_is_gone_leaves_the_maps() -> None:
    filters = [MinimumValue(at_least=2), KCore(users=1, items=1)]
    rules = EventRules(negative="drop", empty_ids="drop", filters=filters, before_split=["filters"])
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
    with pytest.raises(ValueError, match=r"orders\.csv, line 4: expected a finite number in column 'value', got"):
        applied(value=["1", "2", bad, "4"])


def test_negative_values_are_refused_unless_told() -> None:
    with pytest.raises(
        ValueError,
        match=r"line 3: expected a value of at least 0 in .*, got '-2'.*dataset\.rules\.negative=drop",
    ):
        applied(value=["1", "-2", "3", "4"])
    assert applied(EventRules(negative="keep"), value=["1", "-2", "3", "4"])[0].column("value").min() == -2


@pytest.mark.parametrize("side", ["user", "item"])
def test_an_empty_id_is_named_with_its_line(side: str) -> None:
    for empty, got in (("", "an empty cell"), (None, "an empty cell"), (" \u00a0", r"' \\xa0'")):
        with pytest.raises(ValueError, match=rf"line 3: expected an id in column '{side}', got {got}"):
            applied(None, **{side: ["a", empty, "c", "d"]})


def test_ids_of_any_script_stay_as_they_are() -> None:
    ids = ["Ж", "東京", "007", " 7"]
    assert set(applied(user=ids)[0].users.ids) == set(ids)


def test_a_policy_that_is_not_there_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"dataset\.rules\.duplicates: expected one of keep, sum.*Did you mean 'last'"):
        EventRules(duplicates="lasst")  # type: ignore[arg-type]


def test_parts_stay_beside_their_events() -> None:
    raw = pl.DataFrame({**EVENTS, "part": ["train", "dev", " Test", "val"]})
    rules = EventRules(filters=[MinimumValue(at_least=2)], duplicates="last", before_split=WHOLE)
    interactions, _, part, *_ = rules.apply(raw, HERE)
    assert part is not None
    assert part.to_list() == ["validation", "test", "validation"]
    assert interactions.column("timestamp").tolist() == [5, 10, 20]
    assert "part" not in interactions.table.columns
    assert EventRules().apply(pl.DataFrame(EVENTS), HERE).part is None


@pytest.mark.parametrize(
    ("strange", "got"), [("tran", "'tran'.* Did you mean 'train'"), (None, "an empty cell"), ("", "an empty cell")]
)
def test_an_unknown_part_is_named_with_its_line(strange: str | None, got: str) -> None:
    expected = (
        rf"line 3: expected train, validation, test in column 'part' \(valid, val, dev mean validation\), got {got}"
    )
    with pytest.raises(ValueError, match=expected):
        applied(part=["train", strange, "val", "test"])


class Nonsense(Filter):
    @property
    def name(self) -> str:
        return "nonsense"

    def keep(self, table: pl.DataFrame) -> Any:
        return table["value"]


def test_filters_that_are_none_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"dataset\.rules\.filters: expected parts such as ragx\.data\.KCore, got str: "
    ):
        EventRules(filters=["5-core"])  # type: ignore[list-item]
    wanted = "Filter Nonsense: expected keep to return a polars Series of 4 truth values, got Series of 4 Float64"
    with pytest.raises(ValueError, match=wanted):
        applied(EventRules(filters=[Nonsense()], before_split=WHOLE))
    with pytest.raises(ValueError, match=r"KindsOfEvent: expected a list of kinds, got 'buy': use \[\]"):
        KindsOfEvent(kinds="buy")


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        (
            "value",
            pl.Series([[1.0]] * 4),
            r"a finite number in column 'value', got values of type List\(Float64\): convert",
        ),
        ("value", pl.Series([{"a": 1}] * 4), r"column 'value', got values of type Struct"),
        ("value", pl.Series([b"1"] * 4), r"column 'value', got values of type Binary"),
        ("value", pl.Series(["2024-01-01"] * 4).str.to_date(), r"column 'value', got values of type Date"),
        ("kind", pl.Series([["buy"]] * 4), r"a kind of event in column 'kind', got values of type List\(String\)"),
        ("kind", pl.Series([b"buy"] * 4), r"column 'kind', got values of type Binary"),
        ("kind", pl.Series(["buy", " ", "buy", "buy"]), r"line 3: expected a kind of event in column 'kind', got ' '"),
        ("part", pl.Series([b"train"] * 4), r"column 'part', got values of type Binary"),
    ],
)
def test_columns_of_other_types_are_refused_at_once(name: str, column: pl.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EventRules().apply(pl.DataFrame(EVENTS).with_columns(column.alias(name)), HERE)


def test_categories_serve_as_values_and_kinds() -> None:
    columns = {"value": ["1", "2", "3", "4.5"], "kind": ["view", "buy", "view", "buy"]}
    raw = pl.DataFrame(EVENTS).with_columns(pl.Series(name, column, pl.Categorical) for name, column in columns.items())
    some = EventRules().apply(raw, HERE).interactions
    assert some.column("value").tolist() == [1, 2, 3, 4.5]
    assert some.column("kind").tolist() == columns["kind"]


def test_messages_name_the_columns_of_the_file() -> None:
    source = HERE.naming({"user": "customer", "value": "amount"})
    with pytest.raises(ValueError, match=r"line 2: expected an id in column 'customer' \(user\), got an empty cell"):
        EventRules().apply(pl.DataFrame({**EVENTS, "user": ["", "b", "c", "d"]}), source)
    with pytest.raises(ValueError, match=r"a finite number in column 'amount' \(value\), got 'many'"):
        EventRules().apply(pl.DataFrame({**EVENTS, "value": ["1", "many", "3", "4"]}), source)
