"""InfoNCE between two views of the nodes of a batch."""

import torch
from torch.nn import functional

from ragx.data.batches import Batch
from ragx.kernels.gather_rows import gather_rows
from ragx.objectives.similarity import comparable
from ragx.typing import Float, Tensor


def info_nce(one: Float[Tensor, "n D"], other: Float[Tensor, "n D"], temperature: float) -> Float[Tensor, ""]:
    """Return the mean of -log softmax_w( cos(x_v, y_w) / τ )_v over nodes v (van den Oord et al., 2018).

    Args:
        one: vectors x.
        other: vectors y of the same nodes.
        temperature: τ.
    """
    logits = comparable("cosine", one) / temperature @ comparable("cosine", other).T
    return functional.cross_entropy(logits, torch.arange(len(one), device=one.device))


def batch_info_nce(
    one: Float[Tensor, "N D"], other: Float[Tensor, "N D"], batch: Batch, *, num_users: int, temperature: float
) -> Float[Tensor, ""]:
    """Return :func:`info_nce` over the distinct users of a batch, plus that over its distinct items.

    Args:
        one: vectors of all nodes, users first.
        other: the same in another view.
        batch: rows of users and items.
        num_users: number of users U.
        temperature: τ.
    """
    single = torch.promote_types(one.dtype, torch.float32)
    total = one.new_zeros((), dtype=single)
    for nodes in (torch.unique(batch.users), torch.unique(batch.items) + num_users):
        x, y = (gather_rows(view, nodes.to(view.device)).to(single) for view in (one, other))
        total = total + info_nce(x, y, temperature)
    return total
