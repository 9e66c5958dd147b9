"""Ways to split a dataset; each is a function of the dataset, chosen by config."""

import numpy as np
import polars as pl

from ragx.checks import check, check_fraction
from ragx.data.dataset import PARTS, Dataset, check_dataset
from ragx.data.split import Split, split_by_part
from ragx.random import numpy_generator


def published_split(dataset: Dataset) -> Split:
    """Return the split that the dataset was published with.

    Raises:
        ValueError: the dataset has no published parts, or one of them is missing.
    """
    check_dataset(dataset)
    check(
        dataset.published is not None,
        f"Dataset {dataset.name} was not published in parts: name the column that says them with dataset.columns.part, "
        "or choose split=random or split=time.",
    )
    assert dataset.published is not None
    there = {str(each) for each in dataset.published.unique()}
    missing = [part for part in PARTS if part not in there]
    check(
        not missing,
        f"Dataset {dataset.name} was published without {' and '.join(missing)}: expected {', '.join(PARTS)}. Add what "
        "is missing, or choose split=random or split=time.",
    )
    return split_by_part(dataset, dataset.published, "published")


def random_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Return a split at random within each user.

    Of a user's n distinct items, ``round(n * test)`` go to test and ``round(n * validation)`` to validation.

    Args:
        dataset: what is split.
        validation: fraction of each user's items.
        test: likewise.
        seed: key of the draw.
    """
    check_dataset(dataset)
    _check_fractions(validation, test)
    keys = dataset.interactions.pair_keys().to_numpy()
    order = np.argsort(keys)
    keys = keys[order]
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])
    pair_user = keys[begins] // dataset.interactions.num_items
    chance = numpy_generator(seed, "split").random(pair_user.size)
    count = pl.Series(np.bincount(pair_user, minlength=dataset.interactions.num_users))
    num_test = (count * test).round().cast(pl.Int64).to_numpy()
    num_held_out = num_test + (count * validation).round().cast(pl.Int64).to_numpy()
    place = _places(pair_user, chance, count.to_numpy())
    code = np.full(pair_user.size, PARTS.index("train"), dtype=np.uint8)
    code[place < num_held_out[pair_user]] = PARTS.index("validation")
    code[place < num_test[pair_user]] = PARTS.index("test")
    part = np.empty(keys.size, dtype=np.uint8)
    part[order] = code[np.cumsum(begins) - 1]
    return split_by_part(dataset, _labels(part), "random")


def time_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1) -> Split:
    """Return a split at two moments of global time: train lies before validation, validation before test.

    Args:
        dataset: what is split; its interactions carry timestamps.
        validation: fraction of the events.
        test: likewise.

    Raises:
        ValueError: the interactions have no timestamps.
    """
    check_dataset(dataset)
    _check_fractions(validation, test)
    times = dataset.times()
    cuts = np.quantile(times, [1 - test - validation, 1 - test], method="higher")
    part = (times >= cuts[0]).astype(np.uint8) + (times >= cuts[1])
    return split_by_part(dataset, _labels(part), "time")


def default_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Return the most honest split the data allows: published parts, else by time, else at random by user.

    Args:
        dataset: what is split.
        validation: fraction, where the parts were not published.
        test: likewise.
        seed: key of the draw, where it is at random.
    """
    check_dataset(dataset)
    if dataset.published is not None:
        return published_split(dataset)
    if dataset.interactions.has("timestamp"):
        return time_split(dataset, validation=validation, test=test)
    return random_split(dataset, validation=validation, test=test, seed=seed)


def _places(user: np.ndarray, chance: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the place of every draw among those of its user, who are in order: 0 for the smallest.

    One sort of whole numbers, user above chance, takes a fifth of the time of a sort by two columns.
    """
    bits = 62 - int(count.size).bit_length()
    key = (user << bits) | (chance * 2.0 ** min(bits, 53)).astype(np.int64)
    order = np.argsort(key)
    if (np.diff(key[order]) == 0).any():  # draws of one user that these bits do not tell apart
        order = np.lexsort((chance, user))
    place = np.empty(user.size, dtype=np.int64)
    place[order] = np.arange(user.size)
    place -= (np.cumsum(count) - count)[user]
    return place


def _labels(code: np.ndarray) -> pl.Series:
    return pl.Series("part", PARTS, dtype=pl.Enum(PARTS)).gather(code)


def _check_fractions(validation: float, test: float) -> None:
    check_fraction("validation", validation)
    check_fraction("test", test)
    check(validation > 0 and test > 0, f"validation and test: expected more than 0, got {validation} and {test}.")
    check(validation + test < 1, f"validation + test: expected less than 1, got {validation + test}.")
