"""Users without train interactions: what they are shown, and whether they count."""

from typing import Literal, final

import torch

from ragx.checks import check
from ragx.ranking.scorers import RoundedScorer, Scorer
from ragx.typing import Bool, Float, Int, Tensor

ColdUsers = Literal["model", "popularity", "exclude"]
COLD_USERS: tuple[ColdUsers, ...] = ("model", "popularity", "exclude")


def serve_by_popularity(scorer: Scorer, cold: Bool[Tensor, " U"], popularity: Float[Tensor, " I"]) -> Scorer:
    """Return a scorer that scores ``popularity`` for cold users and what ``scorer`` says for all others.

    Raises:
        ValueError: the sizes do not fit the scorer.
    """
    got = cold.numel(), popularity.numel()
    check(
        got == (scorer.num_users, scorer.num_items),
        f"cold and popularity: expected {scorer.num_users} users and {scorer.num_items} items, got {got}.",
    )
    if not bool(cold.any()):
        return scorer
    if isinstance(scorer, RoundedScorer):
        return _RoundedFallback(scorer, cold, popularity)
    return _Fallback(scorer, cold, popularity)


@final
class _Fallback:
    def __init__(self, scorer: Scorer, cold: Tensor, popularity: Tensor) -> None:
        self.scorer, self.cold, self.popularity = scorer, cold, popularity
        self.num_users, self.num_items = scorer.num_users, scorer.num_items

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        scores = self.scorer.scores(users, items)
        return torch.where(self.cold[users][:, None], self.popularity[items].to(scores), scores)


@final
class _RoundedFallback:
    def __init__(self, scorer: RoundedScorer, cold: Tensor, popularity: Tensor) -> None:
        self.scorer, self.cold, self.popularity = scorer, cold, popularity
        self.num_users, self.num_items = scorer.num_users, scorer.num_items

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        scores = self.scorer.scores(users, items)
        return torch.where(self.cold[users][:, None], self.popularity[items].to(scores), scores)

    def scores_into(self, users: Int[Tensor, " B"], items: slice, out: Float[Tensor, "B I_block"]) -> None:
        self.scorer.scores_into(users, items, out)
        out[self.cold[users]] = self.popularity[items].to(out)

    def exact(self, users: Int[Tensor, " B"], items: Int[Tensor, "B C"]) -> Float[Tensor, "B C"]:
        return torch.where(self.cold[users][:, None], self.popularity[items].double(), self.scorer.exact(users, items))

    def rounding(self, users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        largest = self.popularity.abs().max() * 2.0**-24  # a count beyond 2²⁴ is rounded to float32
        return torch.where(self.cold[users], largest, self.scorer.rounding(users))
