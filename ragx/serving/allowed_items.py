"""Which items a list may hold: only some, or not these."""

from collections.abc import Iterable
from typing import final

import torch

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import Identifier
from ragx.ranking.scorers import RoundedScorer, Scorer
from ragx.typing import Bool, Float, Int, Tensor


def allowed_items(
    items: IdMap,
    only: Iterable[Identifier] | Identifier | None = None,
    without: Iterable[Identifier] | Identifier | None = None,
) -> Bool[Tensor, " I"]:
    """Return for every item whether a list may hold it.

    Args:
        items: the catalogue.
        only: outside ids of the items to choose from; all of them by default.
        without: outside ids of items to leave out.

    Raises:
        ValueError: an item is unknown, or none is left.
    """
    allowed = torch.full((len(items),), only is None)
    if only is not None:
        allowed[torch.tensor(items.rows(only))] = True
    if without is not None:
        allowed[torch.tensor(items.rows(without))] = False
    check(bool(allowed.any()), "only and without: they leave no item to recommend.")
    return allowed


def only_allowed(scorer: Scorer, allowed: Bool[Tensor, " I"]) -> Scorer:
    """Return a scorer that scores −inf for every item that is not allowed."""
    if bool(allowed.all()):
        return scorer
    return _RoundedChoice(scorer, allowed) if isinstance(scorer, RoundedScorer) else _Choice(scorer, allowed)


@final
class _Choice:
    def __init__(self, scorer: Scorer, allowed: Tensor) -> None:
        self.scorer, self.barred = scorer, ~allowed
        self.num_users, self.num_items = scorer.num_users, scorer.num_items

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        return self.scorer.scores(users, items).masked_fill(self.barred[items], -torch.inf)


@final
class _RoundedChoice:
    def __init__(self, scorer: RoundedScorer, allowed: Tensor) -> None:
        self.scorer, self.barred = scorer, ~allowed
        self.num_users, self.num_items = scorer.num_users, scorer.num_items
        self.exact, self.rounding = scorer.exact, scorer.rounding  # asked for items above −inf alone

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        return self.scorer.scores(users, items).masked_fill(self.barred[items], -torch.inf)

    def scores_into(self, users: Int[Tensor, " B"], items: slice, out: Float[Tensor, "B I_block"]) -> None:
        self.scorer.scores_into(users, items, out)
        out.masked_fill_(self.barred[items], -torch.inf)
