"""Softmax over the items of the batch."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from ragx.checks import check, check_choice, check_positive
from ragx.data.batches import Batch
from ragx.kernels.gather_rows import gather_rows
from ragx.objectives.base import Objective
from ragx.objectives.batch_items import false_negatives
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
    """

    def __init__(
        self,
        *,
        similarity: SimilarityName = "cosine",
        temperature: float = 0.12,
        mask_false_negatives: bool = True,
        correction: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        check_choice("similarity", similarity, SIMILARITIES)
        check_positive("temperature", temperature)
        check(0 <= correction <= 1, f"correction: expected a share from 0 to 1, got {correction}.")
        super().__init__(negatives=None, l2=l2)
        self.similarity, self.temperature = similarity, temperature
        self.mask_false_negatives, self.correction = mask_false_negatives, correction
        self._workspace = torch.empty(0)

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B positives."""
        distinct, target, count = torch.unique(batch.items, return_inverse=True, return_counts=True)
        first = torch.empty_like(distinct)
        first[target] = torch.arange(len(target))
        false = false_negatives(batch, distinct) if self.mask_false_negatives else None
        device = users.device
        columns = gather_rows(comparable(self.similarity, items), first.to(device))
        loss: Tensor = _CrossEntropy.apply(  # type: ignore[no-untyped-call]
            comparable(self.similarity, users) / self.temperature,
            columns,
            target.to(device),
            self._log_weight(batch, distinct, count).to(users),
            None if false is None else false.to(device),
            self._space(len(target) * len(distinct), users),
        )
        return loss

    def _log_weight(self, batch: Batch, distinct: Int[Tensor, " C"], count: Int[Tensor, " C"]) -> Float[Tensor, " C"]:
        """Return log count - α log(expected count) of every distinct item of the batch."""
        weight = count.double().log()
        if self.correction:
            expected = batch.pairs.popularity[distinct] * (len(batch.items) / len(batch.pairs))
            weight -= self.correction * expected.log()
        return weight

    def _space(self, size: int, like: Tensor) -> Tensor:
        """Return memory for B × C numbers, kept from step to step: fresh pages would cost as much as a product."""
        space = self._workspace
        if space.numel() < size or space.dtype != like.dtype or space.device != like.device:
            self._workspace = space = torch.empty(size, dtype=like.dtype, device=like.device)
        return space[:size]


class _CrossEntropy(torch.autograd.Function):
    """Loss and both gradients in one pass over the B × C logits, which are overwritten in place."""

    @staticmethod
    def forward(
        ctx: Any,
        users: Tensor,
        columns: Tensor,
        target: Tensor,
        log_weight: Tensor,
        false: Tensor | None,
        space: Tensor,
    ) -> Tensor:
        users, columns = users.detach(), columns.detach()
        logits = torch.mm(users, columns.T, out=space.view(len(users), len(columns)))
        column = target.unsqueeze(1)
        positive = logits.gather(1, column)
        logits += log_weight
        if false is not None:
            logits[false[0], false[1]] = -torch.inf
            logits.scatter_(1, column, positive)
        peak = logits.amax(dim=1, keepdim=True)
        total = logits.sub_(peak).exp_().sum(dim=1, keepdim=True)
        loss = (peak + total.log() - positive).mean()
        logits.div_(total * len(users))
        logits.scatter_add_(1, column, torch.full_like(positive, -1 / len(users)))
        ctx.save_for_backward(logits @ columns, logits.T @ users)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_users, of_columns = ctx.saved_tensors
        return of_users * gradients[0], of_columns * gradients[0], None, None, None, None
