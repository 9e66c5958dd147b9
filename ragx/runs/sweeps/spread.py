"""Mean and spread over seeds."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Interval = Literal["t", "std", "none"]
CONFIDENCE = 0.95
ENOUGH_FOR_T = 3
"""Seeds from which a t-interval is drawn: of two it is nine times as wide as their standard deviation."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of what several seeds gave.

    Args:
        mean: NaN where there is no value.
        std: with n − 1 below; NaN for a single value.
        count: how many values there are.
    """

    mean: float
    std: float
    count: int

    def half_width(self, interval: Interval) -> float:
        """Return how far the interval reaches to either side of the mean; NaN where one value has none."""
        if interval == "none" or self.count < 2:
            return math.nan
        if interval == "std":
            return self.std
        from scipy import special  # which nothing else needs when a sweep begins

        factor = float(special.stdtrit(self.count - 1, (1 + CONFIDENCE) / 2))
        return factor * self.std / math.sqrt(self.count)

    def spell(self, digits: int) -> str:
        """Return mean ± standard deviation as text; a single value stands alone."""
        mean = f"{self.mean:,.{digits}f}"
        return mean if self.count < 2 else f"{mean} ± {self.std:,.{digits}f}"


def spread(values: Iterable[float | None]) -> Spread:
    """Return mean and standard deviation of the values that are finite numbers."""
    finite = [float(value) for value in values if value is not None and math.isfinite(value)]
    mean = float(np.mean(finite)) if finite else math.nan
    return Spread(mean, float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan, len(finite))


def interval_for(spreads: Sequence[Spread]) -> Interval:
    """Return which interval a picture can show for all its points alike."""
    counts = [point.count for point in spreads if point.count]
    if not counts or max(counts) < 2:
        return "none"
    return "t" if min(counts) >= ENOUGH_FOR_T else "std"


def interval_label(interval: Interval, spreads: Sequence[Spread]) -> str:
    """Return what the intervals of a picture are, and over how many seeds."""
    counts = sorted({point.count for point in spreads if point.count})
    if interval == "none":
        return "one seed each, no interval"
    seeds = f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
    kind = f"{CONFIDENCE:.0%} t-interval" if interval == "t" else "± 1 standard deviation"
    return f"{kind} over {seeds}"
