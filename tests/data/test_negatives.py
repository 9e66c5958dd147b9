"""Negatives: never in train, drawn as often as they should be."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from ragx.data.negatives import Negatives, NegativeSampler, TrainPairs
from ragx.data.split import Split
from ragx.random import generator


def pairs_of(pairs: list[tuple[int, int]], num_users: int, num_items: int) -> TrainPairs:
    table = torch.tensor(pairs)
    return TrainPairs(table[:, 0], table[:, 1], num_users, num_items)


def from_split(split: Split) -> TrainPairs:
    users, items = (torch.tensor(split.train.column(name)) for name in ("user", "item"))
    return TrainPairs(users, items, split.train.num_users, split.train.num_items)


@settings(max_examples=40, deadline=None)
@given(known=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1))
def test_train_pairs_know_what_they_hold(known: set[tuple[int, int]]) -> None:
    pairs = pairs_of([*known, *list(known)[:1]], 4, 5)
    assert len(pairs) == len(known)
    assert set(zip(pairs.users.tolist(), pairs.items.tolist(), strict=True)) == known
    users, items = (side.flatten() for side in torch.meshgrid(torch.arange(4), torch.arange(5), indexing="ij"))
    held = pairs.contains(users, items)
    assert {(u, i) for u, i, yes in zip(users.tolist(), items.tolist(), held.tolist(), strict=True) if yes} == known
    asked = torch.tensor([2, 0, 2])
    row, item = pairs.items_of(asked)
    listed = sorted(zip(row.tolist(), item.tolist(), strict=True))
    assert listed == sorted((r, i) for r, u in enumerate(asked.tolist()) for v, i in known if u == v)


@pytest.mark.parametrize("distribution", ["uniform", "popularity"])
def test_a_negative_is_never_in_train_but_may_be_held_out(distribution: str, tiny_split: Split) -> None:
    pairs = from_split(tiny_split)
    sampler = NegativeSampler(Negatives(count=50, distribution=distribution), pairs)  # type: ignore[arg-type]
    users = torch.arange(pairs.num_users)
    drawn = sampler.draw(users, generator(0, "test"))
    assert drawn.shape == (pairs.num_users, 50)
    assert 0 <= int(drawn.min()) <= int(drawn.max()) < pairs.num_items
    assert not pairs.contains(users.repeat_interleave(50), drawn.flatten()).any()
    held_out = tiny_split.validation.pairs()
    pairs_drawn = set(zip(users.repeat_interleave(50).tolist(), drawn.flatten().tolist(), strict=True))
    assert pairs_drawn & set(held_out.iter_rows()), "validation items serve as negatives too"


def test_uniform_negatives_are_uniform_over_what_is_left() -> None:
    pairs = pairs_of([(0, 1), (0, 3), (1, 0)], 2, 7)
    drawn = NegativeSampler(Negatives(count=20_000), pairs).draw(torch.tensor([0]), generator(0, "test"))
    counts = torch.bincount(drawn[0], minlength=7)
    assert counts[[1, 3]].tolist() == [0, 0]
    assert chisquare(counts[[0, 2, 4, 5, 6]].numpy()).pvalue > 1e-3


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_popular_items_are_drawn_by_their_power(exponent: float) -> None:
    """Items 0 to 3 have 1, 4, 9 and 16 users; item 4 has none; user 30 has item 5, as has user 31."""
    pairs = [(user, item) for item in range(4) for user in range((item + 1) ** 2)] + [(30, 5), (31, 5)]
    known = pairs_of(pairs, 32, 6)
    sampler = NegativeSampler(Negatives(count=20_000, distribution="popularity", exponent=exponent), known)
    counts = torch.bincount(sampler.draw(torch.tensor([30]), generator(0, "test"))[0], minlength=6).numpy()
    assert counts[4] == counts[5] == 0
    weight = torch.tensor([1.0, 4.0, 9.0, 16.0]).double() ** exponent
    assert chisquare(counts[:4], (weight / weight.sum() * counts.sum()).numpy()).pvalue > 1e-3


def test_draws_are_keyed() -> None:
    sampler = NegativeSampler(Negatives(count=4), pairs_of([(0, 1), (1, 0)], 2, 50))
    users = torch.tensor([0, 1, 0])
    first, same, other = (sampler.draw(users, generator(0, "test", key)) for key in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_users_who_have_everything_are_named_and_not_drawn_for() -> None:
    """User 0 has items 0 to 2; item 3 has no users, so by popularity nothing is left for user 0."""
    pairs = [(0, 0), (0, 1), (0, 2), (1, 0)]
    for num_items, distribution, rows in ((3, "uniform", [0]), (4, "uniform", []), (4, "popularity", [0])):
        sampler = NegativeSampler(Negatives(distribution=distribution), pairs_of(pairs, 2, num_items))  # type: ignore[arg-type]
        assert sampler.users_without.tolist() == rows
        if rows:
            with pytest.raises(ValueError, match="No negative can be drawn for user row 0, who has every item"):
                sampler.draw(torch.tensor([0]), generator(0, "test"))


def test_a_user_with_all_items_but_one_gets_that_one() -> None:
    pairs = pairs_of([(0, item) for item in range(59)], 1, 60)
    drawn = NegativeSampler(Negatives(count=200), pairs).draw(torch.tensor([0]), generator(0, "test"))
    assert set(drawn.flatten().tolist()) == {59}


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"negatives\.count: expected at least 1, got 0"):
        Negatives(count=0)
    with pytest.raises(
        ValueError, match=r"negatives\.distribution: expected one of uniform, popularity; got 'popular'"
    ):
        Negatives(distribution="popular")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"negatives\.exponent: expected a number greater than 0, got 0"):
        Negatives(exponent=0)


def test_an_option_that_a_subclass_inherits_is_told_to_be_of_the_base() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Recent(Negatives):
        distribution: str = "recent"  # type: ignore[assignment]

    with pytest.raises(ValueError, match=r"got 'recent'\..* Recent has this option from ragx\.data\.Negatives\.$"):
        Recent()
