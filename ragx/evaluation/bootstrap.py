"""Uncertainty from resampling users: a user is drawn with everything that belongs to it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ragx.checks import check
from ragx.random import numpy_generator

Matrix = NDArray[np.float64]
RESAMPLES = 2000
RESAMPLES_PER_CHUNK = 50
DRAWS_PER_CHUNK = 2**22


def resampled_means(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> Matrix:
    """Return the column means of resampled rows, of shape [resamples, columns].

    Args:
        values: [users, columns]; NaN where a user has no value in a column.
        resamples: number of resamples.
        seed: key of the draws.

    Raises:
        ValueError: there are no users, or no resamples.
    """
    table = np.asarray(values, dtype=np.float64)
    check(table.ndim == 2 and len(table) > 0, f"values: expected rows for at least one user, got shape {table.shape}.")
    check(resamples >= 1, f"resamples: expected at least 1, got {resamples}.")
    users, holes = len(table), np.isnan(table)
    sides = np.hstack((np.nan_to_num(table), ~holes)) if holes.any() else table
    rng, chunks = numpy_generator(seed, "bootstrap"), []
    at_once = min(max(DRAWS_PER_CHUNK // users, 1), RESAMPLES_PER_CHUNK)
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = rng.integers(users, size=(rows, users)) + np.arange(rows)[:, None] * users
        times = np.bincount(drawn.ravel(), minlength=rows * users).reshape(rows, users)
        sums = times.astype(np.float64) @ sides
        total, count = (sums, np.full_like(sums, users)) if sides is table else np.hsplit(sums, 2)
        chunks.append(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))
    return np.vstack(chunks)
