"""The protocol: what it makes of a split, what it keeps between epochs, and what it refuses."""

import gc
import json
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.splitters import time_split
from ragx.evaluation import held_out
from ragx.evaluation.conventions import LIGHTGCN, TREC, Conventions
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.protocol import Protocol
from ragx.models.most_popular import MostPopular
from ragx.parts import PartsError, bind
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import Constant, InnerProduct, Scorer

TARGET = "ragx.evaluation.Protocol"


def popular(split: Split) -> Scorer:
    return MostPopular().fit(split.train)


def opened(protocol: Protocol, split: Split, **more: Any) -> EvaluationResult:
    looks: list[str] = []
    result = protocol.test({"model": popular(split)}, split, reason="a test", on_open=looks.append, **more)["model"]
    assert looks == ["a test"]
    return result


def shuffled(dataset: Dataset, seed: int) -> Dataset:
    """Return the same data from a file whose rows lie in another order, so that every row number is another."""
    interactions = dataset.interactions
    events = interactions.table.with_columns(
        user=interactions.users.outside(interactions.column("user")),
        item=interactions.items.outside(interactions.column("item")),
    )
    return replace(dataset, interactions=Interactions.from_events(events.sample(fraction=1.0, shuffle=True, seed=seed)))


@pytest.mark.parametrize("make", [lambda items: torch.zeros(items), lambda items: torch.ones(items)])
def test_the_order_of_the_file_changes_no_list_under_ties(
    tiny_shop: Dataset, make: Callable[[int], torch.Tensor]
) -> None:
    outcomes = []
    for dataset in (shuffled(tiny_shop, 1), shuffled(tiny_shop, 2)):
        split = time_split(dataset)
        train = split.train
        result = Protocol(cutoffs=[10, 20]).validate(Constant(make(train.num_items), train.num_users), split)
        assert result.tie_rate == 1
        lists = result.ranking
        users = train.users.outside(lists.users.numpy()).to_list()
        items = [train.items.outside(row[row >= 0].numpy()).to_list() for row in lists.items]
        outcomes.append((split.fingerprint, dict(zip(users, items, strict=True)), result.values))
    assert outcomes[0][:2] == outcomes[1][:2]
    assert outcomes[0][2] == pytest.approx(outcomes[1][2])


def test_a_full_evaluation_has_intervals_and_one_for_an_epoch_has_none(tiny_split: Split) -> None:
    protocol = Protocol(groups=["activity", "popularity"])
    full = protocol.validate(popular(tiny_split), tiny_split)
    assert set(full.intervals) == set(full.values)
    for name, interval in full.intervals.items():
        assert interval["low"] <= full.values[name] <= interval["high"]
        assert interval["few"] is ((full.per_user[name] > 0).sum() < 50)
    brief = protocol.validate(popular(tiny_split), tiny_split, metrics=["ndcg@20"])
    assert (brief.intervals, brief.groups) == ({}, {})
    assert brief.values["ndcg@20"] == full.values["ndcg@20"]
    assert Protocol(intervals=False).validate(popular(tiny_split), tiny_split).intervals == {}
    assert set(opened(protocol, tiny_split).groups) == {"activity", "popularity"}


def test_groups_of_users_and_items(tiny_split: Split) -> None:
    ids, rng = tiny_split.train.users.ids, np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "user": ids.reverse(),
            "segment": np.where(np.arange(120) % 3 == 0, "new", "old"),
            "member": np.arange(120) % 2 == 0,
            "age": [None, float("nan"), *rng.normal(40, 10, 118)],
            "rooms": rng.integers(1, 4, 120),
        }
    )
    names = ["activity", "popularity", "segment", "member", "age", "rooms"]
    protocol = Protocol(metrics=["recall", "ndcg"], cutoffs=[5, 15], groups=names)
    protocol.check_attributes(tiny_split, user_table=table)
    result = protocol.validate(popular(tiny_split), tiny_split, user_table=table)
    assert list(result.groups) == names
    assert json.loads(json.dumps([result.groups, result.intervals], allow_nan=False)) == [
        result.groups,
        result.intervals,
    ]
    assert list(result.groups["segment"]) == ["recall@15", "ndcg@15"]
    assert list(result.groups["popularity"]) == ["recall@15"]
    segment = result.groups["segment"]["ndcg@15"]
    assert (segment["groups"], segment["last_minus_first"]) == (["new", "old"], None)
    segments = dict(zip(table["user"], table["segment"], strict=True))
    of_new = [segments[ids[row]] == "new" for row in result.per_user["user"]]
    assert segment["mean"][0] == pytest.approx(result.per_user.filter(pl.Series(of_new))["ndcg@15"].mean())
    assert result.groups["member"]["recall@15"]["groups"] == ["false", "true"]
    for ordered in ("activity", "popularity", "age", "rooms"):
        report = result.groups[ordered]["recall@15"]
        assert report["last_minus_first"]["value"] == pytest.approx(report["mean"][-1] - report["mean"][0])
        assert len(report["groups"]) == (3 if ordered == "rooms" else len(set(report["groups"])))
    assert sum(result.groups["activity"]["ndcg@15"]["users"]) == len(result.per_user)
    assert result.groups["popularity"]["recall@15"]["mean"][-1] > 0


def test_groups_that_cannot_be_made_are_refused_before_training(tiny_split: Split) -> None:
    table = pl.DataFrame({"user": tiny_split.train.users.ids}).with_columns(
        email=pl.col("user"), tags=pl.lit(["a"]), nothing=pl.lit(None, dtype=pl.String)
    )
    for name, message in (
        ("segmnt", "groups: expected one of activity, popularity, email, tags, nothing; got 'segmnt'"),
        ("email", "expected 1 to 50 kinds of users in column email, got 120; merge them"),
        ("tags", "expected numbers, categories, text or truth values in column tags, got List"),
        ("nothing", "expected 1 to 50 kinds of users in column nothing, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            Protocol(groups=[name]).check_attributes(tiny_split, user_table=table)
    with pytest.raises(ValueError, match=r"groups: expected one of activity, popularity; got 'age'"):
        Protocol(groups=["age"]).check_attributes(tiny_split)


def test_diversity_takes_the_features_it_is_given(tiny_split: Split) -> None:
    protocol, features = Protocol(metrics=["diversity"]), torch.eye(60)
    for result in (
        protocol.validate(popular(tiny_split), tiny_split, item_features=features),
        opened(protocol, tiny_split, item_features=features),
    ):
        assert result.values == {"diversity@10": 1.0, "diversity@20": 1.0, "diversity@50": 1.0}
        assert (result.intervals, result.per_user.columns) == ({}, ["user"])
    protocol.check_attributes(tiny_split, item_features=features)
    with pytest.raises(ValueError, match="metrics: diversity needs features of the items, and this dataset has no"):
        protocol.check_attributes(tiny_split)
    with pytest.raises(ValueError, match=r"item_features: expected 60 vectors, one an item, got shape \(2, 60\)"):
        protocol.validate(popular(tiny_split), tiny_split, item_features=features[:2])


def test_what_a_split_gives_is_made_once_and_goes_with_it(tiny_shop: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    lists = held_out.item_lists

    def counted(part: Interactions) -> ItemLists:
        made.append(len(part))
        return lists(part)

    monkeypatch.setattr(held_out, "item_lists", counted)
    split = time_split(tiny_shop)
    results = [Protocol().validate(popular(split), split, metrics=["ndcg@20"]) for _ in range(3)]
    assert made == [len(split.validation), len(split.train)]
    assert len({result.fingerprint for result in results}) == 1
    gc.collect()
    kept = len(held_out._validation)
    opened(Protocol(), split)
    assert len(held_out._validation) == kept  # nothing keeps the test part
    gone = weakref.ref(split)
    del split
    gc.collect()
    assert gone() is None
    assert len(held_out._validation) == kept - 1


def test_conventions_are_a_preset_or_ones_own() -> None:
    assert Protocol(conventions="trec").rules == replace(TREC, cold_users="exclude")
    own = {"_target_": "ragx.evaluation.Conventions", "recall_denominator": "min_k"}
    node = {"_target_": TARGET, "conventions": own, "cold_users": "model"}
    part = bind({"evaluation": node}, {"evaluation": ()})["evaluation"]
    assert part.build().rules == Conventions(recall_denominator="min_k", cold_users="model")
    assert part.as_dict()["conventions"]["ideal_dcg"] == "min_k"
    with pytest.raises(PartsError, match="ideal_dcg: expected one of min_k, full; got 'half'"):
        bind({"e": {**node, "conventions": {**own, "ideal_dcg": "half"}}}, {"e": ()})["e"].build()


def test_nothing_masked_ranks_what_users_have(tiny_split: Split) -> None:
    result = Protocol(conventions="repeat_buying").validate(popular(tiny_split), tiny_split)
    best = int(torch.tensor(tiny_split.train.item_counts()).max())
    assert result.conventions.masked == "nothing"
    assert (result.ranking.scores[:, 0] == best).all()


def test_bad_options_are_refused() -> None:
    for options, message in (
        ({"cutoffs": 20}, r"cutoffs: expected a list of whole numbers such as \[10, 20\], got 20"),
        ({"metrics": "ndcg"}, "metrics: expected a list of names such as"),
        ({"metrics": ["NDCG"]}, "got 'NDCG'. Did you mean 'ndcg'"),
        ({"groups": "activity"}, "groups: expected a list of names such as .* got 'activity'"),
        ({"conventions": "lightgnc"}, "Did you mean 'lightgcn'"),
        ({"conventions": 5}, "conventions: expected a preset or Conventions, got 5"),
        (
            {"conventions": replace(LIGHTGCN, cold_users="model")},
            "cold_users: expected null, as evaluation.cold_users=ex",
        ),
        ({"memory": 0}, "memory: expected megabytes above 0, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            Protocol(**options)


def test_a_scorer_without_users_or_of_other_sizes_is_refused(tiny_split: Split) -> None:
    for users in (0, 7):
        with pytest.raises(
            ValueError, match=f"relevant: expected a list for each of the scorer's {users} users, got 120"
        ):
            Protocol().validate(InnerProduct(torch.zeros(users, 2), torch.zeros(60, 2)), tiny_split)
