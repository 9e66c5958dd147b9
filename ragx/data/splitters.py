"""Ways to split a dataset; each is a function of the dataset, chosen by config."""

import numpy as np
import polars as pl

from ragx.checks import check, check_fraction
from ragx.data.dataset import Dataset
from ragx.data.split import Split, split_by_part
from ragx.random import numpy_generator


def published_split(dataset: Dataset) -> Split:
    """Return the split that the dataset was published with.

    Raises:
        ValueError: the dataset has no published parts.
    """
    check(
        dataset.published is not None,
        f"Dataset {dataset.name} was not published in parts: choose split=random or split=time.",
    )
    assert dataset.published is not None
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
    _check_fractions(validation, test)
    pairs = dataset.interactions.pairs()
    chance = numpy_generator(seed, "split").random(pairs.height)
    count = pl.len().over("user")
    place = pl.col("chance").rank("ordinal").over("user") - 1
    num_test = (count * test).round()
    num_validation = (count * validation).round()
    parts = pairs.with_columns(chance=pl.Series(chance)).select(
        "user",
        "item",
        part=pl.when(place < num_test)
        .then(pl.lit("test"))
        .when(place < num_test + num_validation)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("train")),
    )
    labelled = dataset.interactions.table.join(parts, on=["user", "item"], how="left", maintain_order="left")
    return split_by_part(dataset, labelled["part"], "random")


def time_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1) -> Split:
    """Return a split at two moments of global time: train lies before validation, validation before test.

    Args:
        dataset: what is split; its interactions carry timestamps.
        validation: fraction of the events.
        test: likewise.

    Raises:
        ValueError: the interactions have no timestamps.
    """
    _check_fractions(validation, test)
    check(
        dataset.interactions.has("timestamp"),
        f"Dataset {dataset.name} has no timestamps, so it cannot be split by time: choose split=random.",
    )
    times = dataset.interactions.column("timestamp")
    cuts = np.quantile(times, [1 - test - validation, 1 - test], method="higher")
    part = np.select([times < cuts[0], times < cuts[1]], ["train", "validation"], "test")
    return split_by_part(dataset, pl.Series("part", part), "time")


def default_split(dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Return the most honest split the data allows: published parts, else by time, else at random by user.

    Args:
        dataset: what is split.
        validation: fraction, where the parts were not published.
        test: likewise.
        seed: key of the draw, where it is at random.
    """
    if dataset.published is not None:
        return published_split(dataset)
    if dataset.interactions.has("timestamp"):
        return time_split(dataset, validation=validation, test=test)
    return random_split(dataset, validation=validation, test=test, seed=seed)


def _check_fractions(validation: float, test: float) -> None:
    check_fraction("validation", validation)
    check_fraction("test", test)
    check(validation > 0 and test > 0, f"validation and test: expected more than 0, got {validation} and {test}.")
    check(validation + test < 1, f"validation + test: expected less than 1, got {validation + test}.")
