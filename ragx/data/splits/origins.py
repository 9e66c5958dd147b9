"""Global time with several origins: the same question asked at several moments."""

from dataclasses import replace

import numpy as np
import polars as pl

from ragx.checks import check, check_fraction
from ragx.data.dataset import Dataset, check_dataset
from ragx.data.split import Split
from ragx.data.splits.by_part import split_by_part


def origin_split(
    dataset: Dataset,
    *,
    origins: int = 3,
    origin: int = 0,
    validation: float = 0.1,
    test: float = 0.1,
    pool_published: bool = False,
) -> Split:
    """Return the split of one of several moments of global time, as a rolling evaluation asks for.

    The test windows lie one after another, each ``test`` of the events, and the last ends with the data. Before a
    window lies its validation, before that its train; what comes after the window is left out. The last origin is
    ``split=time``.

    Args:
        dataset: what is split; its interactions carry timestamps.
        origins: number of moments.
        origin: which of them, from 0, the earliest, to ``origins - 1``.
        validation: fraction of the events.
        test: likewise, of each window.
        pool_published: as in :func:`ragx.data.random_split`.

    Raises:
        ValueError: the interactions have no timestamps, there is no such origin, the windows leave no train, or there
            are published parts and nobody asked to pool them.
    """
    check_dataset(dataset)
    check(origins >= 1, f"origins: expected at least 1, got {origins}.")
    check(0 <= origin < origins, f"origin: expected 0 to {origins - 1}, one of {origins} origins, got {origin}.")
    for name, fraction in (("validation", validation), ("test", test)):
        check_fraction(name, fraction)
        check(fraction > 0, f"{name}: expected more than 0, got {fraction}.")
    used = validation + origins * test
    check(used < 1, f"validation + origins × test: expected less than 1, got {used:g}: choose fewer origins or less.")
    times = dataset.times()
    after = test * (origins - origin - 1)
    cuts = np.quantile(times, [1 - after - test - validation, 1 - after - test, 1 - after], method="higher")
    conditions = [times < cuts[0], times < cuts[1], times < cuts[2]]
    if origin == origins - 1:
        conditions[2] = np.ones(len(times), dtype=bool)
    part = pl.Series("part", np.select(conditions, ["train", "validation", "test"], "left_out"))
    split = split_by_part(dataset, part, f"origin_{origin}_of_{origins}", pool_published=pool_published)
    return replace(split, notes={"events_after_the_window_left_out": int((part == "left_out").sum())} | split.notes)
