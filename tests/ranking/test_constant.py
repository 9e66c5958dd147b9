import pytest
import torch

from ragx.ranking.constant import rank_constant
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import Constant, FunctionScorer
from ragx.ranking.ties import tie_order


def test_each_list_is_the_common_order_without_what_was_seen() -> None:
    scores = torch.tensor([5.0, 9.0, 7.0, 1.0], dtype=torch.float64)
    seen = ItemLists.from_pairs(torch.tensor([0, 1, 1, 1]), torch.tensor([1, 0, 2, 3]), 3)
    values, items = rank_constant(scores, torch.arange(3), 2, seen, tie_order(torch.arange(4)))
    assert items[0].tolist() == [2, 0]
    assert items[2].tolist() == [1, 2]
    assert (items[1, 0].item(), values[1].tolist()) == (1, [9.0, -torch.inf])


@pytest.mark.parametrize("levels", [1, 4, 10_000])
def test_agrees_with_the_general_ranking(levels: int) -> None:
    item_scores = torch.randint(0, levels, (3000,)).double()
    seen = ItemLists.from_pairs(torch.randint(0, 30, (2000,)), torch.randint(0, 3000, (2000,)), 30)
    constant = Constant(item_scores, 30)
    function = FunctionScorer(constant.scores, 30, 3000)
    first, second = (rank(scorer, k=25, seen=seen) for scorer in (constant, function))
    assert torch.equal(first.items, second.items)
    assert torch.equal(first.scores, second.scores)
    assert first.tie_rate == second.tie_rate


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="item_scores: expected numbers, got NaN"):
        rank(Constant(torch.tensor([1.0, torch.nan]), 2), k=1)
