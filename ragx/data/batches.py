"""Batches of train pairs: batch s of epoch e is a function of (seed, e, s) alone."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ragx.checks import check
from ragx.data.interactions import Interactions
from ragx.data.negatives import Negatives, TrainPairs
from ragx.random import generator
from ragx.typing import Int, Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """B positive pairs and what the objective asked for beside them.

    Args:
        users: user rows.
        items: item rows, one positive item of each user.
        negatives: item rows not in train, where the objective takes them.
        pairs: the train pairs, for masking false negatives.
    """

    users: Int[Tensor, " B"]
    items: Int[Tensor, " B"]
    negatives: Int[Tensor, "B n"] | None
    pairs: TrainPairs


class Batches(Protocol):
    """The batches of a training: batch s of epoch e is a function of (seed, e, s) alone, so that a resume is exact."""

    def __len__(self) -> int:
        """Return how many there are in an epoch."""

    def batch(self, epoch: int, step: int) -> Any:
        """Return batch ``step`` of an epoch, both counted from 0."""


class PairBatches:
    """Passes over the distinct (user, item) pairs of train, reshuffled every epoch.

    Pairs of users for whom no negative can be drawn, since they have every item, are left out where negatives are asked
    for; ``users_left_out`` holds their outside ids.

    Args:
        train: interactions to learn from.
        batch_size: pairs in a batch B; the last batch of an epoch may be smaller.
        seed: key of order and negatives.
        negatives: negatives of each pair, or none.
        rank: index of this process.
        world_size: number of processes that share an epoch.
    """

    def __init__(
        self,
        train: Interactions,
        *,
        batch_size: int,
        seed: int,
        negatives: Negatives | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        check(batch_size >= 1, f"batch_size: expected at least 1, got {batch_size}.")
        check(len(train) > 0, "The train part is empty: there is nothing to learn from.")
        self.pairs = TrainPairs.of(train)
        self.batch_size, self.seed, self.rank, self.world_size = batch_size, seed, rank, world_size
        self.sampler = negatives.sampler(self.pairs) if negatives else None
        self.keys, without = self.pairs.key, torch.zeros(0, dtype=torch.int64)
        if self.sampler is not None:
            without = self.sampler.users_without
            self.keys = self.keys[~torch.isin(self.pairs.users, without)] if len(without) else self.keys
        self.users_left_out = train.users.outside(without.numpy()).to_list()
        check(
            len(self.keys) > 0,
            "Every user has every item of train, so no negative can be drawn: choose objective=in_batch_softmax.",
        )
        self._order: tuple[int, Tensor] | None = None

    def __len__(self) -> int:
        return math.ceil(len(self.keys) / (self.batch_size * self.world_size))

    def batch(self, epoch: int, step: int) -> Batch:
        """Return batch ``step`` of an epoch, both counted from 0."""
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, torch.randperm(len(self.keys), generator=generator(self.seed, "batches", epoch))
        start = (step * self.world_size + self.rank) * self.batch_size
        key = self.keys[self._order[1][start : start + self.batch_size]]
        users, items = key // self.pairs.num_items, key % self.pairs.num_items
        negatives = None
        if self.sampler:
            negatives = self.sampler.draw(users, generator(self.seed, "negatives", epoch, step, self.rank))
        return Batch(users, items, negatives, self.pairs)
