"""Distinct rows of a batch, and the items that are no negatives, worked by hand."""

from collections.abc import Callable

import torch

from ragx.data.batches import Batch
from ragx.objectives.batch_items import distinct, false_negatives


def test_worked_rows() -> None:
    rows = torch.tensor([7, 2, 7, 5])
    of_batch = distinct(rows)
    assert of_batch.rows.tolist() == [2, 5, 7]
    assert of_batch.counts.tolist() == [1, 1, 2]
    assert torch.equal(rows[of_batch.position], of_batch.rows)
    assert torch.equal(of_batch.rows[of_batch.column], rows)


def test_an_item_of_the_user_is_a_false_negative_wherever_it_stands(batch_of: Callable[..., Batch]) -> None:
    """User 0 has items 4 and 6, which columns 1 and 2 hold; user 1 has item 6 alone; item 9 is not asked about."""
    batch = batch_of([0, 1], [4, 6], ((0, 6), (0, 9)))
    hits = false_negatives(batch, torch.tensor([3, 4, 6]))
    assert sorted(zip(*hits.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
