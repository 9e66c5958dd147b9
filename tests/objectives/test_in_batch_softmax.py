"""The softmax over the batch, against the plain form with its mask written out, in float64."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from ragx.data.batches import Batch
from ragx.data.negatives import TrainPairs
from ragx.kernels.forms import use_form
from ragx.kernels.native import has_compiler
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.objectives.similarity import SimilarityName

Maker = Callable[..., Batch]
NEEDS_COMPILER = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")


def plain(objective: InBatchSoftmax, users: Tensor, items: Tensor, batch: Batch) -> Tensor:
    """Return the loss from the B × B matrix of logits, one column for each positive, in loops that cannot be wrong."""
    if objective.similarity == "cosine":
        users, items = functional.normalize(users), functional.normalize(items)
    logits = users @ items.T / objective.temperature
    known = set(zip(batch.pairs.users.tolist(), batch.pairs.items.tolist(), strict=True))
    silent = torch.zeros(logits.shape, dtype=torch.bool)
    for row, user in enumerate(batch.users.tolist()):
        for column, item in enumerate(batch.items.tolist()):
            false = (user, item) in known or item == batch.items[row]
            silent[row, column] = objective.mask_false_negatives and column != row and false
    return -functional.log_softmax(logits.masked_fill(silent, -math.inf), dim=1).diagonal().mean()


def test_worked_numbers(batch_of: Maker) -> None:
    """Scores [[1, 0], [0, 2]] at τ = 1/2, nothing masked: the mean of log(1 + e^-2) and log(1 + e^-4)."""
    objective = InBatchSoftmax(similarity="inner_product", temperature=0.5)
    users, items = torch.eye(2), torch.diag(torch.tensor([1.0, 2.0]))
    loss = objective.loss(users, items, None, batch_of([0, 1], [0, 1]))
    assert loss.item() == pytest.approx((math.log1p(math.exp(-2)) + math.log1p(math.exp(-4))) / 2, rel=1e-6)


def test_an_item_the_user_has_in_train_is_no_negative(batch_of: Maker) -> None:
    """User 0 also has item 1, so its row holds its positive alone and costs nothing."""
    objective = InBatchSoftmax(similarity="inner_product", temperature=1.0)
    users, items = torch.eye(2), torch.diag(torch.tensor([1.0, 2.0]))
    loss = objective.loss(users, items, None, batch_of([0, 1], [0, 1], ((0, 1),)))
    assert loss.item() == pytest.approx(math.log1p(math.exp(-2)) / 2, rel=1e-6)


def test_repeated_negatives_weigh_as_often_as_they_occur(batch_of: Maker) -> None:
    """Item 1 is in the batch twice: to user 0 it counts twice, to its own users once."""
    objective = InBatchSoftmax(similarity="inner_product", temperature=1.0)
    vectors = torch.zeros(3, 2)
    loss = objective.loss(vectors, vectors, None, batch_of([0, 1, 2], [0, 1, 1]))
    assert loss.item() == pytest.approx((math.log(3) + 2 * math.log(2)) / 3, rel=1e-6)


def test_unmasked_the_positives_own_repeats_are_negatives(batch_of: Maker) -> None:
    objective = InBatchSoftmax(similarity="inner_product", temperature=1.0, mask_false_negatives=False)
    vectors = torch.zeros(3, 2)
    assert objective.loss(vectors, vectors, None, batch_of([0, 1, 2], [0, 1, 1])).item() == pytest.approx(math.log(3))


@pytest.mark.parametrize("form", [pytest.param("native", marks=NEEDS_COMPILER), "torch"])
@pytest.mark.parametrize("similarity", ["cosine", "inner_product"])
@pytest.mark.parametrize("mask", [True, False])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_values_and_gradients_against_the_plain_form(
    form: str, similarity: SimilarityName, mask: bool, data: st.DataObject
) -> None:
    """Users and items may repeat, and a positive need not be among what its user has in train."""
    rows = st.integers(0, 4)
    pairs = data.draw(st.lists(st.tuples(rows, rows), min_size=1, max_size=9))
    others = data.draw(st.lists(st.tuples(rows, rows), min_size=1, max_size=9))
    users, items = (torch.tensor(side) for side in zip(*pairs, strict=True))
    known = torch.tensor(pairs * data.draw(st.booleans()) + others)
    batch = Batch(users, items, None, TrainPairs(known[:, 0], known[:, 1], 5, 5))
    random = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    table = torch.randn(10, 3, generator=random, dtype=torch.float64).requires_grad_()
    of_users, of_items = table[users], table[items + 5]
    objective = InBatchSoftmax(similarity=similarity, temperature=0.3, mask_false_negatives=mask)
    with use_form("batch_softmax", form):
        loss = objective.loss(of_users, of_items, None, batch)
    expected = plain(objective, of_users, of_items, batch)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10, abs=1e-12)
    (ours,), (theirs,) = (torch.autograd.grad(3 * value, table, retain_graph=True) for value in (loss, expected))
    torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=1e-8)


def test_correction_takes_off_the_logarithm_of_the_expected_count(batch_of: Maker) -> None:
    """Of 4 train pairs item 1 holds 2, item 0 and 2 one; a batch of 2 expects 1 of item 1 and 1/2 of item 0.

    Row 0: positive 0 of score 0, negative 1 at weight 1 / 1; row 1: positive 0, negative 0 at weight 1 / (1/2).
    """
    batch = batch_of([0, 1], [0, 1], ((2, 1), (3, 2)))
    vectors = torch.zeros(2, 2)
    full = InBatchSoftmax(similarity="inner_product", temperature=1.0, correction=1.0)
    assert full.loss(vectors, vectors, None, batch).item() == pytest.approx((math.log(2) + math.log(3)) / 2, rel=1e-6)
    half = InBatchSoftmax(similarity="inner_product", temperature=1.0, correction=0.5)
    expected = (math.log(2) + math.log(1 + math.sqrt(2))) / 2
    assert half.loss(vectors, vectors, None, batch).item() == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match=r"correction: expected .* from 0 to 1, got 2"):
        InBatchSoftmax(correction=2.0)


def test_a_second_batch_does_not_disturb_the_gradient_of_the_first(batch_of: Maker) -> None:
    """The first is sent back after the second was made."""
    torch.manual_seed(0)
    objective = InBatchSoftmax()
    users, items = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)
    batch = batch_of([0, 1, 2, 3], [4, 5, 6, 7])
    (alone,) = torch.autograd.grad(objective.loss(users, items, None, batch), users)
    first = objective.loss(users, items, None, batch)
    objective.loss(torch.randn(6, 3), torch.randn(6, 3), None, batch_of([0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9]))
    (after,) = torch.autograd.grad(first, users)
    assert torch.equal(alone, after)


def test_inputs_are_not_overwritten(batch_of: Maker) -> None:
    users, items = torch.randn(3, 2), torch.randn(3, 2)
    before = users.clone(), items.clone()
    InBatchSoftmax(similarity="inner_product").loss(users, items, None, batch_of([0, 1, 2], [0, 1, 2]))
    assert torch.equal(users, before[0])
    assert torch.equal(items, before[1])


def test_scores_far_apart_stay_finite(batch_of: Maker) -> None:
    objective = InBatchSoftmax(similarity="inner_product", temperature=0.01)
    users = torch.tensor([[30.0], [-30.0]], requires_grad=True)
    loss = objective.loss(users, torch.tensor([[-30.0], [30.0]]), None, batch_of([0, 1], [0, 1]))
    (gradient,) = torch.autograd.grad(loss, users)
    assert loss.item() == pytest.approx(180_000.0)
    assert gradient.isfinite().all()


def test_products_in_bfloat16_are_near_and_off_by_default(batch_of: Maker) -> None:
    torch.manual_seed(0)
    batch = batch_of([0, 1, 2, 0], [4, 5, 6, 7])
    users, items = torch.randn(4, 8)[batch.users].requires_grad_(), torch.randn(4, 8)
    losses = [InBatchSoftmax(bfloat16_products=half).loss(users, items, None, batch) for half in (False, True)]
    assert losses[0].item() == InBatchSoftmax().loss(users, items, None, batch).item() != losses[1].item()
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=2e-2)
    exact, half = (torch.autograd.grad(loss, users)[0] for loss in losses)
    assert float((half - exact).norm() / exact.norm()) < 2e-2


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="temperature: expected a number greater than 0, got 0"):
        InBatchSoftmax(temperature=0)
    with pytest.raises(ValueError, match=r"similarity: expected one of cosine, inner_product; got 'dot'"):
        InBatchSoftmax(similarity="dot")  # type: ignore[arg-type]
