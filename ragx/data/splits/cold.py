"""Cold start: users or items whose every interaction is held out."""

from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from ragx.checks import check, check_fraction
from ragx.data.dataset import Dataset, check_dataset
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part
from ragx.random import numpy_generator

Side = Literal["user", "item"]


def cold_users_split(
    dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0, pool_published: bool = False
) -> Split:
    """Return the split in which some users are validation whole, others test whole, and train knows none of them.

    Only features or popularity can serve such users: see ``evaluation.cold_users``.

    Args:
        dataset: what is split.
        validation: fraction of the users.
        test: likewise.
        seed: key of the draw.
        pool_published: as in :func:`ragx.data.random_split`.

    Raises:
        ValueError: the fractions leave a part empty, or there are published parts and nobody asked to pool them.
    """
    return _cold_split(dataset, "user", validation, test, seed, pool_published)


def cold_items_split(
    dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, seed: int = 0, pool_published: bool = False
) -> Split:
    """Return the split in which some items are validation whole, others test whole, and train knows none of them.

    The whole catalogue is ranked as always, so cold items compete with known ones.

    Args:
        dataset: what is split.
        validation: fraction of the items.
        test: likewise.
        seed: key of the draw.
        pool_published: as in :func:`ragx.data.random_split`.

    Raises:
        ValueError: the fractions leave a part empty, or there are published parts and nobody asked to pool them.
    """
    return _cold_split(dataset, "item", validation, test, seed, pool_published)


def _cold_split(dataset: Dataset, side: Side, validation: float, test: float, seed: int, pool_published: bool) -> Split:
    check_dataset(dataset)
    for name, fraction in (("validation", validation), ("test", test)):
        check_fraction(name, fraction)
        check(fraction > 0, f"{name}: expected a fraction above 0 of the {side}s, got {fraction}.")
    check(validation + test < 1, f"validation + test: expected less than 1, got {validation + test}.")
    present = np.unique(dataset.interactions.column(side))
    drawn = numpy_generator(seed, f"split.cold_{side}s").permutation(present)
    num_test, num_validation = round(len(present) * test), round(len(present) * validation)
    check(
        num_test >= 1 and num_validation >= 1,
        f"Split cold_{side}s of {dataset.name}: {validation} and {test} of {len(present)} {side}s are {num_validation} "
        f"in validation and {num_test} in test; expected at least 1 in each: choose greater fractions.",
    )
    rows = dataset.interactions.num_users if side == "user" else dataset.interactions.num_items
    part_of = np.full(rows, "train", dtype="<U10")
    part_of[drawn[:num_test]] = "test"
    part_of[drawn[num_test : num_test + num_validation]] = "validation"
    part = pl.Series("part", part_of[dataset.interactions.column(side)])
    split = split_by_part(dataset, part, f"cold_{side}s", pool_published=pool_published, held_out=side)
    notes = {f"validation_cold_{side}s": num_validation, f"test_cold_{side}s": num_test}
    return replace(split, notes=notes | split.notes)
