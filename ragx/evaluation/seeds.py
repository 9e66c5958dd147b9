"""Uncertainty over seeds: whether a difference would hold for other trainings of the same two models."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SeedTest = Literal["paired", "welch", "one sample", "prediction", "single", "constant"]
"""The test over seeds; the last two are the reasons for none."""

TOLERANCE = 1e-9
"""Values that differ by less than this share of the largest are equal but for rounding."""


class Side(NamedTuple):
    """Values whose spread over seeds enters, [..., seeds, users], and the weight of their variance."""

    values: Array
    weight: float


def seed_test(num_seeds: tuple[int, int], paired: bool, deterministic: tuple[bool, bool]) -> SeedTest:
    """Return which test over seeds two models allow.

    Args:
        num_seeds: seeds of the run and of the baseline.
        paired: whether they are the same ones on both sides.
        deterministic: whether the run and the baseline are without draws, so that one value is all there is to know.
    """
    if all(deterministic):
        return "constant"
    if max(num_seeds) < 2:
        return "single"
    if min(num_seeds) == 1:
        return "one sample" if deterministic[num_seeds.index(1)] else "prediction"
    return "paired" if paired else "welch"


def sides_of(ours: Array, theirs: Array, test: SeedTest) -> list[Side]:
    """Return whose spread over seeds a test is made of.

    A mean of S seeds has the variance s²/S. A single trained run is one more draw, whose variance nobody measured: it
    is taken to be that of the other side, as in a prediction interval, which makes s² (1 + 1/S) in all.

    Args:
        ours: values of the run, [..., seeds, users].
        theirs: likewise of the baseline.
        test: the test over seeds.
    """
    if test in ("single", "constant"):
        return []
    if test == "paired":
        return [Side(ours - theirs, 1 / ours.shape[-2])]
    several = [side for side in (ours, theirs) if side.shape[-2] > 1]
    return [Side(side, 1 / side.shape[-2] + (test == "prediction")) for side in several]
