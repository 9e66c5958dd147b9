"""The distinct rows of a batch, and the items that are no negatives of its users."""

from typing import NamedTuple

import torch

from ragx.data.batches import Batch
from ragx.typing import Int, Tensor


class Distinct(NamedTuple):
    """The distinct values of the rows of a batch.

    Args:
        rows: the C distinct rows, ascending.
        position: a position of the batch that holds each.
        column: which of them every position of the batch holds.
        counts: how often each occurs.
    """

    rows: Int[Tensor, " C"]
    position: Int[Tensor, " C"]
    column: Int[Tensor, " B"]
    counts: Int[Tensor, " C"]


def distinct(rows: Int[Tensor, " B"]) -> Distinct:
    """Return the distinct values of the rows of a batch."""
    values, column, counts = torch.unique(rows, return_inverse=True, return_counts=True)
    position = torch.empty_like(values)
    position[column] = torch.arange(len(column))
    return Distinct(values, position, column, counts)


def false_negatives(batch: Batch, items: Int[Tensor, " C"]) -> Int[Tensor, "2 F"]:
    """Return (position in the batch, column) of each of the given distinct items that the position's user has in train.

    The positive of a position, a train item of its user, is among them.

    Args:
        batch: the positive pairs.
        items: distinct item rows, one a column.
    """
    column_of = torch.full((batch.pairs.num_items,), -1)
    column_of[items] = torch.arange(len(items))
    position, item = batch.pairs.items_of(batch.users)
    column = column_of[item]
    hit = (column >= 0).nonzero().squeeze(1)
    return torch.stack([position[hit], column[hit]])
