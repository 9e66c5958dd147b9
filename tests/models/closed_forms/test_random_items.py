"""Items at random: even, and the same for a user and an item whatever stands beside them."""

import numpy as np
import polars as pl
import torch
from scipy.stats import kstest

from ragx.data.interactions import Interactions
from ragx.models import RandomItems


def scores_of(users: list[str], items: list[str], seed: int = 0) -> dict[tuple[str, str], float]:
    pairs = [(user, item) for user in users for item in items]
    train = Interactions.from_events(pl.DataFrame(pairs, schema=["user", "item"], orient="row"))
    scores = RandomItems(seed=seed).fit(train).scores(torch.arange(train.num_users), slice(0, train.num_items))
    named = zip(*np.meshgrid(train.users.ids, train.items.ids, indexing="ij"), strict=True)
    return {
        (user, item): float(score)
        for (row, columns), values in zip(named, scores, strict=True)
        for user, item, score in zip(row, columns, values, strict=True)
    }


def test_a_score_is_that_of_its_user_and_item_alone() -> None:
    users, items = [f"u{number}" for number in range(80)], [f"i{number}" for number in range(50)]
    everything, part = scores_of(users, items), scores_of(["zz", *users[40:]], ["aa", *items[::3]])
    shared = everything.keys() & part.keys()
    assert len(shared) == 40 * 17
    assert all(everything[pair] == part[pair] for pair in shared)


def test_scores_are_even_and_others_for_another_seed_and_user() -> None:
    users, items = [f"u{number}" for number in range(80)], [f"i{number}" for number in range(50)]
    ours, theirs = (np.array([*scores_of(users, items, seed).values()]).reshape(80, 50) for seed in (0, 1))
    assert kstest(ours.ravel(), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) < 0.06
    among_users = np.corrcoef(ours)[np.triu_indices(80, 1)]
    assert abs(among_users.mean()) < 0.02
