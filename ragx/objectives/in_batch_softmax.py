"""Softmax over the items of the batch."""

import torch

from ragx.checks import check, check_choice, check_positive
from ragx.data.batches import Batch
from ragx.kernels.batch_softmax import BatchItems, Silent, batch_softmax, shares_rows
from ragx.kernels.gather_rows import gather_rows
from ragx.objectives.base import Objective
from ragx.objectives.batch_items import Distinct, distinct
from ragx.objectives.similarity import SIMILARITIES, SimilarityName, comparable
from ragx.typing import Float, Int, Tensor


class InBatchSoftmax(Objective):
    """L = mean of -log softmax of s_ui / τ over the items of the batch (Wu et al., 2022).

    The other positives of the batch serve as negatives, each as often as it occurs: a draw by popularity that costs
    nothing. Items the user has in train, the positive's own repeats among them, are false negatives and are masked.
    Without correction s_ui learns how much more u wants i than others do, and ranking wants the popularity back (the
    model's ``popularity_prior``); with ``correction`` 1 the draw is undone in training (Yi et al., 2019).

    Args:
        similarity: ``"cosine"`` or ``"inner_product"``.
        temperature: τ.
        mask_false_negatives: whether items the user has in train are left out.
        correction: share α of log(expected number of i in the batch) that is taken off the logits of negatives.
        l2: weight of the penalty on the batch's base embeddings.
        bfloat16_products: whether the three products of users with items are made in bfloat16, which some processors
            do faster, with gradients that are off by about 2e-3 of their norm.
    """

    def __init__(
        self,
        *,
        similarity: SimilarityName = "cosine",
        temperature: float = 0.12,
        mask_false_negatives: bool = True,
        correction: float = 0.0,
        l2: float = 0.0,
        bfloat16_products: bool = False,
    ) -> None:
        check_choice("similarity", similarity, SIMILARITIES)
        check_positive("temperature", temperature)
        check(0 <= correction <= 1, f"correction: expected a share from 0 to 1, got {correction}.")
        super().__init__(negatives=None, l2=l2)
        self.similarity, self.temperature = similarity, temperature
        self.mask_false_negatives, self.correction = mask_false_negatives, correction
        self.bfloat16_products = bfloat16_products

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B positives."""
        of_batch, device = distinct(batch.items), users.device
        items = gather_rows(items, of_batch.position.to(device))
        row, user = None, batch.users
        if self.mask_false_negatives and shares_rows(users):
            of_users = distinct(batch.users)
            row, user, users = of_users.column, of_users.rows, gather_rows(users, of_users.position)
        weight = self._log_weight(batch, of_batch)
        own = torch.zeros_like(weight) if self.mask_false_negatives else weight
        rows = BatchItems(row, of_batch.column.to(device), weight, own, self._silent(batch, user, of_batch.rows))
        users, items = comparable(self.similarity, users) / self.temperature, comparable(self.similarity, items)
        return batch_softmax(users, items, rows, bfloat16=self.bfloat16_products)

    def _log_weight(self, batch: Batch, of_batch: Distinct) -> Float[Tensor, " C"]:
        """Return log count - α log(expected count) of every distinct item of the batch."""
        weight = of_batch.counts.double().log()
        if self.correction:
            expected = batch.pairs.popularity[of_batch.rows] * (len(batch.items) / len(batch.pairs))
            weight -= self.correction * expected.log()
        return weight

    def _silent(self, batch: Batch, users: Int[Tensor, " R"], items: Int[Tensor, " C"]) -> Silent | None:
        """Return what the users of the rows have in train."""
        if not self.mask_false_negatives:
            return None
        column_of = torch.full((batch.pairs.num_items,), -1, dtype=torch.int32)
        column_of[items] = torch.arange(len(items), dtype=torch.int32)
        return Silent(users, batch.pairs.row_pointer, batch.pairs.items, column_of)
