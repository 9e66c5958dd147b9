"""The order of events in time, where the same second settles nothing and the order of a file says nothing."""

import numpy as np
from numpy.typing import NDArray

from ragx.data.dataset import Dataset
from ragx.data.first_appearance import in_file_order
from ragx.data.interactions import Interactions


def time_order(dataset: Dataset) -> NDArray[np.int64]:
    """Return the positions of a dataset's events in order of time.

    Events of one second follow a hash of their outside ids, as ties of scores do, so that low or high ids are not
    favoured. Where the dataset is ``ordered``, they keep its order, and without times all events do.
    """
    interactions = dataset.interactions
    if not interactions.has("timestamp"):
        return np.arange(len(interactions))
    if dataset.ordered or in_file_order():
        return np.argsort(interactions.column("timestamp"), kind="stable")
    return np.lexsort((_pair_hash(interactions), interactions.column("timestamp")))


def _pair_hash(interactions: Interactions) -> NDArray[np.uint64]:
    """Return a hash of user and item of every event; the last steps of MurmurHash3 give each user another order."""
    user = interactions.users.tie_keys.astype(np.uint64)[interactions.column("user")]
    item = interactions.items.tie_keys.astype(np.uint64)[interactions.column("item")]
    mixed: NDArray[np.uint64] = user + item * np.uint64(0x9E3779B97F4A7C15)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(33)
    return mixed
