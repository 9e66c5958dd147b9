"""Advice of splits, rankings, metrics and statistics."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data.batches import PairBatches
from ragx.data.cleaning.filters import KCore, KindsOfEvent
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset, check_dataset, check_name
from ragx.data.features import feature_joins
from ragx.data.interactions import Interactions
from ragx.data.negatives import Negatives, NegativeSampler
from ragx.data.readers.events import build_dataset
from ragx.data.source import Source
from ragx.data.splits.cold import cold_users_split
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.origins import origin_split
from ragx.data.splits.splitters import random_split
from ragx.data.splits.user_time import user_time_split
from ragx.evaluation.audit import audit
from ragx.evaluation.conventions import LIGHTGCN, Conventions
from ragx.evaluation.evaluate import evaluate
from ragx.evaluation.group_reports import user_labels
from ragx.evaluation.groups import deciles
from ragx.evaluation.names import parse_metrics
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.protocol import Protocol
from ragx.evaluation.significance import compare
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import rank
from ragx.ranking.recommendations import titles_said
from ragx.ranking.scorers import Constant, InnerProduct

ROWS_OF = [(f"u{user}", f"i{(user + step) % 7}", 100 * step + user) for user in range(10) for step in range(5)]
LISTS = ItemLists.from_pairs(torch.tensor([0, 1]), torch.tensor([0, 1]), 2)
SEEN = ItemLists.from_pairs(torch.tensor([0, 1]), torch.tensor([1, 0]), 2)
SCORES = torch.tensor([1.0, 2.0])
PLAIN = Conventions(masked="nothing")


def shop(rows: list[tuple[str, str, int]] = ROWS_OF, times: bool = True) -> Dataset:
    frame = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    return build_dataset("shop", frame if times else frame.drop("time"), Source("shop.csv"))


FRAME = pl.DataFrame(ROWS_OF, schema=["user", "item", "time"], orient="row")


def opened(protocol: Protocol) -> object:
    split = cold_users_split(shop(), validation=0.2, test=0.2)
    scorer = Constant(torch.arange(split.train.num_items).float(), split.train.num_users)
    return protocol.test({"model": scorer}, split, reason="the end", on_open=print)


EVERYTHING = [(user, item, 0) for user in "uv" for item in "ab"]
ALL_BUT_ONE = EVERYTHING[1:]


def evaluated(seen: ItemLists | None, conventions: Conventions) -> Callable[[], object]:
    return lambda: evaluate(Constant(SCORES, 2), LISTS, seen, cutoffs=[1], conventions=conventions)


def per_user(*values: float, **options: Any) -> PerUnitRun:
    tables = {seed: pl.DataFrame({"user": [0], "recall@20": [value]}) for seed, value in enumerate(values)}
    return PerUnitRun(tables, LIGHTGCN, "f", **options)


def of_users(*values: float) -> PerUnitRun:
    table = pl.DataFrame({"user": range(len(values)), "recall@20": values})
    return PerUnitRun({0: table}, LIGHTGCN, "f")


def described() -> Dataset:
    """Return a shop that says something of one user alone."""
    made = shop()
    return Dataset(made.name, made.interactions, tables={"users": pl.DataFrame({"user": ["u1"], "age": [30.0]})})


def without_user(user: int) -> Interactions:
    made = shop().interactions
    return Interactions(made.table.filter(pl.col("user") != user), made.users, made.items)


def shop_with(**columns: list[str | None]) -> Dataset:
    """Return a shop with a table of an item that is sold and one that is not."""
    made = shop()
    return Dataset(
        made.name,
        made.interactions,
        tables={"items": pl.DataFrame({"item": ["i1", "i99"], "kind": ["a", "b"], **columns})},
    )


def labels(kinds: int) -> Callable[[], object]:
    ids = [f"u{user}" for user in range(kinds)]
    data = shop([(user, "ab"[row % 2], row) for row, user in enumerate(ids)])
    table = pl.DataFrame({"user": ids, "town": ids})
    merged = pl.DataFrame({"user": ids, "town": [name[:2] for name in ids]})
    return lambda: user_labels("town", table if kinds == 2000 else merged, data.interactions.users)


def batches(rows: list[tuple[str, str, int]], negatives: bool = True) -> PairBatches:
    return PairBatches(shop(rows).interactions, batch_size=4, seed=0, negatives=Negatives() if negatives else None)


def drawn(without: bool) -> object:
    sampler = batches(ALL_BUT_ONE).sampler
    assert isinstance(sampler, NegativeSampler)
    users = torch.arange(2)
    users = users[~torch.isin(users, sampler.users_without)] if without else users
    return sampler.draw(users, torch.Generator())


ROWS: dict[str, tuple[Callable[[], object], ...]] = {
    "choose objective=in_batch_softmax": (lambda: batches(EVERYTHING), lambda: batches(EVERYTHING, negatives=False)),
    "leave out what users_without names": (lambda: drawn(without=False), lambda: drawn(without=True)),
    "expected at least 1 in each: choose greater fractions": (
        lambda: cold_users_split(shop(), validation=0.01, test=0.01),
        lambda: cold_users_split(shop(), validation=0.2, test=0.2),
    ),
    "choose fewer origins or less": (
        lambda: origin_split(shop(), origins=9, test=0.1, validation=0.1),
        lambda: origin_split(shop(), origins=2, test=0.1, validation=0.1),
        lambda: origin_split(shop(), origins=9, test=0.05, validation=0.05),
    ),
    "nobody knows which events were last: choose split=random, or name the column of times": (
        lambda: user_time_split(shop(times=False)),
        lambda: random_split(shop(times=False), validation=0.2, test=0.2),
        lambda: user_time_split(shop(), validation=0.2, test=0.2),
    ),
    "nobody knows which item was last: choose split=random, or name the column of times": (
        lambda: leave_last_out_split(shop(times=False)),
        lambda: random_split(shop(times=False), validation=0.2, test=0.2),
        lambda: leave_last_out_split(shop()),
    ),
    "Choose other fractions or a split": (
        lambda: random_split(shop(), validation=0.001),
        lambda: random_split(shop(), validation=0.2, test=0.2),
        lambda: leave_last_out_split(shop()),
    ),
    "set dataset.rules._target_ to that": (
        lambda: build_dataset("shop", FRAME, Source("shop.csv"), rules=KCore()),  # type: ignore[arg-type]
        lambda: build_dataset("shop", FRAME, Source("shop.csv"), rules=EventRules()),
    ),
    "got a … from it: change split._target_": (
        lambda: audit(shop(), shop(), on_open=print),  # type: ignore[arg-type]
        lambda: audit(shop(), random_split(shop(), validation=0.2, test=0.2), on_open=print),
    ),
    "no user with test items has train interactions, and the test part stays sealed": (
        lambda: opened(Protocol()),
        lambda: opened(Protocol(cold_users="popularity")),
        lambda: opened(Protocol(cold_users="model")),
    ),
    "got a … from it: change dataset._target_": (lambda: check_dataset([]), lambda: check_dataset(shop())),
    "dataset.name: expected at most … bytes, got …: shorten it": (
        lambda: check_name("n" * 300),
        lambda: check_name("n" * 30),
    ),
    "expected a list of kinds, got …: use []": (
        lambda: KindsOfEvent(kinds="buy"),
        lambda: KindsOfEvent(kinds=["buy"]),
    ),
    "evaluation.final=true opens it once, at the end, and in Python test.open with a reason": (
        lambda: random_split(shop(), validation=0.2, test=0.2).test.table,
        lambda: random_split(shop(), validation=0.2, test=0.2).test.open(reason="the end", on_open=print),
    ),
    "pass the seen items with masked='seen', or None with masked='nothing'": (
        evaluated(SEEN, PLAIN),
        evaluated(SEEN, LIGHTGCN),
        evaluated(None, PLAIN),
    ),
    "merge them in a column of the table": (labels(2000), labels(20)),
    "leave those without a value out": (lambda: deciles([1, np.nan]), lambda: deciles([1, 2])),
    "the exact ranking is fast: ask for the plain metric": (
        lambda: parse_metrics(["sampled_ndcg"], [10]),
        lambda: parse_metrics(["ndcg"], [10]),
    ),
    "give one of them": (
        lambda: per_user(1, 1, deterministic=True),
        lambda: per_user(1, deterministic=True),
    ),
    "evaluate the run again before comparing it": (
        lambda: per_user(np.nan).matrix("recall@20"),
        lambda: per_user(0.5).matrix("recall@20"),
    ),
    "conventions.cold_users: expected null, as evaluation.cold_users=… says it": (
        lambda: Protocol(conventions=Conventions(cold_users="popularity")),
        lambda: Protocol(conventions=Conventions(), cold_users="popularity"),
    ),
    "Evaluate both on the same …": (
        lambda: compare(per_user(1), of_users(0, 1), "recall@20"),
        lambda: compare(of_users(1, 0), of_users(0, 1), "recall@20"),
    ),
    "choose another, or model.features=false": (
        lambda: feature_joins(described(), without_user(1)),
        lambda: feature_joins(described(), without_user(2)),
    ),
    "Fill column … of the table of items, or leave it out": (
        lambda: titles_said(shop_with(title=[None, "B"])),
        lambda: titles_said(shop_with(title=["A", "B"])),
        lambda: titles_said(shop_with()),
    ),
    "look for a diverged training or a division by zero": (
        lambda: rank(InnerProduct(SCORES[:, None] / 0, SCORES[:, None] * 0), k=1),
        lambda: rank(InnerProduct(SCORES[:, None], SCORES[:, None]), k=1),
    ),
    "ItemLists.from_pairs sorts them": (
        lambda: ItemLists(torch.tensor([0, 2]), torch.tensor([1, 0])),
        lambda: ItemLists.from_pairs(torch.tensor([0, 0]), torch.tensor([1, 0]), 1),
    ),
}


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(advice: str, follow: Callable[..., None]) -> None:
    follow(advice, *ROWS[advice])
