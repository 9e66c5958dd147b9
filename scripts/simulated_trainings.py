"""Made-up values of users such as Recall and NDCG give, in trainings of models that share what is easy about a user."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ragx.random import numpy_generator

SHARED, OWN = 0.6, 0.15
"""Variance of a user's latent ease that all models share, and that all trainings of one model share; of 1 in all."""
Array = NDArray[np.float64]


def _hit_values() -> NDArray[np.float32]:
    """Return values of users with hits: at least one of 1 to 13 relevant items was found."""
    rng = numpy_generator(0, "values of users with hits")
    relevant = np.minimum(rng.geometric(0.3, 4096), 13)
    return np.asarray((1 + rng.binomial(relevant - 1, 0.25)) / relevant, dtype=np.float32)


HITS = _hit_values()
MEAN_HIT = float(HITS.mean(dtype=np.float64))


class Trainings(NamedTuple):
    """Trainings of one model, [simulations, seeds, users], and their mean for these users and for these trainings."""

    values: Array
    of_users: Array
    of_trainings: Array


def trainings(
    rng: np.random.Generator, ease: NDArray[np.float32], share: float, seeds: int, luck: float, drawn: bool = True
) -> Trainings:
    """Return trainings of a model that has a value above 0 for such a share of all users."""
    simulations, users = ease.shape

    def normal(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape, dtype=np.float32)

    level = float(ndtri(share)) * math.sqrt(1 + luck**2)
    known = math.sqrt(SHARED) * ease + math.sqrt(OWN) * normal(simulations, users)
    shift, rest = luck * normal(simulations, seeds, 1), 1 - SHARED - OWN
    hit = known[:, None] + shift + math.sqrt(rest) * normal(simulations, seeds, users) < level
    values = np.where(hit, HITS[rng.integers(HITS.size, size=hit.shape, dtype=np.uint16)], 0).astype(np.float64)
    of_users = ndtr((level - known) / math.sqrt(rest + luck**2)).mean(1, dtype=np.float64) * MEAN_HIT
    of_trainings = ndtr(level - shift[:, :, 0]).mean(1, dtype=np.float64) * MEAN_HIT
    return Trainings(values, of_users if drawn else values.mean((1, 2)), of_trainings)
