"""Small data that closed forms are worked on, and the dense matrices that their formulas are made of."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions

WITH_ALL, WITHOUT, UNKNOWN = 3, 5, 7


def interactions_of(seen: np.ndarray) -> Interactions:
    """Return interactions whose matrix is ``seen``, with ids for rows and columns of zeros too."""
    users, items = np.nonzero(seen)
    maps = (IdMap.of(name, pl.Series(range(size))) for name, size in zip(("user", "item"), seen.shape, strict=True))
    return Interactions(pl.DataFrame({"user": users, "item": items}), *maps)


def degree_power(degrees: np.ndarray, exponent: float) -> np.ndarray:
    """Return the power of every degree, and 0 for degree 0."""
    return np.asarray([degree**exponent if degree else 0.0 for degree in degrees.tolist()])


@pytest.fixture(name="interactions_of")
def given_interactions_of() -> Callable[[np.ndarray], Interactions]:
    return interactions_of


@pytest.fixture(name="degree_power")
def given_degree_power() -> Callable[[np.ndarray, float], np.ndarray]:
    return degree_power


@pytest.fixture
def train() -> Interactions:
    """70 users and 12 items; user 3 has all items, but for item 7, which nobody has; user 5 has none."""
    seen = np.random.default_rng(0).random((70, 12)) < 0.3
    seen[WITH_ALL], seen[WITHOUT], seen[:, UNKNOWN] = True, False, False
    return interactions_of(seen)


@pytest.fixture
def dense() -> Callable[[Interactions, float, float], np.ndarray]:
    """Return ``D_U^−a R D_I^−b`` as a dense matrix."""

    def normalized(train: Interactions, user_power: float, item_power: float) -> np.ndarray:
        seen = train.matrix().toarray()
        rows = degree_power(seen.sum(1), -user_power)[:, None]
        return np.asarray(rows * seen * degree_power(seen.sum(0), -item_power))

    return normalized
