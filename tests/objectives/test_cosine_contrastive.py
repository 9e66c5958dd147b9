"""The cosine contrastive loss, worked by hand."""

from collections.abc import Callable

import pytest
import torch

from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.cosine_contrastive import CosineContrastive

Maker = Callable[..., Batch]


def test_worked_numbers(batch_of: Maker) -> None:
    """Cosines .6 of the positive, 1, .8 and -1 of the negatives, m = .5, w = 30: 1 - .6 + 30 / 3 · (.5 + .3 + 0)."""
    users, items = torch.tensor([[2.0, 0.0]], requires_grad=True), torch.tensor([[3.0, 4.0]])
    negatives = torch.tensor([[[7.0, 0.0], [4.0, 3.0], [-1.0, 0.0]]], requires_grad=True)
    objective = CosineContrastive(negatives=Negatives(count=3), margin=0.5, negative_weight=30.0)
    loss = objective.loss(users, items, negatives, batch_of([0], [0]))
    assert loss.item() == pytest.approx(0.4 + 10 * 0.8, rel=1e-6)
    (gradient,) = torch.autograd.grad(loss, negatives)
    assert gradient[0].any(dim=1).tolist() == [False, True, False]  # the first is at its largest, the last below m


def test_positives_that_point_as_their_users_and_far_negatives_cost_nothing(batch_of: Maker) -> None:
    users, negatives = torch.tensor([[1.0, 2.0]]), torch.tensor([[[-2.0, 1.0]]])
    assert CosineContrastive().loss(users, 3 * users, negatives, batch_of([0], [0])).item() == pytest.approx(
        0, abs=1e-6
    )


def test_defaults_and_refusals(batch_of: Maker) -> None:
    assert CosineContrastive().negatives == Negatives(count=64)
    with pytest.raises(ValueError, match="CosineContrastive needs batches with negatives"):
        CosineContrastive().loss(torch.ones(1, 2), torch.ones(1, 2), None, batch_of([0], [0]))
    with pytest.raises(ValueError, match=r"margin: expected a cosine from -1 up to but not including 1, got 1\.0"):
        CosineContrastive(margin=1.0)
    with pytest.raises(ValueError, match="negative_weight: expected at least 0, got -1"):
        CosineContrastive(negative_weight=-1)
