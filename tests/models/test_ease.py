"""EASE: a case by hand, the optimum that its formula solves, and its memory."""

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data import Interactions
from ragx.models import EASE

PAIRS = [("a", "i"), ("a", "j"), ("b", "j"), ("b", "k"), ("c", "i")]


def interactions(pairs: list[tuple[str, str]]) -> Interactions:
    return Interactions.from_events(pl.DataFrame(pairs, schema=["user", "item"], orient="row"))


def test_three_users_and_items_by_hand() -> None:
    """With λ = 1, XᵀX + λI = [[3, 1, 0], [1, 3, 1], [0, 1, 2]], whose inverse is [[5, -2, 1], …, [1, -3, 8]] / 13."""
    scores = EASE(penalty=1.0).fit(interactions(PAIRS)).scores(torch.arange(3), slice(0, 3))
    expected = [[2 / 5, 1 / 3, 1 / 4], [1 / 5, 1 / 2, 3 / 8], [0.0, 1 / 3, -1 / 8]]
    assert scores.numpy() == pytest.approx(np.array(expected))


def test_the_gradient_is_zero_off_the_diagonal() -> None:
    """B minimises |X − XB|² + λ|B|² with a zero diagonal; users of one item each show its rows."""
    draw = np.random.default_rng(0)
    shared = [(f"u{user}", f"i{item}") for user in range(20) for item in np.flatnonzero(draw.random(6) < 0.4)]
    train = interactions([*((f"alone {item}", f"i{item}") for item in range(6)), *shared])
    penalty, seen = 3.0, train.matrix().toarray()
    scores = EASE(penalty=penalty).fit(train).scores(torch.arange(train.num_users), slice(0, 6)).numpy()
    alone = [row for row in range(train.num_users) if train.users.ids[row].startswith("alone")]
    weights = np.linalg.solve(seen[alone], scores[alone])
    gradient = 2 * seen.T @ (seen @ weights - seen) + 2 * penalty * weights
    assert np.diag(weights) == pytest.approx(np.zeros(6))
    assert gradient[~np.eye(6, dtype=bool)] == pytest.approx(np.zeros(30), abs=1e-9)
    assert np.abs(np.diag(gradient)).min() > 1


def test_its_memory_grows_with_the_square_of_the_items() -> None:
    assert EASE().needed_bytes(interactions(PAIRS)) == 3 * 8 * 3**2


def test_a_penalty_is_above_zero() -> None:
    with pytest.raises(ValueError, match="penalty"):
        EASE(penalty=0.0)
