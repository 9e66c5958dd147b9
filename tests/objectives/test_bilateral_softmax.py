"""The bilateral softmax, against worked numbers, the published form in loops, and the softmax that it comes from."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ragx.data.batches import Batch
from ragx.data.negatives import Negatives, TrainPairs
from ragx.objectives.bilateral_softmax import BilateralSoftmax, pooled
from ragx.objectives.sampled_softmax import SampledSoftmax

Maker = Callable[..., Batch]


def plain(objective: BilateralSoftmax, scores: Tensor, batch: Batch) -> Tensor:
    """Return the loss over a batch from its B × B scores, in loops that cannot be wrong."""
    known = set(zip(batch.pairs.users.tolist(), batch.pairs.items.tolist(), strict=True))
    users, items = batch.users.tolist(), batch.items.tolist()
    losses = []
    for row, user in enumerate(users):
        own = [at for at, other in enumerate(users) if other == user] if objective.pool_positives else [row]
        positive = torch.stack([(scores[at, at] / objective.temperature).exp() for at in own]).mean()
        negatives = [
            (scores[row, column] / objective.temperature).exp()
            for column, item in enumerate(items)
            if column != row and not (objective.mask_false_negatives and (user, item) in known)
        ]
        losses.append(
            -(positive / torch.stack(negatives).sum() ** objective.ratio).log() if negatives else 0 * scores.sum()
        )
    return torch.stack(losses).mean()


def test_worked_numbers_over_the_batch(batch_of: Maker) -> None:
    """Scores [[1, 0], [0, 2]] at τ = 1/2 and ρ = 3: the mean of -2 + 3 · 0 and -4 + 3 · 0."""
    objective = BilateralSoftmax(similarity="inner_product", temperature=0.5, ratio=3.0)
    users, items = torch.eye(2), torch.diag(torch.tensor([1.0, 2.0]))
    assert objective.loss(users, items, None, batch_of([0, 1], [0, 1])).item() == pytest.approx(-3)


def test_worked_numbers_over_drawn_negatives(batch_of: Maker) -> None:
    """Scores 2, 1 and 0 at τ = 1/2 and ρ = 3: -4 + 3 log(e² + 1)."""
    objective = BilateralSoftmax(negatives=Negatives(count=2), similarity="inner_product", temperature=0.5, ratio=3.0)
    negatives = torch.tensor([[[1.0], [0.0]]])
    loss = objective.loss(torch.tensor([[1.0]]), torch.tensor([[2.0]]), negatives, batch_of([0], [0]))
    assert loss.item() == pytest.approx(3 * math.log(math.exp(2) + 1) - 4, rel=1e-6)


def test_worked_numbers_of_pooled_positives() -> None:
    """User 1 has logits 0 and log 3, whose exponentials have the mean 2; user 0 has one logit."""
    logits = torch.tensor([0.0, 5.0, math.log(3)], requires_grad=True)
    joined = pooled(logits, torch.tensor([1, 0, 1]))
    assert joined.tolist() == pytest.approx([math.log(2), 5, math.log(2)], rel=1e-6)
    (gradient,) = torch.autograd.grad(joined.sum(), logits)
    assert gradient.tolist() == pytest.approx([2 * 1 / 4, 1, 2 * 3 / 4], rel=1e-6)


@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize("mask", [True, False])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_values_and_gradients_against_the_published_form(pool: bool, mask: bool, data: st.DataObject) -> None:
    rows = st.integers(0, 4)
    pairs = data.draw(st.lists(st.tuples(rows, rows), min_size=1, max_size=9))
    others = data.draw(st.lists(st.tuples(rows, rows), max_size=9))
    users, items = (torch.tensor(side) for side in zip(*pairs, strict=True))
    known = torch.tensor(pairs + others)
    batch = Batch(users, items, None, TrainPairs(known[:, 0], known[:, 1], 5, 5))
    random = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    table = torch.randn(10, 3, generator=random, dtype=torch.float64).requires_grad_()
    unit = table / table.norm(dim=1, keepdim=True)
    objective = BilateralSoftmax(temperature=0.3, ratio=0.84, pool_positives=pool, mask_false_negatives=mask)
    loss = objective.loss(table[users], table[items + 5], None, batch)
    expected = plain(objective, unit[users] @ unit[items + 5].T, batch)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9, abs=1e-12)
    (ours,), (theirs,) = (torch.autograd.grad(value, table, retain_graph=True) for value in (loss, expected))
    torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=1e-8)


def test_with_one_temperature_it_is_the_softmax_without_the_positive_below(batch_of: Maker) -> None:
    """Where a row of the softmax costs L = -log(p / (p + n)), this one costs log(n / p) = log(e^L - 1)."""
    torch.manual_seed(0)
    users, items, negatives = (torch.randn(*shape, dtype=torch.float64) for shape in ((1, 4), (1, 4), (1, 5, 4)))
    row = users, items, negatives, batch_of([0], [0])
    softmax = SampledSoftmax(negatives=Negatives(count=5), temperature=0.5).loss(*row)
    bilateral = BilateralSoftmax(negatives=Negatives(count=5), temperature=0.5, ratio=1.0).loss(*row)
    assert bilateral.item() == pytest.approx(softmax.expm1().log().item(), rel=1e-9)


def test_divided_by_the_ratio_the_positive_has_a_temperature_of_its_own(batch_of: Maker) -> None:
    torch.manual_seed(0)
    users, items, negatives = (torch.randn(*shape, dtype=torch.float64) for shape in ((3, 4), (3, 4), (3, 5, 4)))
    objective = BilateralSoftmax(negatives=Negatives(count=5), similarity="inner_product", temperature=0.5, ratio=0.8)
    positive, negative = (users * items).sum(1), (users.unsqueeze(1) * negatives).sum(2)
    expected = (-positive / (0.8 * 0.5) + (negative / 0.5).logsumexp(1)).mean()
    loss = objective.loss(users, items, negatives, batch_of([0, 1, 2], [0, 1, 2])) / 0.8
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)


def test_a_positive_without_negatives_costs_nothing(batch_of: Maker) -> None:
    """User 0 has both items of the batch; in the mean its row counts, with 0."""
    objective = BilateralSoftmax(similarity="inner_product", temperature=1.0, ratio=1.0)
    users = torch.eye(2, requires_grad=True)
    loss = objective.loss(users, torch.diag(torch.tensor([1.0, 2.0])), None, batch_of([0, 1], [0, 1], ((0, 1),)))
    assert loss.item() == pytest.approx(-2 / 2)
    (gradient,) = torch.autograd.grad(loss, users)
    assert gradient.tolist() == [[0, 0], [0.5, -1.0]]
    alone = objective.loss(users[:1], torch.ones(1, 2), None, batch_of([0], [0]))
    assert alone.item() == 0


def test_scores_far_apart_stay_finite(batch_of: Maker) -> None:
    objective = BilateralSoftmax(similarity="inner_product", temperature=0.01, ratio=1.0, pool_positives=True)
    users = torch.tensor([[30.0], [-30.0]], requires_grad=True)
    loss = objective.loss(users, torch.tensor([[-30.0], [30.0]]), None, batch_of([0, 1], [0, 1]))
    (gradient,) = torch.autograd.grad(loss, users)
    assert loss.item() == pytest.approx(180_000.0)
    assert gradient.isfinite().all()


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="temperature: expected a number greater than 0, got 0"):
        BilateralSoftmax(temperature=0)
    with pytest.raises(ValueError, match="ratio: expected a number greater than 0, got -1"):
        BilateralSoftmax(ratio=-1)
    with pytest.raises(ValueError, match=r"similarity: expected one of cosine, inner_product; got 'dot'"):
        BilateralSoftmax(similarity="dot")  # type: ignore[arg-type]
