"""Alignment and uniformity, optimised as they are."""

from torch.utils.checkpoint import checkpoint

from ragx.checks import check
from ragx.data.batches import Batch
from ragx.kernels.gather_rows import gather_rows
from ragx.objectives.base import Objective
from ragx.objectives.batch_items import distinct
from ragx.objectives.similarity import comparable
from ragx.typing import Float, Int, Tensor

MOST_PAIRS = 2**22
"""Pairs whose distances are in memory at one time."""


class DirectAU(Objective):
    """L = mean ‖x_u - x_i‖² + γ/2 (l(users) + l(items)) on the unit sphere, l(X) = log mean e^(-2 ‖x - x'‖²).

    Alignment brings a user to its item; uniformity l drives any two users of the batch, and any two items, apart, where
    one that is in the batch k times counts k times (Wang et al., KDD 2022). There are no negatives.

    Args:
        uniformity: γ; published from 0.2 to 10, by dataset.
        l2: weight of the penalty on the batch's base embeddings.
    """

    def __init__(self, *, uniformity: float = 1.0, l2: float = 0.0) -> None:
        check(uniformity >= 0, f"uniformity: expected at least 0, got {uniformity}.")
        super().__init__(negatives=None, l2=l2)
        self.uniformity = uniformity

    def loss(
        self,
        users: Float[Tensor, "B D"],
        items: Float[Tensor, "B D"],
        negatives: Float[Tensor, "B n D"] | None,
        batch: Batch,
    ) -> Float[Tensor, ""]:
        """Return the mean over the B positives, and both uniformities of the batch."""
        users, items = comparable("cosine", users), comparable("cosine", items)
        alignment = (users - items).square().sum(-1).mean()
        spread = [log_potential(x, rows) for x, rows in ((users, batch.users), (items, batch.items))]
        return alignment + self.uniformity / 2 * (spread[0] + spread[1])


def log_potential(x: Float[Tensor, "B D"], rows: Int[Tensor, " B"], most_pairs: int = MOST_PAIRS) -> Float[Tensor, ""]:
    """Return log mean of e^(-2 ‖x_a - x_b‖²) over all pairs of positions a ≠ b, and 0 where there is but one position.

    Positions of one row are calculated once, and distances in blocks, which the backward pass calculates again.

    Args:
        x: vectors of the positions, equal where the rows are.
        rows: row of every position.
        most_pairs: size of a block.
    """
    if len(rows) < 2:
        return x.new_zeros(())
    of_batch = distinct(rows)
    points, count = gather_rows(x, of_batch.position.to(x.device)), of_batch.counts.to(x)
    size = max(1, most_pairs // len(points))
    total = x.new_zeros(())
    for start in range(0, len(points), size):
        total = total + checkpoint(
            _potential, points, count, start, start + size, use_reentrant=False, preserve_rng_state=False
        )
    return (total / (len(rows) * (len(rows) - 1))).log()


def _potential(points: Float[Tensor, "C D"], count: Float[Tensor, " C"], start: int, stop: int) -> Float[Tensor, ""]:
    """Return the sum of the potentials between the points of a block and all, as often as pairs of them occur."""
    block, norm = points[start:stop], points.square().sum(1)
    exponent = 4 * block @ points.T - 2 * (norm[start:stop].unsqueeze(1) + norm)
    times = count[start:stop].unsqueeze(1) * count
    times.diagonal(offset=start)[: len(block)] -= count[start:stop]  # no position is a pair with itself
    return (times * exponent.exp()).sum()
