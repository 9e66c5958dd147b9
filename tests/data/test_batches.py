"""Batches: a function of (seed, epoch, step), of everything once."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
import torch

from ragx.data.batches import Batch, PairBatches
from ragx.data.interactions import Interactions
from ragx.data.negatives import Negatives, NegativeSampler, TrainPairs
from ragx.data.split import Split


def pairs_of(batch: Batch) -> list[tuple[int, int]]:
    return list(zip(batch.users.tolist(), batch.items.tolist(), strict=True))


def batches(split: Split, **options: Any) -> PairBatches:
    return PairBatches(split.train, **{"batch_size": 50, "seed": 1, **options})


@pytest.mark.parametrize("batch_size", [1, 50, 10_000])
def test_an_epoch_covers_every_distinct_pair_once(batch_size: int, tiny_split: Split) -> None:
    some = batches(tiny_split, batch_size=batch_size)
    drawn = [pair for step in range(len(some)) for pair in pairs_of(some.batch(3, step))]
    assert sorted(drawn) == list(tiny_split.train.pairs().iter_rows())
    assert len(some.batch(0, 0).users) == min(batch_size, len(drawn))


def test_a_batch_does_not_depend_on_what_was_drawn_before(tiny_split: Split) -> None:
    negatives = Negatives(count=3)
    walked, jumped = (batches(tiny_split, negatives=negatives) for _ in range(2))
    for epoch in range(2):
        for step in range(len(walked)):
            last = walked.batch(epoch, step)
    fresh = jumped.batch(1, len(jumped) - 1)
    torch.rand(3)
    assert pairs_of(fresh) == pairs_of(last)
    assert last.negatives is not None
    assert fresh.negatives is not None
    assert torch.equal(fresh.negatives, last.negatives)
    assert pairs_of(walked.batch(0, 0)) == pairs_of(jumped.batch(0, 0))


def test_epochs_seeds_and_steps_differ(tiny_split: Split) -> None:
    some, other = batches(tiny_split), batches(tiny_split, seed=2)
    firsts = [pairs_of(batch) for batch in (some.batch(0, 0), some.batch(1, 0), other.batch(0, 0), some.batch(0, 1))]
    assert all(one != two for index, one in enumerate(firsts) for two in firsts[:index])


def test_negatives_differ_by_epoch_and_step_and_are_not_in_train(tiny_split: Split) -> None:
    some = batches(tiny_split, batch_size=10_000, negatives=Negatives(count=2))
    first, second = some.batch(0, 0), some.batch(1, 0)
    assert first.negatives is not None
    assert second.negatives is not None
    assert first.negatives.shape == (len(first.users), 2)
    assert not torch.equal(first.negatives, second.negatives)
    assert not first.pairs.contains(first.users.repeat_interleave(2), first.negatives.flatten()).any()
    assert batches(tiny_split).batch(0, 0).negatives is None


@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_share_an_epoch(world_size: int, tiny_split: Split) -> None:
    shares = [batches(tiny_split, rank=rank, world_size=world_size) for rank in range(world_size)]
    assert len({len(share) for share in shares}) == 1
    drawn = [pair for share in shares for step in range(len(share)) for pair in pairs_of(share.batch(0, step))]
    assert sorted(drawn) == list(tiny_split.train.pairs().iter_rows())


@pytest.fixture
def every_warning() -> Iterator[None]:
    """Have torch say each warning each time, not once a process."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(before)


@pytest.mark.usefixtures("every_warning")
def test_they_are_made_without_a_warning(tiny_split: Split) -> None:
    assert len(batches(tiny_split)) > 0


def test_what_cannot_be_batched_is_refused(tiny_split: Split) -> None:
    with pytest.raises(ValueError, match="batch_size: expected at least 1, got 0"):
        batches(tiny_split, batch_size=0)
    empty = tiny_split.train.filter(pl.col("user") < 0)
    with pytest.raises(ValueError, match="The train part is empty: there is nothing to learn from"):
        PairBatches(empty, batch_size=5, seed=0)


@pytest.mark.parametrize("distribution", ["uniform", "popularity"])
def test_a_user_with_every_item_is_named_and_left_out_where_negatives_are_drawn(distribution: str) -> None:
    pairs = [("whale", item) for item in "abc"] + [("u", "a"), ("v", "b")]
    train = Interactions.from_events(pl.DataFrame(pairs, schema=["user", "item"], orient="row"))
    some = PairBatches(train, batch_size=10, seed=0, negatives=Negatives(distribution=distribution))  # type: ignore[arg-type]
    assert some.users_left_out == ["whale"]
    drawn = some.batch(0, 0)
    assert sorted(train.users.outside(drawn.users.numpy())) == ["u", "v"]
    assert drawn.negatives is not None
    assert not drawn.pairs.contains(drawn.users, drawn.negatives.flatten()).any()
    without = PairBatches(train, batch_size=10, seed=0)
    assert (without.users_left_out, len(without.batch(0, 0).users)) == ([], 5)
    with pytest.raises(ValueError, match=r"Every user has every item of train, .* choose objective=in_batch_softmax"):
        PairBatches(train.filter(pl.col("user") == 2), batch_size=10, seed=0, negatives=Negatives())


class Neighbours(Negatives):
    """Negatives of one's own: the next item that the user has not, by its row."""

    def sampler(self, pairs: TrainPairs) -> NegativeSampler:
        return NextItem(self, pairs)


class NextItem(NegativeSampler):
    """Proposes rows one after the other; what the user has is proposed anew."""

    def propose(self, size: int, generator: torch.Generator) -> torch.Tensor:
        return torch.arange(size) % self.pairs.num_items


def test_negatives_of_ones_own_are_drawn_by_their_own_sampler(tiny_split: Split) -> None:
    own = batches(tiny_split, negatives=Neighbours(count=2))
    usual = batches(tiny_split, negatives=Negatives(count=2))
    one, other = own.batch(0, 0), usual.batch(0, 0)
    assert torch.equal(one.users, other.users)
    assert one.negatives is not None and other.negatives is not None
    assert not torch.equal(one.negatives, other.negatives)
    drawn = one.users.repeat_interleave(2), one.negatives.flatten()
    assert not bool(own.pairs.contains(*drawn).any())
