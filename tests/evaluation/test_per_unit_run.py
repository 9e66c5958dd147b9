import polars as pl
import pytest
import torch

from ragx.evaluation.conventions import LIGHTGCN, TREC
from ragx.evaluation.evaluate import evaluate
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import Constant

RELEVANT = ItemLists.from_pairs(torch.tensor([0, 1]), torch.tensor([1, 2]), 2)
SEEN = ItemLists.from_pairs(torch.tensor([0, 1]), torch.tensor([0, 0]), 2)


def values(users: list[int], recall: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"user": users, "recall@20": recall})


def test_users_and_seeds_are_put_in_order() -> None:
    run = PerUnitRun({2: values([0, 1], [0.5, 0.7]), 1: values([1, 0], [0.3, 0.1])}, LIGHTGCN, "a")
    assert run.units.to_list() == [0, 1]
    assert run.matrix("recall@20").tolist() == [[0.1, 0.3], [0.5, 0.7]]


def test_made_of_evaluations() -> None:
    results = {seed: evaluate(Constant(torch.rand(5), 2), RELEVANT, SEEN, cutoffs=[2]) for seed in (1, 2)}
    run = PerUnitRun.of(results)
    assert run.fingerprint == results[1].fingerprint
    assert run.matrix("recall@2").mean(1).tolist() == [results[seed].values["recall@2"] for seed in (1, 2)]


def test_bad_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="per_unit: expected the values of at least one seed, got none"):
        PerUnitRun({}, LIGHTGCN, "a")
    with pytest.raises(ValueError, match="per_unit: expected the same users in every seed"):
        PerUnitRun({1: values([0], [0.5]), 2: values([1], [0.5])}, LIGHTGCN, "a")
    with pytest.raises(
        ValueError, match=r"metric: expected one of recall@20; got 'recal@20'. Did you mean 'recall@20'"
    ):
        PerUnitRun({1: values([0], [0.5])}, LIGHTGCN, "a").matrix("recal@20")
    scorer = Constant(torch.rand(5), 2)
    mixed = {1: evaluate(scorer, RELEVANT, SEEN), 2: evaluate(scorer, RELEVANT, SEEN, conventions=TREC)}
    with pytest.raises(ValueError, match="results: expected seeds on one split under one set of conventions, got 2"):
        PerUnitRun.of(mixed)
