"""Metrics of all lists together: who is shown, how evenly, how popular, how alike."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch

from ragx.checks import check
from ragx.typing import Float, Int, Tensor

HEAD = 0.2


@dataclass(frozen=True, eq=False)
class Lists:
    """The lists of all users cut at one length, and what is known of the items.

    Args:
        items: lists, best first, -1 where there is no item.
        num_items: items in the catalogue.
        num_users: users that the popularity was counted over.
        popularity: users that hold each item in train, or None.
        features: feature vectors of the items, or None.
    """

    items: Int[Tensor, "U K"]
    num_items: int
    num_users: int
    popularity: Float[Tensor, " I"] | None = None
    features: Float[Tensor, "I D"] | None = None

    @cached_property
    def exposure(self) -> Float[Tensor, " I"]:
        """How many lists hold each item."""
        return torch.bincount(self.items.flatten() + 1, minlength=self.num_items + 1)[1:].double()

    def mean_over_recommended(self, item_values: Float[Tensor, " I"]) -> float:
        """Return the mean of a value of the items over all recommended items."""
        return float(self.exposure @ item_values / self.exposure.sum().clamp(min=1))

    def known_popularity(self, metric: str) -> Float[Tensor, " I"]:
        """Return the popularity, which ``metric`` needs.

        Raises:
            ValueError: it is missing, or is not one number an item.
        """
        check(self.popularity is not None, f"{metric}: expected item_popularity, the train count of every item.")
        assert self.popularity is not None
        got = tuple(self.popularity.shape)
        check(got == (self.num_items,), f"item_popularity: expected {self.num_items} counts, got shape {got}.")
        return self.popularity.double()


SetMetric = Callable[[Lists], float]


def coverage(lists: Lists) -> float:
    """Return the share of the catalogue that is in any list."""
    return float((lists.exposure > 0).sum()) / lists.num_items


def gini(lists: Lists) -> float:
    """Return Σ_i (2i − I − 1) x_i / (I Σ x) over ascending exposure x: 0 if even, near 1 if a few items take all."""
    exposure = lists.exposure.sort().values
    rank = torch.arange(1, lists.num_items + 1, dtype=torch.float64, device=exposure.device)
    return float((2 * rank - lists.num_items - 1) @ exposure / (lists.num_items * exposure.sum().clamp(min=1)))


def entropy(lists: Lists) -> float:
    """Return −Σ_i p_i log2 p_i of the shares p of exposure, in bits."""
    exposure = lists.exposure
    share = exposure[exposure > 0] / exposure.sum()
    return float(-(share * share.log2()).sum())


def average_popularity(lists: Lists) -> float:
    """Return the mean train count of the items shown."""
    return lists.mean_over_recommended(lists.known_popularity("average_popularity"))


def novelty(lists: Lists) -> float:
    """Return the mean self-information −log2(count / U) of the items shown, in bits; a count of 0 is taken as 1.

    Source: Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 2010.
    """
    popularity = lists.known_popularity("novelty").clamp(min=1)
    return lists.mean_over_recommended(-(popularity / lists.num_users).log2())


def tail_share(lists: Lists) -> float:
    """Return the share of recommendations from the tail: items less popular than the last of the most popular fifth."""
    popularity = lists.known_popularity("tail_share")
    head = popularity.topk(max(round(HEAD * lists.num_items), 1)).values[-1]
    return lists.mean_over_recommended((popularity < head).double())


def diversity(lists: Lists) -> float:
    """Return 1 − the mean cosine of the feature vectors of two items of one list, over users with two items or more.

    Source: Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005.
    """
    check(lists.features is not None, "diversity: expected item_features, one vector an item.")
    assert lists.features is not None
    got = tuple(lists.features.shape)
    check(
        len(got) == 2 and got[0] == lists.num_items,
        f"item_features: expected {lists.num_items} vectors, one an item, got shape {got}.",
    )
    features = lists.features.double()
    norm = features.norm(dim=1, keepdim=True)
    features = torch.where(norm > 0, features / norm, 0.0)
    items = lists.items
    total = torch.zeros(len(items), features.shape[1], dtype=torch.float64, device=items.device)
    own = torch.zeros(len(items), dtype=torch.float64, device=items.device)
    for column in items.unbind(1):
        vectors = features[column.clamp(min=0)] * (column >= 0)[:, None]
        total += vectors
        own += vectors.square().sum(1)
    lengths = (items >= 0).sum(1)
    pairs = (lengths * (lengths - 1)).double()
    several = pairs > 0
    likeness = (total.square().sum(1) - own)[several] / pairs[several]
    return float((1 - likeness).mean()) if likeness.numel() else 0.0


SET_METRICS: dict[str, SetMetric] = {
    "coverage": coverage,
    "gini": gini,
    "entropy": entropy,
    "average_popularity": average_popularity,
    "novelty": novelty,
    "tail_share": tail_share,
    "diversity": diversity,
}
