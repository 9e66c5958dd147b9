"""Exact ranking of the whole catalogue: fast scores choose candidates, one fixed order of summation ranks them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ragx.checks import check, check_positive
from ragx.notebook import one_line
from ragx.ranking.candidates import Panel, score_type
from ragx.ranking.constant import rank_constant
from ragx.ranking.item_lists import ItemLists, as_index
from ragx.ranking.memory import Plan, plan_blocks, shrinking
from ragx.ranking.scorers import Constant, RoundedScorer, Scorer
from ragx.ranking.ties import best_of, sort_candidates, tie_order
from ragx.typing import Float, Int, Tensor

MARGIN = 8
SETTLED_ROWS = 64


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best K items of every user.

    Args:
        users: the users that were ranked.
        items: their items, best first; -1 where fewer than K can be recommended.
        scores: the scores of the items, float64; −inf beside -1.
        tie_rate: share of ranks whose score equals that of the next rank, the first item left out included.
    """

    users: Int[Tensor, " B"]
    items: Int[Tensor, "B K"]
    scores: Float[Tensor, "B K"]
    tie_rate: float

    def __repr__(self) -> str:
        return one_line(self, users=len(self.users), k=self.items.shape[1], tie_rate=self.tie_rate)

    @property
    def num_short(self) -> int:
        """Number of users whose list is shorter than K."""
        return int((self.items[:, -1] < 0).sum())


def rank(
    scorer: Scorer,
    users: Int[Tensor, " B"] | None = None,
    *,
    k: int,
    seen: ItemLists | None = None,
    item_ids: Int[Tensor, " I"] | NDArray[np.int64] | None = None,
    memory: int | None = None,
    block_users: int | None = None,
) -> Ranking:
    """Rank all items for the given users by (score descending, hash of the item id ascending).

    The lists are the same for every block size, and for a ``RoundedScorer`` for every number of threads. Its candidates
    are taken by fast scores with a margin and scored again in one fixed order; where the bound on the rounding leaves a
    doubt whether an item outside belongs in the list, that user's whole row is settled. Other scorers are taken at
    their word: a score may depend on its user and item alone.

    Args:
        scorer: what is ranked.
        users: rows of users, all of them if None.
        k: length K of the lists; beyond the catalogue the lists are padded with -1.
        seen: items kept off the lists, one list a user.
        item_ids: keys that settle ties, such as ``IdMap.tie_keys``; the item's row if None, so that lists with ties
            then follow the order of the file.
        memory: bytes that the blocks of scores may take; planned from the free memory if None.
        block_users: users at a time; planned from the memory if None.

    Raises:
        ValueError: k is below 1, there are no users or items, users or seen items do not fit the scorer, or a score
            is NaN.
    """
    check(k >= 1, f"k: expected a list length of at least 1, got {k}.")
    check(scorer.num_items > 0, "scorer: expected a catalogue of at least one item, got none.")
    check(scorer.num_users > 0, "scorer: expected at least one user to rank for, got none.")
    if block_users is not None:
        check_positive("block_users", block_users)
    users = user_rows(users, scorer.num_users)
    _check_seen(seen, scorer)
    ids = torch.arange(scorer.num_items) if item_ids is None else as_index("item_ids", item_ids).cpu()
    check(len(ids) == scorer.num_items, f"item_ids: expected {scorer.num_items}, one an item, got {len(ids)}.")
    order, kept = tie_order(ids), min(k, scorer.num_items) + 1
    with torch.no_grad():
        if isinstance(scorer, Constant):
            scores, items = rank_constant(scorer.item_scores, users, kept, seen, order)
        else:
            size, count = score_type(scorer)[0].itemsize, kept + MARGIN
            sizes = users.numel(), scorer.num_items
            plan = plan_blocks(*sizes, memory, block_users, count=count, score_bytes=size)
            scores, items = shrinking(lambda plan: _rank_blocks(scorer, users, kept, seen, order, plan), plan)
    return _ranking(users, scores, items, k)


def user_rows(users: Tensor | None, num_users: int) -> Int[Tensor, " B"]:
    """Return the rows of the users to be ranked, all of them if None.

    Raises:
        ValueError: they are no whole numbers, or one is out of range.
    """
    if users is None:
        return torch.arange(num_users)
    rows = as_index("users", users).cpu()
    low, high = (int(rows.min()), int(rows.max())) if rows.numel() else (0, -1)
    check(low >= 0 and high < num_users, f"users: expected rows 0 to {num_users - 1}, got {low} to {high}.")
    return rows


def _check_seen(seen: ItemLists | None, scorer: Scorer) -> None:
    if seen is None:
        return
    check(
        seen.num_users == scorer.num_users,
        f"seen: expected a list for each of the scorer's {scorer.num_users} users, got {seen.num_users} lists.",
    )
    largest = int(seen.items.max()) if seen.items.numel() else -1
    check(largest < scorer.num_items, f"seen: expected items below {scorer.num_items}, the catalogue; got {largest}.")


def _ranking(users: Tensor, scores: Tensor, items: Tensor, k: int) -> Ranking:
    items = torch.where(scores == -torch.inf, -1, items)
    real = scores[:, :-1] > -torch.inf
    ties = real & (scores[:, :-1] == scores[:, 1:])
    tie_rate = float(ties.sum()) / max(int(real.sum()), 1)
    scores, items = scores[:, :k], items[:, :k]
    short = k - items.shape[1]
    if short > 0:
        items = torch.nn.functional.pad(items, (0, short), value=-1)
        scores = torch.nn.functional.pad(scores, (0, short), value=-torch.inf)
    return Ranking(users, items.contiguous(), scores.contiguous(), tie_rate)


def _rank_blocks(
    scorer: Scorer, users: Tensor, kept: int, seen: ItemLists | None, order: Tensor, plan: Plan
) -> tuple[Tensor, Tensor]:
    panel = Panel(scorer, seen, plan.rows, plan.width)
    scores = torch.empty(users.numel(), kept, dtype=torch.float64)
    items = torch.empty(users.numel(), kept, dtype=torch.int64)
    order = order.to(panel.device)
    settled = max(min(plan.rows * plan.width // scorer.num_items, SETTLED_ROWS), 1)
    for start in range(0, users.numel(), plan.rows):
        block = users[start : start + plan.rows].to(panel.device)
        values, named, doubtful = _rank_block(scorer, panel, block, kept, order)
        for rows in torch.split(doubtful, settled):
            for row, settled_list in zip(rows.tolist(), _settle(scorer, panel, block[rows], kept, order), strict=True):
                values[row], named[row] = settled_list
        scores[start : start + plan.rows], items[start : start + plan.rows] = values, named
    return scores, items


def _rank_block(
    scorer: Scorer, panel: Panel, users: Tensor, kept: int, order: Tensor
) -> tuple[Tensor, Tensor, Int[Tensor, " M"]]:
    """Return the lists of a block, and the rows that an item outside the candidates might still enter."""
    count = kept + MARGIN
    values, items = panel.best(users, 0, count)
    for start in range(panel.width, scorer.num_items, panel.width):
        more, named = panel.best(users, start, count)
        values, items = torch.cat((values, more), 1), torch.cat((items, named), 1)
        values, chosen = values.topk(min(count, values.shape[1]), dim=1, sorted=False)
        items = items.gather(1, chosen)
    if (missing := count - values.shape[1]) > 0:  # the catalogue is smaller than the list with its margin
        values = torch.nn.functional.pad(values, (0, missing), value=-torch.inf)
        items = torch.nn.functional.pad(items, (0, missing), value=0)
    outside = values.amin(1).double()
    scores, items = _rescore(scorer, users, values, items)
    scores, items = sort_candidates(scores, items, order)
    last = scores[:, kept - 1]
    slack = scorer.rounding(users) if isinstance(scorer, RoundedScorer) else 0.0
    doubtful = (outside > -torch.inf) & ~(last > outside + slack)
    return scores[:, :kept], items[:, :kept], doubtful.nonzero().flatten()


def _rescore(scorer: Scorer, users: Tensor, values: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    items = torch.where(values == -torch.inf, 0, items)
    scores = scorer.exact(users, items) if isinstance(scorer, RoundedScorer) else values.double()
    return torch.where(values == -torch.inf, -torch.inf, scores), items


def _settle(scorer: Scorer, panel: Panel, users: Tensor, kept: int, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Give each user's list, made from every item that the rounding leaves a chance."""
    starts = range(0, scorer.num_items, panel.width)
    rows = torch.cat([panel.fill(users, start).clone() for start in starts], 1)
    slack = scorer.rounding(users) if isinstance(scorer, RoundedScorer) else torch.zeros(users.numel())
    for index, bound in enumerate(slack.tolist()):
        row = rows[index].double()
        floor = row.topk(kept).values[-1] - 2 * bound
        chosen = ((row >= floor) & (row > -torch.inf)).nonzero().flatten()
        scores = _rescore(scorer, users[index : index + 1], row[None, chosen], chosen[None])[0][0]
        scores, items = best_of(scores, chosen, kept, order)
        missing = kept - items.numel()
        scores = torch.nn.functional.pad(scores, (0, missing), value=-torch.inf)
        yield scores, torch.nn.functional.pad(items, (0, missing), value=0)
