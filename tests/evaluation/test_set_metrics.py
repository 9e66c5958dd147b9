import math

import pytest
import torch
from torch_geometric.metrics import LinkPredAveragePopularity, LinkPredCoverage, LinkPredDiversity

from ragx.evaluation.set_metrics import SET_METRICS, Lists

POPULARITY = torch.tensor([8, 4, 2, 1, 0])
LISTS = Lists(torch.tensor([[0, 1], [0, 2], [0, -1]]), 5, 8, POPULARITY)
EVEN = Lists(torch.tensor([[0, 1], [2, 3]]), 4, 2)

WORKED = {
    "coverage": 3 / 5,
    "gini": (-4 * 0 - 2 * 0 + 0 * 1 + 2 * 1 + 4 * 3) / (5 * 5),
    "entropy": -(0.6 * math.log2(0.6) + 0.4 * math.log2(0.2)),
    "average_popularity": (3 * 8 + 4 + 2) / 5,
    "novelty": (3 * 0 + 1 + 2) / 5,
    "tail_share": 2 / 5,
}


@pytest.mark.parametrize("metric", WORKED)
def test_worked_by_hand(metric: str) -> None:
    assert SET_METRICS[metric](LISTS) == pytest.approx(WORKED[metric])


def test_even_exposure() -> None:
    assert SET_METRICS["gini"](EVEN) == 0
    assert SET_METRICS["entropy"](EVEN) == 2
    assert SET_METRICS["coverage"](EVEN) == 1


def test_all_exposure_on_one_item() -> None:
    lists = Lists(torch.zeros(50, 1, dtype=torch.int64), 100, 50)
    assert SET_METRICS["gini"](lists) == pytest.approx(99 / 100)
    assert SET_METRICS["entropy"](lists) == 0


def test_gini_is_half_the_relative_mean_difference() -> None:
    lists = Lists(torch.randint(0, 30, (40, 7)), 30, 40)
    exposure = lists.exposure
    difference = (exposure[:, None] - exposure).abs().mean()
    assert SET_METRICS["gini"](lists) == pytest.approx(float(difference / (2 * exposure.mean())))


def test_an_item_that_nobody_has_counts_as_held_by_one() -> None:
    assert SET_METRICS["novelty"](Lists(torch.tensor([[4]]), 5, 8, POPULARITY)) == 3


def test_agrees_with_torch_geometric() -> None:
    items = torch.rand(30, 20).topk(6).indices
    popularity, category = torch.randint(1, 50, (20,)), torch.randint(0, 4, (20,))
    features = torch.nn.functional.one_hot(category).float()
    lists = Lists(items, 20, 30, popularity, features)
    labels = torch.tensor([[0], [0]])
    for metric, theirs in (
        ("coverage", LinkPredCoverage(6, num_dst_nodes=20)),
        ("average_popularity", LinkPredAveragePopularity(6, popularity=popularity)),
        ("diversity", LinkPredDiversity(6, category=category)),
    ):
        theirs.update(items, labels)
        assert SET_METRICS[metric](lists) == pytest.approx(float(theirs.compute()), rel=1e-5)


def test_diversity_worked_by_hand() -> None:
    features = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [0.0, 0.0]])
    lists = Lists(torch.tensor([[0, 1, 2], [0, 3, -1], [2, -1, -1], [4, 0, -1]]), 5, 4, features=features)
    first, second, fourth = 1 - 1 / 3, 1 - 1 / math.sqrt(2), 1.0
    assert SET_METRICS["diversity"](lists) == pytest.approx((first + second + fourth) / 3)


def test_what_is_missing_is_named() -> None:
    for metric in ("average_popularity", "novelty", "tail_share"):
        with pytest.raises(ValueError, match=f"{metric}: expected item_popularity, the train count of every item"):
            SET_METRICS[metric](EVEN)
    with pytest.raises(ValueError, match=r"item_popularity: expected 4 counts, got shape \(5,\)"):
        SET_METRICS["novelty"](Lists(EVEN.items, 4, 2, POPULARITY))
    with pytest.raises(ValueError, match="diversity: expected item_features, one vector an item"):
        SET_METRICS["diversity"](EVEN)
