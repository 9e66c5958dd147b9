"""Leave-last-out: each user's newest items are held out."""

from dataclasses import replace

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.dataset import PARTS, Dataset, check_dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.split_by_part import split_by_part


def leave_last_out_split(
    dataset: Dataset, *, validation: int = 1, test: int = 1, pool_published: bool = False
) -> Split:
    """Return the split in which a user's newest items are test, the ones before validation, all earlier ones train.

    Items are in order of the user's first event with them; events of one second, and all events where the data is in
    order of time without times, keep the order of the data. A user with fewer than ``validation + test + 1`` items
    stays in train whole. Where a user comes back to an item after a held-out one, the event is left out, so that no
    part of a user lies after a later part.

    Args:
        dataset: what is split; its interactions carry timestamps, or it is ``ordered``.
        validation: items of each user.
        test: likewise.
        pool_published: as in :func:`ragx.data.splitters.random_split`.

    Raises:
        ValueError: the interactions have no timestamps and are in no order of time, a number is below 1, or there are
            published parts and nobody asked to pool them.
    """
    check_dataset(dataset)
    check(validation >= 1 and test >= 1, f"validation and test: expected at least 1 item, got {validation} and {test}.")
    check(
        dataset.interactions.has("timestamp") or dataset.ordered,
        f"Dataset {dataset.name} has no timestamps, so nobody knows which item was last: choose split=random, or name "
        "the column of times with dataset.columns.time.",
    )
    part, num_short = _parts(dataset.interactions, validation, test)
    split = split_by_part(dataset, part, "leave_last_out", pool_published=pool_published)
    notes = {"users_too_short_to_hold_out": num_short, "later_repeats_left_out": int((part == "left_out").sum())}
    return replace(split, notes=notes | split.notes)


def _parts(interactions: Interactions, validation: int, test: int) -> tuple[pl.Series, int]:
    """Return the part of every event and the number of users whose items are too few to hold any out."""
    user, item = interactions.column("user"), interactions.column("item")
    order = np.arange(len(interactions))
    if interactions.has("timestamp"):
        order = np.argsort(interactions.column("timestamp"), kind="stable")
    moment, pair = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    moment[order] = np.arange(len(order))
    pairs, first, pair[order] = np.unique(
        (user * interactions.num_items + item)[order], return_index=True, return_inverse=True
    )
    owner = pairs // interactions.num_items
    count = np.bincount(owner, minlength=interactions.num_users)
    newest_first = np.lexsort((-first, owner))
    from_end = np.empty(len(pairs), np.int64)
    from_end[newest_first] = np.arange(len(pairs)) - np.repeat(count.cumsum() - count, count)
    held_out = validation + test
    divided = count[owner] > held_out
    part = np.select([~divided | (from_end >= held_out), from_end >= test], [0, 1], 2)
    ends = np.full((3, interactions.num_users), len(order))  # the moment at which a user's next part begins
    for which, place in ((0, held_out - 1), (1, test - 1)):
        chosen = divided & (from_end == place)
        ends[which, owner[chosen]] = first[chosen]
    of_event = part[pair]
    label = np.where(moment > ends[of_event, user], 3, of_event)
    names = pl.Series("part", [*PARTS, "left_out"])
    return names.gather(label), int(((count > 0) & (count <= held_out)).sum())
