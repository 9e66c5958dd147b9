"""The audit of cells: each fault, planted, is counted and named, with advice; clean data has none."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.dataset import Dataset
from ragx.data.generated.shop import generated_shop
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.splitters import random_split, time_split
from ragx.evaluation import audit_data, audit_ids, audit_shares, audit_times, audit_values
from ragx.evaluation.audit import audit
from ragx.evaluation.findings import Finding

Way = Callable[[Dataset], Split]
DAY, START = 86_400, 1_700_000_000
KINDS = ("cold users", "cold items", "users measured")
ABOUT_SPLITS = {
    *("future in train, globally", "future in train, per user"),
    *(
        f"{kind} in {part}"
        for kind in ("cold users", "cold items", "users measured")
        for part in ("validation", "test")
    ),
}


def _events(rows: int = 200, **columns: Sequence[object]) -> Interactions:
    """Return events of 20 users and 40 items, one an hour, with some columns replaced."""
    table = pl.DataFrame(
        {
            "user": [f"u{row % 20}" for row in range(rows)],
            "item": [f"i{(7 * (row % 20) + 3 * (row // 20)) % 40}" for row in range(rows)],
            "timestamp": [START + 3600 * row for row in range(rows)],
        }
    )
    return Interactions.from_events(table.with_columns(pl.Series(name, cells) for name, cells in columns.items()))


def _values(events: Interactions) -> dict[str, Finding]:
    return _named(audit_values.values(events, events, events.filter(np.arange(len(events)) >= 180)))


def _named(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.question: finding for finding in findings}


def test_values_of_0_are_counted_over_all_and_in_test() -> None:
    finding = _values(_events(value=[2.0] * 50 + [0.0] * 140 + [0.5] * 10))["values of 0"]
    assert (finding.verdict, finding.count) == ("warn", 140)
    assert "140 of 200 events have the value 0, 10 of 20 in test" in finding.message
    assert "at_least: 0.5}]'" in finding.advice
    assert _values(_events(value=[2.0, 1.0] * 100))["values of 0"].verdict == "pass"
    assert "Name the column" in _values(_events(value=[0.0] * 200))["values of 0"].advice


@pytest.mark.parametrize(
    ("values", "low", "least"),
    [
        ([1, 2, 3, 4, 4, 4, 5, 5, 5, 3], 40, "4.0"),  # stars
        ([0.5, 1, 2.5, 3, 3.5, 4, 4, 4, 4.5, 5], 60, "4.0"),  # half stars, 2.5 is below the middle of 2.75
        ([1, 3, 10, 8, 8, 8, 7, 7, 8, 9], 40, "8.0"),
    ],
)
def test_ratings_are_told_from_their_scale(values: list[float], low: int, least: str) -> None:
    finding = _values(_events(value=[float(number) for number in values] * 20))["ratings taken for clicks"]
    assert (finding.verdict, finding.count) == ("warn", low)
    assert f"at_least: {least}}}]'" in finding.advice


@pytest.mark.parametrize(
    "values",
    [
        [1, 1, 1, 1, 1, 2, 2, 3, 4, 5],  # quantities
        [1, 0, 1, 1, 1, 1, 0, 1, 1, 1],  # clicks
        [4, 5, 4, 5, 4, 5, 4, 5, 4, 5],  # ratings of which the low ones were left out
        [1.99, 2.5, 3.25, 9.9, 9.9, 5, 6, 7, 8, 9],  # prices
        [5, 5, 5, 5, 50, 120, 7, 8, 1, 2],
    ],
)
def test_quantities_clicks_and_prices_are_no_ratings(values: list[float]) -> None:
    assert _values(_events(value=list(map(float, values)) * 20))["ratings taken for clicks"].verdict == "pass"


def test_ratings_come_once_a_pair() -> None:
    stars = [float(number) for number in [1, 2, 3, 4, 4, 4, 5, 5, 5, 3]] * 20
    repeated = _events(item=["i0"] * 100 + ["i1"] * 100, value=stars)
    assert _values(repeated)["ratings taken for clicks"].verdict == "pass"


@pytest.mark.parametrize(("value", "effect"), [(0.0, "leave no edge"), (3.0, "say nothing")])
def test_values_that_are_no_weights(value: float, effect: str) -> None:
    finding = _values(_events(value=[value] * 200))["values as weights"]
    assert (finding.verdict, finding.count) == ("warn", 200)
    assert effect in finding.message
    assert _values(_events(value=[1.0, 2.0] * 100))["values as weights"].verdict == "pass"


@pytest.mark.parametrize(
    ("first", "step", "count", "guess"),
    [
        (45_000, 1, 200, "days of a spreadsheet (such as 45000)"),
        (202_401, 0, 200, "years and months (such as 202401)"),
        (20_240_101, 0, 200, "years, months and days (such as 20240101)"),
        (2_020, 0, 200, "years (such as 2020)"),
        (0, 0, 200, "at its first second: empty cells stored as 0?"),
        (7, 1_000, 200, "another unit"),
    ],
)
def test_times_near_1970_are_told(first: int, step: int, count: int, guess: str) -> None:
    events = _events(timestamp=[first + step * row for row in range(200)])
    finding = _named(audit_times.times(events))["times near 1970"]
    assert (finding.verdict, finding.count) == ("warn", count)
    assert guess in finding.message
    assert finding.examples[0].startswith("1970-")


def test_a_few_times_near_1970_can_be_left_out() -> None:
    events = _events(timestamp=[0, -1, 1] + [START] * 197)
    finding = _named(audit_times.times(events))["times near 1970"]
    assert finding.count == 3
    assert "Period, first: 1971-01-01}]'" in finding.advice
    assert all(finding.verdict == "pass" for finding in audit_times.times(_events()))


def test_times_to_come_are_counted_by_a_clock() -> None:
    events = _events()
    assert all(finding.verdict == "pass" for finding in audit_times.times(events, now=START + 200 * 3600))
    finding = _named(audit_times.times(events, now=START - 2 * DAY + 150 * 3600))["times to come"]
    assert (finding.verdict, finding.count) == ("warn", 200 - 150 + 24 - 1)  # within a day clocks may disagree
    far = _named(audit_times.times(_events(timestamp=[2**60] * 200)))["times to come"]
    assert far.count == 200
    assert audit_times.times(Interactions(events.table.drop("timestamp"), events.users, events.items)) == []


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ("u1", "u1 ", "blanks"),
        ("u1", "U1", "case"),
        ("\u00e9", "e\u0301", "Unicode form"),
        ("u\uff11", "u1", "Unicode form"),
        ("1", "1.0", "a trailing .0"),
        ("07", "7", "leading zeros"),
        ("u1", "u\u200b1", "marks that nobody sees"),
        ("u1", "\ufeffU1", "spelling"),
    ],
)
def test_spellings_name_pairs(one: str, other: str, difference: str) -> None:
    users = [one, other, *(f"v{row}" for row in range(18))] * 10
    findings = _named(audit_ids.spellings(_events(user=users)))
    assert (findings["users of several spellings"].verdict, findings["users of several spellings"].count) == ("warn", 2)
    assert f"{difference} (2)" in findings["users of several spellings"].message
    strips = "dataset.rules.id_blanks=strip" in findings["users of several spellings"].advice
    assert strips is any(spelling != spelling.strip() for spelling in (one, other))
    assert set(findings["users of several spellings"].examples[0].split(" and ")) == {repr(one), repr(other)}
    assert findings["items of several spellings"].verdict == "pass"


def test_kinds_are_spelt_too_and_numbers_are_not() -> None:
    kinds = ["buy", "buy ", "Buy", "view"] * 50
    finding = _named(audit_ids.spellings(_events(kind=kinds)))["kinds of several spellings"]
    assert (finding.count, finding.verdict) == (3, "warn")
    assert set(_named(audit_ids.spellings(_events(user=list(range(20)) * 10)))) == {"items of several spellings"}


@pytest.mark.parametrize("word", ["nan", "NULL", "None", "n/a", "-", "Unknown", " null "])
def test_words_for_nothing_are_named(word: str) -> None:
    users = [f"u{row % 20}" if row % 20 else word for row in range(200)]
    findings = _named(audit_ids.nothings(_events(user=users)))
    assert findings["users that are none"].examples == (f"{word!r} (10)",)
    assert findings["users that are none"].advice.endswith("dataset.rules.empty_ids=drop.")
    assert findings["items that are none"].verdict == "pass"


@pytest.mark.parametrize("stand_in", [0, -1])
def test_a_number_stands_in_only_where_its_share_is_large(stand_in: int) -> None:
    usual = [row + 2 for row in range(180)]
    many = _events(user=[*usual, *[stand_in] * 20])
    assert _named(audit_ids.nothings(many))["users that are none"].examples == (f"{stand_in} (20)",)
    assert (
        _named(audit_ids.nothings(_events(user=[*usual, *[stand_in] * 5, *range(300, 315)])))[
            "users that are none"
        ].verdict
        == "pass"
    )


def test_attributes_are_counted_and_their_lack_is_named() -> None:
    def finding(rows: int) -> Finding:
        table = pl.DataFrame({"item": [f"i{item}" for item in range(rows)], "price": np.arange(rows) / 2})
        (finding,) = audit_ids.without_attributes(Dataset("small", _events(), tables={"items": table}))
        return finding

    assert (finding(30).verdict, finding(30).count) == ("warn", 10)
    assert "10 of 40 items have no attributes" in finding(30).message
    assert (finding(39).verdict, finding(39).count, finding(39).examples) == ("pass", 1, ("i39",))
    assert finding(40).message == "All 40 items have attributes."


def test_a_file_read_twice_is_told_without_times_too() -> None:
    once = _events()
    timeless = Interactions(once.table.drop("timestamp"), once.users, once.items)
    assert _named(audit_data.repeats(timeless))["doubled events"].verdict == "pass"
    finding = _named(audit_data.repeats(timeless.concatenate(timeless)))["doubled events"]
    assert (finding.verdict, finding.count) == ("warn", 200)
    assert "stand there 2 times" in finding.message
    some = timeless.concatenate(timeless.filter(np.arange(200) < 100))
    assert _named(audit_data.repeats(some))["doubled events"].verdict == "pass"  # bought again


def test_one_user_or_item_with_a_large_share_is_named() -> None:
    users = [f"u{row % 180}" if row < 160 else "default" for row in range(200)]
    findings = _named(audit_shares.outsize(_events(user=users, item=users[::-1])))
    assert (
        findings["users with a large share"].examples
        == findings["items with a large share"].examples
        == ("default (40)",)
    )
    assert findings["users with a large share"].verdict == "warn"
    assert {finding.verdict for finding in audit_shares.outsize(_events())} == {"pass"}


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 1000),
    users=st.integers(100, 400),
    items=st.integers(60, 300),
    split=st.sampled_from([time_split, random_split, leave_last_out_split]),
)
def test_a_generated_shop_has_no_fault_in_its_cells(seed: int, users: int, items: int, split: Way) -> None:
    shop = generated_shop(num_users=users, num_items=items, num_days=90, events_per_user=15, seed=seed)
    report = audit(shop, split(shop), on_open=lambda reason: None)
    assert {finding.question for finding in report.findings if finding.verdict != "pass"} <= ABOUT_SPLITS


def test_what_is_no_pass_says_what_to_do() -> None:
    events = _events(value=[0.0] * 200, timestamp=[0] * 200, kind=["buy", "Buy"] * 100)
    dataset = Dataset("small", events.concatenate(events))
    for finding in audit(dataset, random_split(dataset), on_open=lambda reason: None).findings:
        assert bool(finding.advice) == (finding.verdict != "pass"), finding.question
    with pytest.raises(AssertionError, match="no advice"):
        replace(finding, verdict="warn", advice="")
