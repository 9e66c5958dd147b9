"""Uncertainty over seeds: whether a difference would hold for other trainings of the same two models."""

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ragx.evaluation.bootstrap import resampled_means
from ragx.random import numpy_generator

TOLERANCE = 1e-9
"""Values that differ by less than this share of the largest are equal but for rounding."""


def over_seeds(ours: NDArray[np.float64], theirs: NDArray[np.float64], paired: bool) -> tuple[float | None, float]:
    """Return the two-sided p-value of a t-test over seeds, and its degrees of freedom.

    Args:
        ours: mean of the metric for every seed of the run.
        theirs: likewise for the baseline.
        paired: whether the two have the same seeds, in the same order. Otherwise the test is Welch's, and against a
            single value, whose own spread nobody knows, that of one sample.

    Returns:
        None, and infinitely many degrees, where neither side has two seeds or the seeds do not vary but for rounding:
        a deterministic model gives the same result again, which is no evidence of anything.
    """
    scale = TOLERANCE * max(np.abs(ours).max(), np.abs(theirs).max())
    if len(ours) < 2 and len(theirs) < 2:
        return None, float("inf")
    if paired or min(len(ours), len(theirs)) == 1:
        difference = ours - theirs
        if np.ptp(difference) <= scale:
            return None, float("inf")
        found = stats.ttest_1samp(difference, 0.0)
    else:
        if max(np.ptp(ours), np.ptp(theirs)) <= scale:
            return None, float("inf")
        found = stats.ttest_ind(ours, theirs, equal_var=False)
    return float(found.pvalue), float(found.df)


def resampled_difference(
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    paired: bool,
    freedom: float,
    *,
    resamples: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the mean difference of resampled users and seeds.

    Every resample draws users, the same for both sides, and seeds, whose deviation from the mean over seeds is added.
    With S seeds, drawing seeds anew spreads by √((S − 1) / S) too little, and a quantile of few draws is the normal one
    where Student's is due; the deviations are stretched by both factors, so that the 95 % interval of a difference that
    is all seeds has the width of the t-test's.

    Args:
        ours: values of the run, [seeds, users].
        theirs: values of the baseline, [seeds, users].
        paired: whether seeds are drawn for both sides alike.
        freedom: degrees of freedom of the test over seeds.
        resamples: number of resamples.
        seed: key of the draws.
    """
    student = float(stats.t.ppf(0.975, freedom) / stats.norm.ppf(0.975))
    users = resampled_means((ours.mean(0) - theirs.mean(0))[:, None], resamples=resamples, seed=seed)[:, 0]
    if paired:
        return users + student * _drawn_deviations((ours - theirs).mean(1), resamples, seed, 0)
    keys = [zlib.crc32(side.tobytes()) for side in (ours, theirs)]  # each side keeps its draws when the two are swapped
    run, baseline = (
        _drawn_deviations(side.mean(1), resamples, seed, key) for side, key in zip((ours, theirs), keys, strict=True)
    )
    return users + student * (run - baseline)


def _drawn_deviations(means: NDArray[np.float64], resamples: int, seed: int, key: int) -> NDArray[np.float64]:
    """Return how far the mean over drawn seeds lies from that over all, stretched to an unbiased variance."""
    count = len(means)
    if count == 1:
        return np.zeros(resamples)
    drawn = numpy_generator(seed, "bootstrap over seeds", key).integers(count, size=(resamples, count))
    deviations: NDArray[np.float64] = (means[drawn].mean(1) - means.mean()) * np.sqrt(count / (count - 1))
    return deviations
