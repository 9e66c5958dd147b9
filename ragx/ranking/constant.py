"""Ranking by one score an item: everybody's list is the common order without what they have seen."""

import torch

from ragx.checks import check
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ties import sort_candidates
from ragx.typing import Float, Int, Tensor

PLACES_PER_BLOCK = 2**22


def rank_constant(
    item_scores: Float[Tensor, " I"],
    users: Int[Tensor, " B"],
    k: int,
    seen: ItemLists | None,
    order: Int[Tensor, " I"],
) -> tuple[Float[Tensor, "B K"], Int[Tensor, "B K"]]:
    """Return the k best unseen items of every user, by (score descending, ``order`` ascending), padded with −inf.

    Raises:
        ValueError: a score is NaN.
    """
    check(not bool(item_scores.isnan().any()), "item_scores: expected numbers, got NaN.")
    sorted_scores, sorted_items = sort_candidates(item_scores[None], torch.arange(len(order))[None], order)
    num_items = len(order)
    rank_of = torch.empty_like(order)
    rank_of[sorted_items[0]] = torch.arange(num_items)
    padded_scores = torch.nn.functional.pad(sorted_scores[0], (0, k), value=-torch.inf)
    padded_items = torch.nn.functional.pad(sorted_items[0], (0, k), value=0)
    longest = int(seen.lengths[users].max()) if seen is not None and users.numel() else 0
    rows = max(PLACES_PER_BLOCK // (longest + k), 1)
    chosen = [_unseen_ranks(part, k, seen, rank_of) for part in torch.split(users, rows)]
    ranks = torch.cat(chosen) if chosen else torch.zeros(0, k, dtype=torch.int64)
    return padded_scores[ranks], padded_items[ranks]


def _unseen_ranks(users: Tensor, k: int, seen: ItemLists | None, rank_of: Tensor) -> Int[Tensor, "B K"]:
    if seen is None:
        return torch.arange(k).expand(users.numel(), k)
    row, item = seen.pairs(users)
    width = k + int(seen.lengths[users].max())
    taken = torch.zeros(users.numel(), width, dtype=torch.bool)
    rank = rank_of[item]
    near = rank < width
    taken[row[near], rank[near]] = True
    free = ~taken
    first = free & (free.cumsum(1) <= k)
    return first.nonzero()[:, 1].view(users.numel(), k)
