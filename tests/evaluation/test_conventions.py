"""Every preset against independent implementations, on lists without ties, and against the values they gave."""

from dataclasses import replace

import numpy as np
import pytest
import pytrec_eval
import torch
from ranx import Qrels, Run
from ranx import evaluate as ranx_evaluate
from torch_geometric.metrics import (
    LinkPredF1,
    LinkPredHitRatio,
    LinkPredMAP,
    LinkPredMRR,
    LinkPredNDCG,
    LinkPredPrecision,
    LinkPredRecall,
)

from ragx.evaluation.conventions import LIGHTGCN, PRESETS, PYG, RECBOLE, TREC, Conventions, preset
from ragx.evaluation.evaluate import evaluate
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import FunctionScorer

# ranx's own compilation warns of a cast while nothing of it is cached
pytestmark = pytest.mark.filterwarnings("ignore:unsafe cast from uint64 to int64")
K, NUM_USERS, NUM_ITEMS = 5, 8, 12
METRICS = ("recall", "precision", "f1", "hit_rate", "ndcg", "mrr", "map", "r_precision")
# user 3 has no relevant item, user 4 more than K, user 5 none that is found
RELEVANT = {0: [0, 3], 1: [5], 2: [1, 2, 8, 11], 4: [0, 1, 2, 3, 4, 6, 9], 5: [7], 6: [4, 10, 11], 7: [2, 6]}
SCORES = torch.tensor([[(7 * item * (user + 2) + 3 * user) % 13 for item in range(NUM_ITEMS)] for user in range(8)])


def relevant_lists() -> ItemLists:
    pairs = [(user, item) for user, items in RELEVANT.items() for item in items]
    users, items = torch.tensor(pairs).unbind(1)
    return ItemLists.from_pairs(users, items, NUM_USERS)


def values_of(conventions: Conventions) -> dict[str, float]:
    scorer = FunctionScorer(lambda users, items: SCORES[users][:, items].double(), NUM_USERS, NUM_ITEMS)
    by = replace(conventions, masked="nothing")
    result = evaluate(scorer, relevant_lists(), None, metrics=METRICS, cutoffs=[K], conventions=by)
    assert result.tie_rate == 0
    return {name.split("@")[0]: value for name, value in result.values.items()}


def trec_inputs() -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    judged = {str(user): {str(item): 1 for item in items} for user, items in RELEVANT.items()}
    run = {}
    for user in range(NUM_USERS):
        best = SCORES[user].topk(K).indices.tolist()
        run[str(user)] = {str(item): float(SCORES[user, item]) for item in best}
    return judged, run


def by_pytrec_eval() -> dict[str, float]:
    judged, run = trec_inputs()
    measures = {
        "recall": "recall_5", "precision": "P_5", "hit_rate": "success_5", "ndcg": "ndcg_cut_5",
        "mrr": "recip_rank", "map": "map_cut_5", "r_precision": "Rprec",
    }  # fmt: skip
    names = {"recall.5", "P.5", "success.5", "ndcg_cut.5", "recip_rank", "map_cut.5", "Rprec"}
    of_user = pytrec_eval.RelevanceEvaluator(judged, names).evaluate(run)
    return {ours: float(np.mean([user[theirs] for user in of_user.values()])) for ours, theirs in measures.items()}


def by_ranx() -> dict[str, float]:
    judged, run = trec_inputs()
    names = {
        "recall": "recall@5", "precision": "precision@5", "f1": "f1@5", "hit_rate": "hit_rate@5", "ndcg": "ndcg@5",
        "mrr": "mrr@5", "map": "map@5", "r_precision": "r-precision",
    }  # fmt: skip
    kept = Run({user: run[user] for user in judged})
    values = ranx_evaluate(Qrels(judged), kept, list(names.values()))
    return {ours: float(values[theirs]) for ours, theirs in names.items()}


def by_pyg(users: list[int]) -> dict[str, float]:
    kinds = {
        "recall": LinkPredRecall, "precision": LinkPredPrecision, "f1": LinkPredF1, "hit_rate": LinkPredHitRatio,
        "ndcg": LinkPredNDCG, "mrr": LinkPredMRR, "map": LinkPredMAP,
    }  # fmt: skip
    edges = [(row, item) for row, user in enumerate(users) for item in RELEVANT.get(user, [])]
    values = {}
    for name, kind in kinds.items():
        metric = kind(K)
        metric.update(SCORES[users].topk(K).indices, torch.tensor(edges).T)
        values[name] = float(metric.compute())
    return values


def assert_agree(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, abs=1e-6)


def test_trec_agrees_with_trec_eval_and_ranx() -> None:
    ours = values_of(TREC)
    assert_agree(ours, by_pytrec_eval())
    assert_agree(ours, by_ranx())


def test_pyg_agrees_with_torch_geometric_on_all_users() -> None:
    ours = values_of(PYG)
    assert_agree(ours, by_pyg(list(range(NUM_USERS))))
    zero = values_of(replace(PYG, users_without_relevant="zero"))
    share = len(RELEVANT) / NUM_USERS
    assert zero == pytest.approx({name: value * share for name, value in ours.items()})


@pytest.mark.parametrize("conventions", [LIGHTGCN, RECBOLE])
def test_lightgcn_and_recbole_agree_with_torch_geometric_on_users_with_relevant_items(conventions: Conventions) -> None:
    ours = values_of(conventions)
    assert_agree(ours, by_pyg(list(RELEVANT)))
    without_map = {name: value for name, value in by_ranx().items() if name != "map"}
    assert_agree(ours, without_map)


# given by ranx 0.3.21 and pytrec_eval-terrier 0.5.11; average precision over min(n, K) by torch_geometric 2.8.1
FROZEN = {
    "recall": 0.335034014, "precision": 0.257142857, "f1": 0.278911565, "hit_rate": 0.571428571, "ndcg": 0.276615250,
    "mrr": 0.285714286, "r_precision": 0.180272109,
}  # fmt: skip
FROZEN_MAP = {"lightgcn": 0.188492060, "recbole": 0.188492060, "pyg": 0.188492060, "trec": 0.166043084}
FROZEN_MAP["repeat_buying"] = FROZEN_MAP["lightgcn"]  # they differ in the mask alone


@pytest.mark.parametrize("name", PRESETS)
def test_frozen_values(name: str) -> None:
    assert values_of(preset(name)) == pytest.approx({**FROZEN, "map": FROZEN_MAP[name]}, abs=1e-7)


def test_unknown_choices_name_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"conventions: expected one of .* got 'lightgnc'. Did you mean 'lightgcn'"):
        preset("lightgnc")
    with pytest.raises(ValueError, match="ideal_dcg: expected one of min_k, full; got 'all'"):
        Conventions(ideal_dcg="all")
    with pytest.raises(ValueError, match="users_without_relevant: expected one of exclude, zero; got 'skip'"):
        Conventions(users_without_relevant="skip")
    with pytest.raises(ValueError, match="cold_users: expected one of model, popularity, exclude; got 'skip'"):
        Conventions(cold_users="skip")  # type: ignore[arg-type]


def test_conventions_are_spelt_in_one_line() -> None:
    assert TREC.spell() == (
        "recall_denominator=relevant, ideal_dcg=min_k, average_precision_denominator=relevant, "
        "users_without_relevant=exclude, masked=seen"
    )
    other = Conventions(ideal_dcg="full", cold_users="model")
    assert (
        Conventions().differences(other) == "ideal_dcg=min_k and ideal_dcg=full; cold_users=None and cold_users=model"
    )
    assert other.differences(other) == ""
