"""The audit: every fault, planted, is found and named; clean data passes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.readers.recbole import recbole_files
from ragx.data.split import SealedTest, Split
from ragx.data.splits.cold import cold_users_split
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.splitters import published_split, random_split, time_split
from ragx.evaluation.audit import audit
from ragx.evaluation.findings import Audit, Finding


def _audit(dataset: Dataset, split: Split) -> dict[str, Finding]:
    return {finding.question: finding for finding in audit(dataset, split, on_open=lambda reason: None).findings}


def _dataset(rows: list[tuple[str, str, int]], published: list[str] | None = None) -> Dataset:
    table = pl.DataFrame(rows, schema=["user", "item", "timestamp"], orient="row")
    parts = None if published is None else pl.Series(published)
    return Dataset("small", Interactions.from_events(table), published=parts)


def _grid() -> list[tuple[str, str, int]]:
    """Return 20 users with 10 of 40 items each, one event a second."""
    pairs = [(user, (7 * user + 3 * turn) % 40) for turn in range(10) for user in range(20)]
    return [(f"u{user}", f"i{item}", second) for second, (user, item) in enumerate(pairs)]


def test_the_test_part_opens_for_a_stated_reason(tiny_shop: Dataset, tiny_split: Split) -> None:
    reasons: list[str] = []
    report = audit(tiny_shop, tiny_split, on_open=reasons.append)
    assert reasons == ["audit of the split"] == [report.opened]
    assert report.fingerprint == tiny_split.fingerprint
    assert report.as_dict()["findings"][0]["question"] == "counts after each filter"


def test_a_planted_leak_fails_and_names_the_pairs() -> None:
    rows = _grid()
    parts = ["train"] * 160 + ["validation"] * 20 + ["test"] * 20
    clean = _dataset(rows, parts)
    question = "pairs in published train and test"
    assert _audit(clean, published_split(clean))[question].verdict == "pass"
    leaked = [*rows, (*rows[185][:2], 0), (*rows[186][:2], 0)]
    dataset = _dataset(leaked, [*parts, "train", "train"])
    report = audit(dataset, published_split(dataset), on_open=lambda reason: None)
    finding = next(candidate for candidate in report.findings if candidate.question == question)
    assert (finding.verdict, finding.count, report.verdict) == ("fail", 2, "fail")
    assert set(finding.examples) == {f"({user}, {item})" for user, item, _ in rows[185:187]}
    between = {candidate.question: candidate.verdict for candidate in report.findings}
    assert between["pairs in train and test"] == "pass"  # the split left the repeats out
    assert between["pairs in published train and validation"] == "pass"


def test_a_split_that_leaks_fails() -> None:
    dataset = _dataset(_grid())
    split = time_split(dataset)
    test = split.test.open(reason="test of the audit", on_open=lambda reason: None)
    leaking = replace(split, train=split.train.concatenate(test), test=SealedTest(test))
    finding = _audit(dataset, leaking)["pairs in train and test"]
    assert (finding.verdict, finding.count) == ("fail", len(test))


@pytest.mark.parametrize(
    ("make", "globally", "per_user"),
    [(random_split, "warn", "warn"), (leave_last_out_split, "warn", "pass"), (time_split, "pass", "pass")],
)
def test_the_future_in_train(
    tiny_shop: Dataset, make: Callable[[Dataset], Split], globally: str, per_user: str
) -> None:
    findings = _audit(tiny_shop, make(tiny_shop))
    assert findings["future in train, globally"].verdict == globally
    assert findings["future in train, per user"].verdict == per_user


def test_the_future_is_counted_by_hand() -> None:
    rows = [("u", "a", 1), ("u", "b", 5), ("u", "c", 3), ("v", "a", 4), ("v", "b", 2), ("w", "d", 9), ("w", "a", 8)]
    parts = ["train", "train", "validation", "train", "train", "test", "train"]
    dataset = _dataset(rows, parts)
    findings = _audit(dataset, published_split(dataset))
    assert findings["future in train, globally"].count == 3  # at 5, 4 and 8, after the validation event at 3
    assert findings["future in train, per user"].count == 1
    assert findings["future in train, per user"].examples == ("u",)
    assert findings["cold items in test"].examples == ("d",)
    assert findings["cold items in validation"].count == 1
    timeless = Dataset(
        "small",
        Interactions(
            dataset.interactions.table.drop("timestamp"), dataset.interactions.users, dataset.interactions.items
        ),
        published=dataset.published,
    )
    assert _audit(timeless, published_split(timeless))["future in train"].verdict == "warn"


def test_negatives_that_avoid_held_out_items_fail() -> None:
    dataset = _dataset(_grid())
    split = random_split(dataset)
    test = split.test.open(reason="test of the audit", on_open=lambda reason: None)
    every = torch.zeros(20, 40, dtype=torch.bool)
    for part in (split.train, split.validation, test):
        every[torch.tensor(part.column("user")), torch.tensor(part.column("item"))] = True

    def avoiding(users: torch.Tensor) -> torch.Tensor:
        return torch.multinomial((~every[users]).double(), 1)

    question = "negatives that avoid held-out items"
    report = audit(dataset, split, on_open=lambda reason: None, draw_negatives=avoiding)
    leak = next(finding for finding in report.findings if finding.question == question)
    assert (leak.verdict, leak.count) == ("fail", 0)
    assert _audit(dataset, split)[question].verdict == "pass"


def test_users_with_every_item_are_left_out_of_the_draw_and_named() -> None:
    rows = _grid()
    full = [("full", f"i{item}", 1_000 + item) for item in range(40)]
    dataset = _dataset([*rows, *full], ["train"] * 160 + ["validation"] * 20 + ["test"] * 20 + ["train"] * 40)
    findings = _audit(dataset, published_split(dataset))
    saturated = findings["users with every item"]
    assert (saturated.verdict, saturated.count, saturated.examples) == ("warn", 1, ("full",))
    assert "1 users have every item in train" in saturated.message
    assert findings["negatives that avoid held-out items"].verdict == "pass"
    assert findings["negatives that avoid held-out items"].count > 0
    clean = _dataset(rows)
    assert _audit(clean, random_split(clean))["users with every item"].verdict == "pass"


def test_an_audit_ends_where_every_train_user_has_every_item() -> None:
    rows = [(user, item, 1) for user in "abcdefghij" for item in "xy"]
    dataset = _dataset(rows)
    findings = _audit(dataset, cold_users_split(dataset))
    assert findings["users with every item"].count == 8
    assert findings["negatives that avoid held-out items"].verdict == "pass"


def test_what_is_no_split_is_refused() -> None:
    with pytest.raises(ValueError, match=r"split: expected a function that returns a ragx\.data\.Split, got a dict"):
        audit(_dataset(_grid()), {}, on_open=lambda reason: None)  # type: ignore[arg-type]


def test_doubled_events_and_repeated_pairs() -> None:
    rows = _grid()
    dataset = _dataset([*rows, rows[3], rows[3], (*rows[5][:2], 500)])
    findings = _audit(dataset, random_split(dataset))
    assert (findings["doubled events"].verdict, findings["doubled events"].count) == ("warn", 2)
    assert findings["doubled events"].examples == (f"({rows[3][0]}, {rows[3][1]})",)
    assert findings["pairs with several events"].count == 2


def test_crowds_and_bots_are_named() -> None:
    rows = [(f"u{user}", f"i{user % 7}", user) for user in range(200)]
    rows += [("crawler", f"j{item}", 300 + item) for item in range(400)]
    dataset = _dataset(rows)
    findings = _audit(dataset, random_split(dataset, validation=0.2, test=0.2))
    assert findings["users that hold most pairs"].verdict == "warn"
    assert findings["users that hold most pairs"].examples[0] == "crawler (400)"
    bots = findings["users far out of line (bots)"]
    assert (bots.verdict, bots.count, bots.examples) == ("warn", 1, ("crawler (400)",))
    clean = _dataset(_grid())
    assert _audit(clean, random_split(clean))["users far out of line (bots)"].verdict == "pass"


def test_near_duplicates_titles_and_constant_columns() -> None:
    sets = {"even": range(0, 30, 2), "low": range(15), "twin": range(15), "high": range(20, 30), "all": range(30)}
    rows = [(f"u{user}", item, user) for item, users in sets.items() for user in users]
    events = pl.DataFrame(rows, schema=["user", "item", "timestamp"], orient="row")
    titles = pl.DataFrame({"item": ["even", "low", "high"], "title": ["Tea ", "tea", "Milk"], "shop": ["x"] * 3})
    interactions = Interactions.from_events(events.with_columns(value=pl.lit(1.0)))
    dataset = Dataset("small", interactions, tables={"items": titles})
    findings = _audit(dataset, random_split(dataset, validation=0.3, test=0.3))
    assert findings["near-duplicate items"].examples == ("low ~ twin (1.00)",)
    assert findings["items of one title"].examples == ("'tea': even, low",)
    assert findings["constant columns"].examples == ("items.shop",)
    assert findings["values as weights"].count == len(random_split(dataset, validation=0.3, test=0.3).train)


def test_counts_after_each_filter() -> None:
    steps = (("read", 10, 20, 100), ("minimum value", 9, 20, 90), ("k-core", 4, 5, 30))
    dataset = replace(_dataset(_grid()), steps=steps)
    finding = _audit(dataset, random_split(dataset))["counts after each filter"]
    assert (finding.verdict, finding.count) == ("warn", 1)
    assert finding.examples[2] == "k-core: 4 users, 5 items, 30 events"


def test_what_the_split_left_out_is_said() -> None:
    rows = _grid()
    dataset = _dataset([*rows, (*rows[0][:2], 900)])
    finding = _audit(dataset, time_split(dataset))["events left out by the split"]
    assert (finding.verdict, finding.count, finding.examples) == ("pass", 1, ("test repeats left out: 1",))


def test_ties_in_time_are_said_of_leave_last_out_alone() -> None:
    tied = [("u", "abcd"[index], 5) for index in range(4)]
    clear = [(f"v{user}", "abcd"[index], index) for user in range(9) for index in range(4)]
    for events, verdict, count in ((clear, "pass", 0), (clear + tied, "warn", 1)):
        dataset = _dataset(events)
        finding = _audit(dataset, leave_last_out_split(dataset))["ties in time"]
        assert (finding.verdict, finding.count) == (verdict, count)
    assert "Of 1 users the last items come in one second with earlier ones" in finding.message
    assert "(10 users are in test)" in finding.message
    many = [(f"v{user}", "abcd"[index], index) for user in range(29) for index in range(4)]
    dataset = _dataset(many + tied)
    assert _audit(dataset, leave_last_out_split(dataset))["ties in time"].verdict == "pass"  # one of thirty
    assert "ties in time" not in _audit(dataset, random_split(dataset, validation=0.25, test=0.25))


def test_the_verdict_is_the_worst() -> None:
    def one(verdict: str) -> Finding:
        return Finding(question="q", verdict=verdict, count=1, message="m", advice="a")  # type: ignore[arg-type]

    assert Audit("d", "s", "f", (one("pass"), one("warn")), "r").verdict == "warn"
    assert Audit("d", "s", "f", (one("fail"), one("warn")), "r").verdict == "fail"
    assert Audit("d", "s", "f", (), "r").verdict == "pass"


def test_ml_100k_warns_at_random_and_not_by_time(real_data: Path) -> None:
    dataset = recbole_files(path="ml-100k/ml-100k", root=str(real_data))
    at_random, by_time = _audit(dataset, random_split(dataset)), _audit(dataset, time_split(dataset))
    for question in ("future in train, globally", "future in train, per user"):
        assert at_random[question].verdict == "warn"
        assert by_time[question].verdict == "pass"
    assert by_time["cold users in test"].verdict == "warn"
    assert np.all([finding.verdict != "fail" for finding in by_time.values()])
