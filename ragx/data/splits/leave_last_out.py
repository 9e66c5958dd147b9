"""Leave-last-out: each user's newest items are held out."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check
from ragx.data.dataset import Dataset, check_dataset
from ragx.data.interactions import PARTS, Interactions
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part
from ragx.data.splits.time_order import time_order

TIED = "users_whose_held_out_items_a_tie_settled"


def leave_last_out_split(
    dataset: Dataset, *, validation: int = 1, test: int = 1, pool_published: bool = False
) -> Split:
    """Return the split in which a user's newest items are test, the ones before validation, all earlier ones train.

    Items are in order of the user's first event with them, as :func:`ragx.data.splits.time_order.time_order` gives it;
    the notes count the users of whom a tie of two items settled what is held out. A user with fewer than ``validation +
    test + 1`` items stays in train whole. Where a user comes back to an item after a held-out one, the event is left
    out, so that no part of a user lies after a later part. With a ``target_kind``, the items of that kind alone are
    counted and put in order: a purchase is a repeat only where the item was purchased before, and what the user does
    of other kinds is in the part whose time it falls in.

    Args:
        dataset: what is split; its interactions carry timestamps, or it is ``ordered``.
        validation: items of each user.
        test: likewise.
        pool_published: as in :func:`ragx.data.random_split`.

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

    def divided(target: str | None) -> Split:
        part, counts = _parts(dataset, validation, test, target)
        split = split_by_part(dataset, part, "leave_last_out", pool_published=pool_published)
        assert split.events is not None
        events = replace(split.events, anew=divided) if target is None else split.events
        return replace(split, notes=counts | split.notes, events=events)

    return divided(None)


def _parts(dataset: Dataset, validation: int, test: int, target: str | None) -> tuple[pl.Series, dict[str, int]]:
    """Return the part of every event, and what was done to how many; a target is the kind that is held out."""
    interactions = dataset.interactions
    user, num_users = interactions.column("user"), interactions.num_users
    whole = time_order(dataset)
    counts_here = _of_kind(interactions, target)
    order = whole[counts_here[whole]]
    moment, pair = np.empty(len(whole), np.int64), np.zeros(len(whole), np.int64)
    moment[whole] = np.arange(len(whole))
    keys = interactions.pair_keys().to_numpy()
    pairs, first, pair[order] = np.unique(keys[order], return_index=True, return_inverse=True)
    owner = pairs // interactions.num_items
    count = np.bincount(owner, minlength=num_users)
    start, newest_first = count.cumsum() - count, np.lexsort((-first, owner))
    from_end = np.empty(len(pairs), np.int64)
    from_end[newest_first] = np.arange(len(pairs)) - np.repeat(start, count)
    held_out = validation + test
    part = np.select([(count[owner] <= held_out) | (from_end >= held_out), from_end >= test], [0, 1], 2)
    ends = np.full((3, num_users), len(whole))  # the moment at which a user's next part begins
    tied = np.zeros(num_users, dtype=bool)
    by_hash = interactions.has("timestamp") and not dataset.ordered
    users = np.flatnonzero(count > held_out)
    for which, last in ((0, held_out - 1), (1, test - 1)):
        oldest, next_older = (newest_first[start[users] + index] for index in (last, last + 1))
        ends[which, users] = moment[order][first[oldest]]
        if by_hash:
            second = interactions.column("timestamp")[order]
            tied[users] |= second[first[oldest]] == second[first[next_older]]
    of_time = (moment[:, None] >= ends[:2, user].T).sum(1)
    of_event = np.where(counts_here, part[pair], of_time)
    label = np.where(moment > ends[of_event, user], 3, of_event)
    counts = {
        "users_too_short_to_hold_out": int(((count > 0) & (count <= held_out)).sum()),
        "later_repeats_left_out": int((label == 3).sum()),
    } | ({TIED: int(tied.sum())} if by_hash else {})
    return pl.Series("part", [*PARTS, "left_out"]).gather(label), counts


def _of_kind(interactions: Interactions, target: str | None) -> NDArray[np.bool_]:
    if target is None:
        return np.ones(len(interactions), dtype=bool)
    return (interactions.table["kind"] == target).to_numpy()
