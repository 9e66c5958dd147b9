"""Ways to split a dataset; each is a function of the dataset, chosen by config."""

import numpy as np
import polars as pl

from ragx.checks import check, check_fraction
from ragx.data.dataset import Dataset, check_dataset
from ragx.data.interactions import PARTS
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part
from ragx.random import numpy_generator


def published_split(dataset: Dataset, *, validation: float | None = None, seed: int = 0) -> Split:
    """Return the split that the dataset was published with.

    Where it was published as train and test alone, ``round(n * validation)`` of a user's n distinct train items,
    drawn at random, become validation; one item at least stays in train.

    Args:
        dataset: what is split.
        validation: fraction of each user's train items; None where the publisher gave a validation part.
        seed: key of the draw.

    Raises:
        ValueError: the dataset has no published parts, train or test is missing, or there is a validation part and
            another is asked for, or none of either kind.
    """
    check_dataset(dataset)
    check(
        dataset.published is not None,
        f"Dataset {dataset.name} was not published in parts: name the column that says them with dataset.columns.part, "
        "or choose split=random or split=time.",
    )
    assert dataset.published is not None
    part = dataset.published.cast(pl.String)
    parts = part.unique().to_list()
    missing = [part_name for part_name in ("train", "test") if part_name not in parts]
    check(
        not missing,
        f"Dataset {dataset.name} was published without {' and '.join(missing)}: expected train and test. Add what is "
        "missing, or divide all events anew with split=random split.pool_published=true.",
    )
    if "validation" in parts:
        check(
            validation is None,
            f"Dataset {dataset.name} was published with a validation part, so that none is drawn from train: expected "
            f"split.validation=null, got {validation}.",
        )
        return split_by_part(dataset, part, "published")
    check(
        validation is not None,
        f"Dataset {dataset.name} was published without validation: hold a fraction of each user's train items out "
        "with split=published split.validation=0.1, or add that part.",
    )
    assert validation is not None
    check(0 < validation < 1, f"validation: expected a fraction between 0 and 1, got {validation}.")
    chosen = _drawn_from_train(dataset, part == "train", validation, seed)
    part = pl.select(pl.when(chosen).then(pl.lit("validation")).otherwise(part)).to_series()
    return split_by_part(dataset, part, "published")


def _drawn_from_train(dataset: Dataset, train: pl.Series, validation: float, seed: int) -> pl.Series:
    """Return, for every event, whether it becomes validation; what is not in train has no say in it."""
    pairs = dataset.interactions.filter(train).pairs()
    user = pairs["user"].to_numpy()
    count = np.bincount(user, minlength=dataset.interactions.num_users)
    rank = _ranks(user, numpy_generator(seed, "split.published_validation").random(len(user)), count)
    wanted = np.minimum(pl.Series(count * validation).round().cast(pl.Int64).to_numpy(), count - 1)
    drawn = pairs.filter(rank < wanted[user])
    key = drawn["user"] * dataset.interactions.num_items + drawn["item"]
    return train & dataset.interactions.pair_keys().is_in(key.implode())


def random_split(
    dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0, pool_published: bool = False
) -> Split:
    """Return a split at random within each user.

    Of a user's n distinct items, ``round(n * test)`` go to test and ``round(n * validation)`` to validation.

    Args:
        dataset: what is split.
        validation: fraction of each user's items.
        test: likewise.
        seed: key of the draw.
        pool_published: whether parts that the dataset was published in are put together and divided anew.

    Raises:
        ValueError: the fractions leave a part empty, or there are published parts and nobody asked to pool them.
    """
    check_dataset(dataset)
    check_fractions(validation, test)
    keys = dataset.interactions.pair_keys().to_numpy()
    order = np.argsort(keys)
    keys = keys[order]
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])
    pair_user = keys[begins] // dataset.interactions.num_items
    chance = numpy_generator(seed, "split").random(pair_user.size)
    count = pl.Series(np.bincount(pair_user, minlength=dataset.interactions.num_users))
    num_test = (count * test).round().cast(pl.Int64).to_numpy()
    num_held_out = num_test + (count * validation).round().cast(pl.Int64).to_numpy()
    rank = _ranks(pair_user, chance, count.to_numpy())
    code = np.full(pair_user.size, PARTS.index("train"), dtype=np.uint8)
    code[rank < num_held_out[pair_user]] = PARTS.index("validation")
    code[rank < num_test[pair_user]] = PARTS.index("test")
    part = np.empty(keys.size, dtype=np.uint8)
    part[order] = code[np.cumsum(begins) - 1]
    return split_by_part(dataset, labels(part), "random", pool_published=pool_published)


def time_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, pool_published: bool = False) -> Split:
    """Return a split at two moments of global time: train lies before validation, validation before test.

    Args:
        dataset: what is split; its interactions carry timestamps.
        validation: fraction of the events.
        test: likewise.
        pool_published: as in :func:`random_split`.

    Raises:
        ValueError: the interactions have no timestamps, or there are published parts and nobody asked to pool them.
    """
    check_dataset(dataset)
    check_fractions(validation, test)
    times = dataset.times()
    cuts = np.quantile(times, [1 - test - validation, 1 - test], method="higher")
    part = (times >= cuts[0]).astype(np.uint8) + (times >= cuts[1])
    return split_by_part(dataset, labels(part), "time", pool_published=pool_published)


def default_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Return the most honest split the data allows: published parts, else by time, else at random by user.

    Args:
        dataset: what is split.
        validation: fraction, where no validation part was published.
        test: likewise, where no parts were.
        seed: key of the draw, where it is at random.
    """
    check_dataset(dataset)
    if dataset.published is not None:
        drawn = not (dataset.published == "validation").any()
        return published_split(dataset, validation=validation if drawn else None, seed=seed)
    if dataset.interactions.has("timestamp"):
        return time_split(dataset, validation=validation, test=test)
    return random_split(dataset, validation=validation, test=test, seed=seed)


def _ranks(user: np.ndarray, chance: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the rank of every draw among those of its user, who are in order: 0 for the smallest.

    One sort of whole numbers, user above chance, takes a fifth of the time of a sort by two columns.
    """
    bits = 62 - int(count.size).bit_length()
    key = (user << bits) | (chance * 2.0 ** min(bits, 53)).astype(np.int64)
    order = np.argsort(key)
    if (np.diff(key[order]) == 0).any():  # draws of one user that these bits do not tell apart
        order = np.lexsort((chance, user))
    rank = np.empty(user.size, dtype=np.int64)
    rank[order] = np.arange(user.size)
    rank -= (np.cumsum(count) - count)[user]
    return rank


def labels(code: np.ndarray) -> pl.Series:
    """Return the names of parts given as 0, 1 and 2."""
    return pl.Series("part", PARTS, dtype=pl.Enum(PARTS)).gather(code)


def check_fractions(validation: float, test: float) -> None:
    """Raise ``ValueError`` unless two fractions leave no part empty."""
    check_fraction("validation", validation)
    check_fraction("test", test)
    check(validation > 0 and test > 0, f"validation and test: expected more than 0, got {validation} and {test}.")
    check(validation + test < 1, f"validation + test: expected less than 1, got {validation + test}.")
