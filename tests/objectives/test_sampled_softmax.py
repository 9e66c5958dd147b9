"""The softmax over drawn items, against worked numbers and a formula in float64."""

import math
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from ragx.data.batches import Batch
from ragx.data.negatives import Negatives
from ragx.objectives.sampled_softmax import SampledSoftmax
from ragx.objectives.similarity import SimilarityName

Maker = Callable[..., Batch]


def test_worked_numbers(batch_of: Maker) -> None:
    """Scores 2, 1 and 0 at τ = 1/2: -log(e⁴ / (e⁴ + e² + 1))."""
    objective = SampledSoftmax(similarity="inner_product", temperature=0.5)
    negatives = torch.tensor([[[1.0], [0.0]]])
    loss = objective.loss(torch.tensor([[1.0]]), torch.tensor([[2.0]]), negatives, batch_of([0], [0]))
    assert loss.item() == pytest.approx(math.log(math.exp(4) + math.exp(2) + 1) - 4, rel=1e-6)


@pytest.mark.parametrize("similarity", ["cosine", "inner_product"])
def test_values_and_gradients_against_the_formula(similarity: SimilarityName, batch_of: Maker) -> None:
    torch.manual_seed(1)
    shapes = ((4, 3), (4, 3), (4, 5, 3))
    users, items, negatives = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes)
    objective = SampledSoftmax(similarity=similarity, temperature=0.2)
    loss = objective.loss(users, items, negatives, batch_of([0] * 4, [1] * 4))

    def score(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        inner = (one * other).sum(-1)
        return inner / (one.norm(dim=-1) * other.norm(dim=-1)) if similarity == "cosine" else inner

    positive = (score(users, items) / 0.2).exp()
    others = (score(users[:, None], negatives) / 0.2).exp().sum(-1)
    expected = -torch.log(positive / (positive + others)).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
    inputs = (users, items, negatives)
    for one, other in zip(torch.autograd.grad(loss, inputs), torch.autograd.grad(expected, inputs), strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-9)


def test_zero_vectors_have_cosine_zero_and_finite_gradients(batch_of: Maker) -> None:
    users = torch.zeros(1, 3, requires_grad=True)
    loss = SampledSoftmax().loss(users, torch.ones(1, 3), torch.ones(1, 2, 3), batch_of([0], [0]))
    assert loss.item() == pytest.approx(math.log(3), rel=1e-6)
    (gradient,) = torch.autograd.grad(loss, users)
    assert functional.normalize(gradient).isfinite().all()


def test_defaults_and_refusals(batch_of: Maker) -> None:
    assert SampledSoftmax().negatives == Negatives(count=64)
    with pytest.raises(ValueError, match="SampledSoftmax needs batches with negatives"):
        SampledSoftmax().loss(torch.ones(1, 2), torch.ones(1, 2), None, batch_of([0], [0]))
    with pytest.raises(ValueError, match="temperature: expected a number greater than 0, got -1"):
        SampledSoftmax(temperature=-1)
