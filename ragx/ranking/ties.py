"""The order of equal scores: a fixed hash of the item, so that no order of rows or popularity flatters a model."""

import numpy as np
import torch
from numpy.typing import NDArray

from ragx.checks import check
from ragx.typing import Float, Int, Tensor


def mixed_bits(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64 bits for every key that look random: the finaliser of SplitMix64.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    keys = keys + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def tie_order(item_ids: Int[Tensor, " I"]) -> Int[Tensor, " I"]:
    """Return the order of every item among equals: the rank of :func:`mixed_bits` of its id.

    Raises:
        ValueError: two items share an id.
    """
    key = mixed_bits(item_ids.cpu().numpy().astype(np.uint64))
    order = np.argsort(key)
    check(bool((np.diff(key[order]) > 0).all()), "item_ids: expected one id an item, got some id twice.")
    rank = np.empty(len(key), dtype=np.int64)
    rank[order] = np.arange(len(key))
    return torch.from_numpy(rank).to(item_ids.device)


def sort_candidates(
    scores: Float[Tensor, "B C"], items: Int[Tensor, "B C"], order: Int[Tensor, " I"]
) -> tuple[Float[Tensor, "B C"], Int[Tensor, "B C"]]:
    """Return candidates by descending score, equal scores by ascending ``order``."""
    scores, position = scores.sort(dim=1, descending=True)
    items = items.gather(1, position)
    tied = (scores[:, 1:] == scores[:, :-1]).any(1).nonzero().flatten()
    if tied.numel():
        by_order = order[items[tied]].argsort(1)
        values, named = scores[tied].gather(1, by_order), items[tied].gather(1, by_order)
        values, position = values.sort(dim=1, descending=True, stable=True)
        scores[tied], items[tied] = values, named.gather(1, position)
    return scores, items


def best_of(
    scores: Float[Tensor, " C"], items: Int[Tensor, " C"], k: int, order: Int[Tensor, " I"]
) -> tuple[Float[Tensor, " K"], Int[Tensor, " K"]]:
    """Return the k best of many candidates, in the order of ``sort_candidates``, without sorting them all."""
    if scores.numel() > k:
        last = scores.topk(k).values[-1]
        above, equal = (scores > last).nonzero().flatten(), (scores == last).nonzero().flatten()
        chosen = order[items[equal]].topk(k - above.numel(), largest=False, sorted=False).indices
        keep = torch.cat((above, equal[chosen]))
        scores, items = scores[keep], items[keep]
    ranked_scores, ranked_items = sort_candidates(scores[None], items[None], order)
    return ranked_scores[0], ranked_items[0]
