"""How far the mean difference of two models would vary over other users, over other trainings, and over both.

All functions take many pairs of models at once, along the first axes.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from ragx.evaluation.seeds import Array, SeedTest, Side, sides_of


class Variance(NamedTuple):
    """The squared standard error of a mean difference, and its degrees of freedom."""

    value: Array
    freedom: Array


def variances_of(ours: Array, theirs: Array, test: SeedTest) -> dict[str, Variance]:
    """Return the variances of a mean difference by what they are over; over users alone where seeds tell nothing.

    Args:
        ours: values of the run, [..., seeds, users].
        theirs: likewise of the baseline.
        test: the test over seeds.
    """
    users, sides = over_users(ours, theirs), sides_of(ours, theirs, test)
    if not sides:
        return {"users": users}
    return {"users": users, "seeds": over_seeds(sides), "users and seeds": over_both(users, sides)}


def over_users(ours: Array, theirs: Array) -> Variance:
    """Return the variance of the mean over users of their differences, each averaged over seeds."""
    difference = ours.mean(-2) - theirs.mean(-2)
    count = difference.shape[-1]
    value = difference.var(-1, ddof=1) / count if count > 1 else np.zeros(difference.shape[:-1])
    return Variance(value, np.full_like(value, max(count - 1, 1)))


def over_seeds(sides: list[Side]) -> Variance:
    """Return the variance of a mean difference over other trainings, with Welch's degrees of freedom."""
    return _sum([Variance(side.weight * side.values.mean(-1).var(-1, ddof=1), _freedom(side)) for side in sides])


def over_both(users: Variance, sides: list[Side]) -> Variance:
    """Return the variance of a mean difference over other users and other trainings at once.

    With u over users, s over seeds, and e what is neither the user's nor the seed's, it is u + s − e: the noise of a
    user in a training is in u and in s, and counts once. Degrees of freedom are Satterthwaite's. Where seeds spread by
    no more than that noise, it is u.

    Args:
        users: the variance over users.
        sides: whose spread over seeds enters, at least one.

    Source: Searle, Casella and McCulloch, "Variance Components", 1992, the two-way crossed classification.
    """
    seeds, noise = over_seeds(sides), _sum([_noise(side) for side in sides])
    varied = seeds.value > noise.value
    value = np.where(varied, users.value + seeds.value - noise.value, users.value)
    parts = sum(variance.value**2 / variance.freedom for variance in (users, seeds, noise))
    return Variance(value, np.where(varied, _ratio(value**2, np.asarray(parts)), users.freedom))


def p_of(difference: Array, variance: Variance) -> Array:
    """Return the two-sided p-value of a mean difference by Student's t; 1 where nothing differs."""
    deviation = np.sqrt(variance.value)
    t = np.divide(np.abs(difference), deviation, out=np.full_like(deviation, np.inf), where=deviation > 0)
    return np.where(difference == 0, 1.0, 2 * special.stdtr(variance.freedom, -t))


def half_width(variance: Variance, confidence: float) -> Array:
    """Return how far the interval of a mean difference reaches to either side."""
    return np.asarray(special.stdtrit(variance.freedom, (1 + confidence) / 2) * np.sqrt(variance.value))


def _noise(side: Side) -> Variance:
    """Return the part of the variance that is neither the user's nor the seed's."""
    values = side.values
    rest = (
        values - values.mean(-1, keepdims=True) - values.mean(-2, keepdims=True) + values.mean((-2, -1), keepdims=True)
    )
    freedom = _freedom(side) * max(values.shape[-1] - 1, 1)
    return Variance(side.weight * (rest**2).sum((-2, -1)) / freedom / values.shape[-1], freedom)


def _freedom(side: Side) -> Array:
    return np.full(side.values.shape[:-2], side.values.shape[-2] - 1.0)


def _sum(parts: list[Variance]) -> Variance:
    value = sum((part.value for part in parts), np.zeros_like(parts[0].value))
    weighted = sum((part.value**2 / part.freedom for part in parts), np.zeros_like(value))
    return Variance(value, _ratio(value**2, weighted))


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full_like(above, np.inf), where=below > 0)
