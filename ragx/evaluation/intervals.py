"""How sure a mean over users is, also where most of their values are 0."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ragx.checks import check

CONFIDENCE = 0.95
FEW = 50
"""Units with a value other than 0 below which coverage and size are not promised; see docs/statistics.md."""

Array = NDArray[np.float64]


class Interval(NamedTuple):
    """A value with the ends of its interval, and whether it rests on few units."""

    value: float
    low: float
    high: float
    few: bool = False

    def spell(self, form: str = ".4f") -> str:
        """Return the ends as text, with the word "few" where the interval rests on few units."""
        return f"{self.low:{form}} to {self.high:{form}}{' few' if self.few else ''}"


def is_few(values: ArrayLike) -> bool:
    """Say whether fewer than 50 units have a value other than 0, so that an interval of their mean is marked "few"."""
    return int(np.count_nonzero(np.asarray(values))) < FEW


def mean_interval(values: ArrayLike, *, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of one value for each unit with its interval; see :func:`mean_bounds`.

    Args:
        values: one for each unit.
        confidence: coverage of the interval.

    Raises:
        ValueError: there are no values, or the confidence is not between 0 and 1.
    """
    column = np.asarray(values, dtype=np.float64).ravel()
    check(column.size > 0, "values: expected those of at least one user, got none.")
    low, high = mean_bounds(column, confidence)
    return Interval(float(column.mean()), float(low), float(high), is_few(column))


def mean_bounds(values: Array, confidence: float = CONFIDENCE) -> tuple[Array, Array]:
    """Return the ends of the interval of means over the last axis: Wilson's, for as many trials as the mean is worth.

    With m the mean and s² the sample variance of n values from 0 to 1, m is as sure as a share among
    k = m (1 − m) / (s² / n) trials, and the ends are (m + q²/2k ± q √(m (1 − m) / k + q²/4k²)) / (1 + q²/k), where q is
    the quantile of Student's t with n − 1 degrees. Equal values tell nothing of s², and then k = n. Values beyond 0 and
    1 widen the range to the ends that they reach.

    Args:
        values: [..., units].
        confidence: coverage of the interval.

    Raises:
        ValueError: the confidence is not between 0 and 1.

    Source: Wilson, JASA 1927, with the effective number of trials of Korn and Graubard, Survey Methodology 1998.
    """
    check(0 < confidence < 1, f"confidence: expected a number between 0 and 1, got {confidence}.")
    count = values.shape[-1]
    floor, top = np.minimum(values.min(-1), 0.0), np.maximum(values.max(-1), 1.0)
    if count == 1:
        return floor, top
    scale = top - floor
    mean = (values.mean(-1) - floor) / scale
    variance = values.var(-1, ddof=1) / scale**2 / count
    spread = np.maximum(mean * (1 - mean), 0.0)
    varied = variance > np.finfo(np.float64).eps ** 2
    trials = np.divide(spread, variance, out=np.full_like(mean, count), where=varied)
    squared = float(special.stdtrit(count - 1, (1 + confidence) / 2)) ** 2 / trials
    middle, half = mean + squared / 2, np.sqrt(squared * spread + squared**2 / 4)
    low, high = (middle - half) / (1 + squared), (middle + half) / (1 + squared)
    return floor + scale * np.minimum(low, mean), floor + scale * np.maximum(high, mean)


def intervals_of(columns: Mapping[str, ArrayLike]) -> dict[str, dict[str, float | bool]]:
    """Return ``low``, ``high`` and ``few`` of the mean of every column.

    Args:
        columns: one value for each user, by name of the metric.
    """
    intervals = {name: mean_interval(values) for name, values in columns.items()}
    return {
        name: {"low": interval.low, "high": interval.high, "few": interval.few} for name, interval in intervals.items()
    }


def contrast_interval(first: Array, last: Array, *, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the mean of one group less that of another, with Welch's t-interval; None where one has a single user.

    Users of both groups count with what they have in common; where all are, the interval is that of pairs.

    Args:
        first: [users], NaN for those who are not in the group.
        last: likewise, of the same users.
        confidence: coverage of the interval.
    """
    counts = [int((~np.isnan(side)).sum()) for side in (first, last)]
    if min(counts) < 2:
        return None
    sides = [np.nan_to_num(side - np.nanmean(side)) for side in (first, last)]
    shares = [side / np.sqrt(count * (count - 1)) for side, count in zip(sides, counts, strict=True)]
    variances = [float((share**2).sum()) for share in shares]
    value = float(np.nanmean(last) - np.nanmean(first))
    few = is_few(np.nan_to_num(first)) or is_few(np.nan_to_num(last))
    weighted = sum(variance**2 / (count - 1) for variance, count in zip(variances, counts, strict=True))
    if not weighted:
        return Interval(value, value, value, few)
    freedom = min(sum(variances) ** 2 / weighted, len(first) - 1)
    half = float(special.stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(((shares[1] - shares[0]) ** 2).sum()))
    return Interval(value, value - half, value + half, few)
