"""Users without train interactions under each choice."""

import pytest
import torch

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.data.splits.cold import cold_users_split
from ragx.data.splits.splitters import time_split
from ragx.evaluation.cold_users import COLD_USERS, serve_by_popularity
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.protocol import Protocol
from ragx.models.most_popular import MostPopular
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import Cosine, FunctionScorer, InnerProduct, Scorer


def _vectors() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(6, 4, generator=generator), torch.randn(9, 4, generator=generator)


@pytest.mark.parametrize("kind", ["inner product", "cosine", "function"])
def test_cold_users_are_ranked_by_popularity_and_others_as_before(kind: str) -> None:
    users, items = _vectors()
    popularity = torch.tensor([5.0, 1, 8, 2, 9, 3, 7, 4, 6], dtype=torch.float64)
    cold = torch.tensor([False, True, False, False, True, False])
    scorers: dict[str, Scorer] = {
        "inner product": InnerProduct(users, items),
        "cosine": Cosine(users, items),
        "function": FunctionScorer(lambda rows, block: users[rows] @ items[block].T, 6, 9),
    }
    scorer = scorers[kind]
    plain, served = rank(scorer, k=3), rank(serve_by_popularity(scorer, cold, popularity), k=3)
    assert served.items[cold].tolist() == [[4, 2, 6]] * 2
    assert served.scores[cold].tolist() == [[9.0, 8.0, 7.0]] * 2
    assert torch.equal(served.items[~cold], plain.items[~cold])
    assert torch.equal(served.scores[~cold], plain.scores[~cold])


def test_without_cold_users_the_scorer_stays_itself() -> None:
    scorer = InnerProduct(*_vectors())
    assert serve_by_popularity(scorer, torch.zeros(6, dtype=torch.bool), torch.ones(9)) is scorer
    with pytest.raises(ValueError, match=r"expected 6 users and 9 items, got \(5, 9\)"):
        serve_by_popularity(scorer, torch.zeros(5, dtype=torch.bool), torch.ones(9))


def test_the_protocol_excludes_serves_or_leaves_them(tiny_shop: Dataset) -> None:
    split = cold_users_split(tiny_shop)
    cold = split.notes["validation_cold_users"]
    random = InnerProduct(torch.randn(120, 4), torch.randn(60, 4))
    popular = MostPopular().fit(split.train)
    by_popularity = Protocol(cold_users="popularity").validate(random, split)
    assert (
        by_popularity.values == Protocol(cold_users="model").validate(popular, split).values
    )  # every validation user is cold
    assert by_popularity.counts["cold_users"] == by_popularity.counts["users"] == cold
    with pytest.raises(ValueError, match=f"leaves nobody: none of the {cold} users.*evaluation.cold_users=pop"):
        Protocol(cold_users="exclude").validate(random, split)


def test_what_cold_users_got_is_part_of_what_makes_results_comparable(tiny_split: Split) -> None:
    popular = MostPopular().fit(tiny_split.train)
    results = {choice: Protocol(cold_users=choice).validate(popular, tiny_split) for choice in COLD_USERS}
    assert [result.conventions.cold_users for result in results.values()] == list(COLD_USERS)
    with pytest.raises(ValueError, match="expected seeds on one split under one set of conventions, got 2"):
        PerUnitRun.of({0: results["model"], 1: results["popularity"]})


def test_exclusion_counts_who_is_left_out(tiny_shop: Dataset) -> None:
    split = time_split(tiny_shop, validation=0.45, test=0.45)
    popular = MostPopular().fit(split.train)
    everyone, warm = (Protocol(cold_users=choice).validate(popular, split) for choice in ("model", "exclude"))
    assert everyone.counts["cold_users"] > 0
    assert warm.counts["users"] == everyone.counts["users"] - everyone.counts["cold_users"]
    assert warm.counts["cold_users"] == everyone.counts["cold_users"]


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="cold_users: expected one of model, popularity, exclude; got 'popular'"):
        Protocol(cold_users="popular")  # type: ignore[arg-type]
