"""A split by time within each user: the last events of each are held out."""

from dataclasses import replace

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.dataset import Dataset, check_dataset
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part
from ragx.data.splits.leave_last_out import TIED
from ragx.data.splits.splitters import check_fractions, labels
from ragx.data.splits.time_order import time_order


def user_time_split(
    dataset: Dataset, *, validation: float = 0.1, test: float = 0.1, pool_published: bool = False
) -> Split:
    """Return the split in which the last of each user's events are test, the ones before validation, the others train.

    Of a user's n events, in the order of :func:`ragx.data.splits.time_order.time_order`, the last ``round(n * test)``
    are test and ``round(n * validation)`` before them validation. A user for whom both are 0, or together n, stays in
    train whole and is counted; so are the users of whom a tie of two events settled what is held out.

    Args:
        dataset: what is split; its interactions carry timestamps, or it is ``ordered``.
        validation: fraction of each user's events.
        test: likewise.
        pool_published: as in :func:`ragx.data.random_split`.

    Raises:
        ValueError: the interactions have no timestamps and are in no order of time, the fractions leave a part empty,
            or there are published parts and nobody asked to pool them.
    """
    check_dataset(dataset)
    check_fractions(validation, test)
    interactions = dataset.interactions
    timed = interactions.has("timestamp")
    check(
        timed or dataset.ordered,
        f"Dataset {dataset.name} has no timestamps, so nobody knows which events were last: choose split=random, or "
        "name the column of times with dataset.columns.time.",
    )
    order = time_order(dataset)
    order = order[np.argsort(interactions.column("user")[order], kind="stable")]
    user = interactions.column("user")[order]
    count = np.bincount(user, minlength=interactions.num_users)
    num_test, num_validation = (
        pl.Series(count * fraction).round().to_numpy().astype(int) for fraction in (test, validation)
    )
    whole = (num_test + num_validation == 0) | (num_test + num_validation >= count)
    num_test[whole], num_validation[whole] = 0, 0
    from_end = count.cumsum()[user] - 1 - np.arange(len(user))
    held_out = from_end < num_test[user], from_end < (num_test + num_validation)[user]
    part = np.empty(len(user), dtype=np.uint8)
    part[order] = held_out[0].astype(np.uint8) + held_out[1]
    notes = {"users_too_short_to_hold_out": int((whole & (count > 0)).sum())}
    if timed and not dataset.ordered:
        second = interactions.column("timestamp")[order]
        cut = (part[order][1:] != part[order][:-1]) & (user[1:] == user[:-1]) & (second[1:] == second[:-1])
        notes[TIED] = len(np.unique(user[1:][cut]))
    split = split_by_part(dataset, labels(part), "user_time", pool_published=pool_published)
    return replace(split, notes=notes | split.notes)
