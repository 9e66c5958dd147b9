"""Uncertainty from resampling users: a user is drawn with everything that belongs to it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ragx.checks import check
from ragx.random import numpy_generator

Matrix = NDArray[np.float64]
RESAMPLES = 2000
RESAMPLES_PER_CHUNK = 50
DRAWS_PER_CHUNK = 2**22


class Interval(NamedTuple):
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float


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


def percentile_interval(value: float, resampled: NDArray[Any], confidence: float) -> Interval:
    """Return ``value`` with the percentiles of its resampled values.

    Raises:
        ValueError: the confidence is not between 0 and 1.
    """
    check(0 < confidence < 1, f"confidence: expected a number between 0 and 1, got {confidence}.")
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(resampled, (tail, 1 - tail))
    return Interval(value, float(low), float(high))


def bootstrap_interval(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Return the mean of per-user values with its percentile bootstrap interval over users.

    Args:
        values: one value a user.
        confidence: coverage of the interval.
        resamples: number of resamples.
        seed: key of the draws.
    """
    column = np.asarray(values, dtype=np.float64).reshape(-1, 1)
    drawn = resampled_means(column, resamples=resamples, seed=seed)
    return percentile_interval(float(column.mean()), drawn[:, 0], confidence)


def intervals_of(
    columns: Mapping[str, ArrayLike], *, confidence: float = 0.95, resamples: int = 1000, seed: int = 0
) -> dict[str, list[float]]:
    """Return [low, high] of the mean of every column, from the same resampled users for all of them.

    Args:
        columns: one value a user, by name of the metric.
        confidence: coverage of the intervals.
        resamples: number of resamples.
        seed: key of the draws.
    """
    if not columns:
        return {}
    values = np.stack([np.asarray(column, dtype=np.float64) for column in columns.values()], axis=1)
    drawn = resampled_means(values, resamples=resamples, seed=seed)
    found = {name: percentile_interval(0.0, drawn[:, place], confidence) for place, name in enumerate(columns)}
    return {name: [interval.low, interval.high] for name, interval in found.items()}
