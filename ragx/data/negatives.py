"""Negative items, drawn from what a user has not in train."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch

from ragx.checks import check, check_choice, check_positive
from ragx.data.interactions import Interactions
from ragx.rows import row_pointer_of
from ragx.typing import Bool, Float, Int, Tensor


@dataclass(frozen=True, kw_only=True)
class Negatives:
    """How many negatives a positive gets, and how they are drawn: P(i) ∝ 1 or P(i) ∝ popularity_i^exponent.

    Only train items are left out: leaving out validation or test items too would leak them. Popularity is of train.

    Args:
        count: negatives of each positive, at least 1.
        distribution: ``"uniform"`` or ``"popularity"``.
        exponent: power of the popularity (Mikolov et al., 2013, take 0.75).
    """

    count: int = 1
    distribution: Literal["uniform", "popularity"] = "uniform"
    exponent: float = 0.75

    def __post_init__(self) -> None:
        try:
            self._check()
        except ValueError as error:
            if type(self) is Negatives:
                raise
            raise ValueError(f"{error} {type(self).__name__} has this option from ragx.data.Negatives.") from error

    def _check(self) -> None:
        check(self.count >= 1, f"negatives.count: expected at least 1, got {self.count}.")
        check_choice("negatives.distribution", self.distribution, ("uniform", "popularity"))
        check_positive("negatives.exponent", self.exponent)

    def sampler(self, pairs: "TrainPairs") -> "NegativeSampler":
        """Return what draws for batches of users; a subclass returns a sampler of its own.

        Args:
            pairs: the train pairs.
        """
        return NegativeSampler(self, pairs)


class TrainPairs:
    """The distinct pairs of train, sorted by user and item, for membership tests and lists of items.

    Args:
        users: user row of every pair.
        items: item row of every pair.
        num_users: number of users U.
        num_items: number of items I.
    """

    def __init__(self, users: Int[Tensor, " P"], items: Int[Tensor, " P"], num_users: int, num_items: int) -> None:
        self.num_users, self.num_items = num_users, num_items
        self.key: Tensor = torch.unique(users * num_items + items)
        self.items = self.key % num_items
        self.row_pointer = row_pointer_of(self.key // num_items, num_users)

    @classmethod
    def of(cls, train: Interactions) -> "TrainPairs":
        """Return the distinct pairs of interactions."""
        users, items = (torch.tensor(train.column(side)) for side in ("user", "item"))
        return cls(users, items, train.num_users, train.num_items)

    def __len__(self) -> int:
        return self.key.numel()

    @cached_property
    def popularity(self) -> Float[Tensor, " I"]:
        """Number of distinct users of every item."""
        return torch.bincount(self.items, minlength=self.num_items).double()

    @property
    def users(self) -> Int[Tensor, " P"]:
        """User row of every pair."""
        return self.key // self.num_items

    def contains(self, users: Int[Tensor, " n"], items: Int[Tensor, " n"]) -> Bool[Tensor, " n"]:
        """Say for every (user, item) whether it is in train."""
        key = users * self.num_items + items
        if not len(self):
            return torch.zeros_like(key, dtype=torch.bool)
        index = torch.searchsorted(self.key, key).clamp_(max=len(self) - 1)
        return self.key[index] == key

    def items_of(self, users: Int[Tensor, " B"]) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
        """Return the train items of the given users as (position in ``users``, item)."""
        start = self.row_pointer[users]
        length = self.row_pointer[users + 1] - start
        row = torch.repeat_interleave(torch.arange(len(users)), length)
        offset = torch.arange(len(row)) - torch.repeat_interleave(length.cumsum(0) - length, length)
        return row, self.items[start[row] + offset]


class NegativeSampler:
    """Draws negatives for batches of users; a subclass says by :meth:`propose` how.

    Args:
        negatives: count and distribution.
        pairs: the train pairs.
    """

    max_rounds = 20

    def __init__(self, negatives: Negatives, pairs: TrainPairs) -> None:
        self.negatives, self.pairs = negatives, pairs
        self.cumulative: Tensor | None = None
        if negatives.distribution == "popularity":
            self.cumulative = (pairs.popularity**negatives.exponent).cumsum(0)

    @cached_property
    def users_without(self) -> Int[Tensor, " n"]:
        """Rows of the users for whom nothing can be drawn, who have every item that could be."""
        pairs, uniform = self.pairs, self.negatives.distribution == "uniform"
        drawable = pairs.num_items if uniform else int((pairs.popularity > 0).sum())
        return (pairs.row_pointer.diff() == drawable).nonzero().flatten()

    def draw(self, users: Int[Tensor, " B"], generator: torch.Generator) -> Int[Tensor, "B n"]:
        """Return ``count`` items of each user that are not among the user's train items.

        Raises:
            ValueError: a user is one of :attr:`users_without`.
        """
        users = users.repeat_interleave(self.negatives.count)
        items = self.propose(len(users), generator)
        wrong = self.pairs.contains(users, items).nonzero().squeeze(1)
        for _ in range(self.max_rounds):
            if not wrong.numel():
                break
            items[wrong] = self.propose(len(wrong), generator)
            wrong = wrong[self.pairs.contains(users[wrong], items[wrong])]
        for index in wrong.tolist():
            items[index] = self._draw_from_rest(users[index : index + 1], generator)
        return items.view(-1, self.negatives.count)

    def _draw_from_rest(self, user: Int[Tensor, " 1"], generator: torch.Generator) -> Int[Tensor, " 1"]:
        """Draw for a user who has nearly everything, from just what is left."""
        chance = torch.ones(self.pairs.num_items, dtype=torch.float64)
        if self.cumulative is not None:
            chance = self.cumulative.diff(prepend=self.cumulative.new_zeros(1))
        chance[self.pairs.items_of(user)[1]] = 0
        check(
            bool(chance.any()),
            f"No negative can be drawn for user row {int(user)}, who has every item of train that could be drawn: "
            "leave out what users_without names.",
        )
        return torch.multinomial(chance, 1, generator=generator)

    def propose(self, size: int, generator: torch.Generator) -> Int[Tensor, " n"]:
        """Return items, some of which a user may have: :meth:`draw` draws those again.

        Args:
            size: how many.
            generator: what every draw is made with.
        """
        if self.cumulative is None:
            return torch.randint(self.pairs.num_items, (size,), generator=generator)
        draw = torch.rand(size, generator=generator, dtype=torch.float64) * self.cumulative[-1]
        return torch.searchsorted(self.cumulative, draw, right=True).clamp_(max=self.pairs.num_items - 1)
