"""Items that nearly the same users have, found by hashing rather than by comparing all pairs."""

import numpy as np
import polars as pl

from ragx.random import numpy_generator

BANDS, ROWS = 10, 4


def near_duplicate_items(
    users: np.ndarray, items: np.ndarray, *, similarity: float = 0.9, fewest: int = 5
) -> list[tuple[int, int, float]]:
    """Return pairs of items whose sets of users have a Jaccard similarity of at least ``similarity``.

    Candidates share one of 10 bands of 4 minimum hashes (Broder, 1997); a pair of similarity 0.9 is missed with a
    chance below 1 in 40,000. Every candidate is then compared exactly.

    Args:
        users: user row of every distinct pair.
        items: item row likewise.
        similarity: from 0 to 1.
        fewest: users that an item has at least.

    Returns:
        (item, other item, similarity), the most similar first.
    """
    order = np.lexsort((users, items))
    users, items = users[order], items[order]
    present, start, count = np.unique(items, return_index=True, return_counts=True)
    if not len(present):
        return []
    random = numpy_generator(0, "near_duplicates")
    num_users = int(users.max()) + 1
    frames = []
    for band in range(BANDS):
        keys = [np.minimum.reduceat(random.permutation(num_users)[users], start) for _ in range(ROWS)]
        frames.append(pl.DataFrame({"band": band, "item": np.arange(len(present)), "count": count} | _named(keys)))
    signatures = pl.concat(frames).filter(pl.col("count") >= fewest)
    by = ["band", *_named([np.empty(0)] * ROWS)]
    groups = signatures.with_columns(first=pl.col("item").min().over(by)).filter(pl.col("first") != pl.col("item"))
    candidates = groups.select("first", "item").unique().sort("first", "item")
    sets = dict[int, np.ndarray]()
    pairs = []
    for one, other in candidates.iter_rows():
        for item in (one, other):
            if item not in sets:
                sets[item] = users[start[item] : start[item] + count[item]]
        common = len(np.intersect1d(sets[one], sets[other], assume_unique=True))
        share = common / (count[one] + count[other] - common)
        if share >= similarity:
            pairs.append((int(present[one]), int(present[other]), float(share)))
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def _named(keys: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"hash{number}": key for number, key in enumerate(keys)}
