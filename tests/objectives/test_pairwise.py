"""BPR, against worked numbers, PyG's loss and a formula in float64."""

import math
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional
from torch_geometric.nn.models.lightgcn import BPRLoss

from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.pairwise import BayesianPersonalizedRanking

Maker = Callable[..., Batch]


def test_worked_numbers(batch_of: Maker) -> None:
    """s_ui = 2, s_uj = 1 and -1, so the loss is (log(1 + e^-1) + log(1 + e^-3)) / 2."""
    user, item = torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, 0.0]])
    negatives = torch.tensor([[[0.0, 1.0], [0.0, -1.0]]])
    loss = BayesianPersonalizedRanking().loss(user, item, negatives, batch_of([0], [0]))
    assert loss.item() == pytest.approx((math.log1p(math.exp(-1)) + math.log1p(math.exp(-3))) / 2, rel=1e-6)


def test_pyg_says_the_same(batch_of: Maker) -> None:
    torch.manual_seed(0)
    users, items, negatives = torch.randn(5, 3), torch.randn(5, 3), torch.randn(5, 1, 3)
    ours = BayesianPersonalizedRanking().loss(users, items, negatives, batch_of([0] * 5, [1] * 5))
    positive, negative = (users * items).sum(-1), (users * negatives[:, 0]).sum(-1)
    theirs = BPRLoss(lambda_reg=0)(positive, negative)
    assert ours.item() == pytest.approx(float(theirs), rel=1e-6)


def test_cosine_and_temperature(batch_of: Maker) -> None:
    torch.manual_seed(0)
    users, items, negatives = (torch.randn(*shape, dtype=torch.float64) for shape in ((4, 3), (4, 3), (4, 2, 3)))
    objective = BayesianPersonalizedRanking(similarity="cosine", temperature=0.3)
    loss = objective.loss(users, items, negatives, batch_of([0] * 4, [1] * 4))
    positive = functional.cosine_similarity(users, items)[:, None]
    negative = functional.cosine_similarity(users[:, None], negatives, dim=-1)
    expected = -torch.log(torch.sigmoid((positive - negative) / 0.3)).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)


def test_far_apart_scores_stay_finite_with_their_gradient(batch_of: Maker) -> None:
    user = torch.tensor([[1000.0]], requires_grad=True)
    loss = BayesianPersonalizedRanking().loss(user, torch.tensor([[-1.0]]), torch.tensor([[[1.0]]]), batch_of([0], [0]))
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == pytest.approx(2000.0)
    assert user.grad is not None
    assert user.grad.item() == pytest.approx(2.0)


def test_one_uniform_negative_is_the_default() -> None:
    assert BayesianPersonalizedRanking().negatives == Negatives(count=1, distribution="uniform")


def test_it_does_not_go_without_negatives(batch_of: Maker) -> None:
    with pytest.raises(ValueError, match="BayesianPersonalizedRanking needs batches with negatives"):
        BayesianPersonalizedRanking().loss(torch.ones(1, 2), torch.ones(1, 2), None, batch_of([0], [0]))


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"temperature: expected a number greater than 0, got 0"):
        BayesianPersonalizedRanking(temperature=0)
    with pytest.raises(ValueError, match=r"similarity: expected one of cosine, inner_product; got 'cosin'.*'cosine'"):
        BayesianPersonalizedRanking(similarity="cosin")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"l2: expected at least 0, got -1"):
        BayesianPersonalizedRanking(l2=-1)
