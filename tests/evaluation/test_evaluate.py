from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.evaluation.conventions import LIGHTGCN
from ragx.evaluation.evaluate import evaluate, fingerprint
from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.set_metrics import SET_METRICS
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import Constant, FunctionScorer

SCORES = torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 2.0, 3.0, 4.0], [4.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
RELEVANT = ItemLists.from_pairs(torch.tensor([0, 0, 1, 3]), torch.tensor([1, 3, 0, 3]), 4)
SEEN = ItemLists.from_pairs(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 2, 3, 1]), 4)


def matrix_scorer(scores: torch.Tensor) -> FunctionScorer:
    return FunctionScorer(lambda users, items: scores[users][:, items], *scores.shape)


def lists_of(held: torch.Tensor) -> ItemLists:
    users, items = held.nonzero().unbind(1)
    return ItemLists.from_pairs(users, items, len(held))


def test_worked_by_hand() -> None:
    result = evaluate(matrix_scorer(SCORES), RELEVANT, SEEN, metrics=["recall", "mrr", "coverage"], cutoffs=[1, 2])
    assert result.values == {
        "recall@1": pytest.approx((1 / 2 + 0 + 1) / 3),
        "recall@2": pytest.approx((1 / 2 + 1 + 1) / 3),
        "mrr@1": pytest.approx((1 + 0 + 1) / 3),
        "mrr@2": pytest.approx((1 + 1 / 2 + 1) / 3),
        "coverage@1": 2 / 4,
        "coverage@2": 4 / 4,
    }
    assert result.per_user.columns == ["user", "recall@1", "recall@2", "mrr@1", "mrr@2"]
    assert result.per_user["user"].to_list() == [0, 1, 3]
    assert result.per_user["mrr@2"].to_list() == [1.0, 0.5, 1.0]
    assert result.counts == {
        "users": 3,
        "users_without_relevant": 1,
        "users_without_seen": 1,
        "users_with_short_lists": 0,
        "relevant_items_masked": 0,
    }
    assert result.tie_rate == 0
    assert result.ranking.items.tolist() == [[1, 2], [1, 0], [3, 2]]


def test_users_without_relevant_items_can_score_zero() -> None:
    by = replace(LIGHTGCN, users_without_relevant="zero")
    result = evaluate(matrix_scorer(SCORES), RELEVANT, SEEN, cutoffs=[1], conventions=by)
    assert result.values["recall@1"] == pytest.approx(1.5 / 4)
    assert result.counts["users"] == 4


def test_chosen_users() -> None:
    result = evaluate(matrix_scorer(SCORES), RELEVANT, SEEN, users=torch.tensor([3, 2]))
    assert result.per_user["user"].to_list() == [3]
    assert (result.counts["users"], result.counts["users_without_relevant"]) == (1, 1)


def test_nothing_masked() -> None:
    by = replace(LIGHTGCN, masked="nothing")
    result = evaluate(matrix_scorer(SCORES), RELEVANT, None, metrics=["recall@1"], conventions=by)
    assert result.ranking.items.tolist() == [[0], [3], [3]]
    assert result.counts["users_without_seen"] == 3


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 30))
def test_a_perfect_ranker_gets_one(seed: int, k: int) -> None:
    torch.manual_seed(seed)
    wanted = torch.rand(6, 20) < 0.3
    wanted[:, 0] = True
    relevant, seen = lists_of(wanted), lists_of(~wanted & (torch.rand(6, 20) < 0.3))
    result = evaluate(matrix_scorer(wanted.double()), relevant, seen, metrics=["ndcg", "map", "mrr"], cutoffs=[k])
    assert list(result.values.values()) == pytest.approx([1.0, 1.0, 1.0])
    full = evaluate(matrix_scorer(wanted.double()), relevant, seen, metrics=["recall"], cutoffs=[20])
    assert full.values["recall@20"] == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_permuting_users_and_items_changes_no_value(seed: int) -> None:
    torch.manual_seed(seed)
    scores, popularity = torch.randint(0, 4, (9, 40)).double(), torch.randint(0, 9, (40,))
    users, items = torch.randperm(9), torch.randperm(40)

    def lists(count: int) -> tuple[ItemLists, ItemLists]:
        rows, columns = torch.randint(0, 9, (count,)), torch.randint(0, 40, (count,))
        moved = ItemLists.from_pairs(users.argsort()[rows], items.argsort()[columns], 9)
        return ItemLists.from_pairs(rows, columns, 9), moved

    (relevant, moved_relevant), (seen, moved_seen) = lists(30), lists(50)
    names = [*USER_METRICS, *SET_METRICS]
    features = torch.randn(40, 3)
    before = evaluate(
        matrix_scorer(scores), relevant, seen, metrics=names, cutoffs=[3, 60],
        item_popularity=popularity, item_features=features,
    )  # fmt: skip
    after = evaluate(
        matrix_scorer(scores[users][:, items]), moved_relevant, moved_seen, metrics=names, cutoffs=[3, 60],
        item_popularity=popularity[items], item_features=features[items], item_ids=items,
    )  # fmt: skip
    assert after.values == pytest.approx(before.values)
    assert after.tie_rate == before.tie_rate
    assert after.counts == before.counts


def test_a_constant_scorer_does_no_better_than_a_random_one() -> None:
    torch.manual_seed(0)
    items = (torch.rand(10_000) ** 1.3 * 1000).long()  # low rows are popular
    relevant = ItemLists.from_pairs(torch.randint(0, 500, (10_000,)), items, 500)
    seen = ItemLists.from_pairs(torch.tensor([0]), torch.tensor([0]), 500)
    recalls = []
    for start in range(0, 100_000, 1000):
        ids = torch.arange(start, start + 1000)
        result = evaluate(Constant(torch.zeros(1000), 500), relevant, seen, metrics=["recall@20"], item_ids=ids)
        assert result.tie_rate == 1
        recalls.append(result.values["recall@20"])
    assert float(torch.tensor(recalls).mean()) == pytest.approx(20 / 1000, rel=0.1)


def test_relevant_items_that_are_masked_are_counted() -> None:
    """Nobody can find them, so they cost recall without a word otherwise."""
    seen = ItemLists.from_pairs(torch.tensor([0, 1, 1, 3, 2]), torch.tensor([1, 0, 3, 1, 2]), 4)
    result = evaluate(matrix_scorer(SCORES), RELEVANT, seen, users=torch.tensor([0, 1, 2]))
    assert result.counts["relevant_items_masked"] == 2  # item 1 of user 0 and item 0 of user 1
    assert RELEVANT.num_shared(seen, torch.tensor([1])) == 1


def test_the_fingerprint_knows_what_is_relevant_what_is_masked_and_the_catalogue() -> None:
    reordered = ItemLists.from_pairs(RELEVANT.users.flip(0), RELEVANT.items.flip(0), 4)
    assert fingerprint(RELEVANT, SEEN, 4) == fingerprint(reordered, SEEN, 4)
    others = [(RELEVANT, SEEN, 4), (SEEN, RELEVANT, 4), (RELEVANT, None, 4), (RELEVANT, SEEN, 5)]
    assert len({fingerprint(*other) for other in others}) == 4


def test_bad_input_is_refused() -> None:
    scorer, nobody = matrix_scorer(SCORES), ItemLists.from_pairs(torch.tensor([2]), torch.tensor([1]), 4)
    with pytest.raises(ValueError, match="relevant: expected a test part with items for some of the users, got none"):
        evaluate(scorer, nobody, SEEN, users=torch.tensor([0, 1]))
    for users in ([5], torch.tensor([-1, 0])):
        with pytest.raises(ValueError, match=r"users: expected rows 0 to 3, got (5 to 5|-1 to 0)"):
            evaluate(scorer, RELEVANT, SEEN, users=users)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="relevant: expected a list for each of the scorer's 4 users, got 2 lists"):
        evaluate(scorer, ItemLists.from_pairs(torch.tensor([0]), torch.tensor([1]), 2), SEEN)
    with pytest.raises(ValueError, match="relevant: expected items below 4, the catalogue; got 4"):
        evaluate(scorer, ItemLists.from_pairs(torch.tensor([0]), torch.tensor([4]), 4), SEEN)
    with pytest.raises(ValueError, match="seen: the conventions mask 'seen', and seen is None"):
        evaluate(scorer, RELEVANT, None)
    with pytest.raises(ValueError, match="seen: the conventions mask 'nothing', and seen is given"):
        evaluate(scorer, RELEVANT, SEEN, conventions=replace(LIGHTGCN, masked="nothing"))
