"""The order of a dataset's events, which the order of the rows in a file cannot change."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.data.first_appearance import in_file_order

Rows = NDArray[np.int64]


def row_order(events: pl.DataFrame, *, ordered: bool = False) -> Rows | None:
    """Return the rows of events sorted by user, item and all else they carry, or None where they lie so already.

    Args:
        events: columns user and item (rows of maps), and any others.
        ordered: whether the order of each user's events says something; then they keep it, and users alone are sorted.
    """
    if in_file_order():
        return None
    user, item = events["user"].to_numpy(), events["item"].to_numpy()
    key = user if ordered else user * (int(item.max(initial=0)) + 1) + item
    sorted_already = bool((key[1:] >= key[:-1]).all())
    key, order = (key, np.arange(len(key))) if sorted_already else _sorted(key)
    rest = [] if ordered else [name for name in events.columns if name not in ("user", "item")]
    if rest:
        same = np.concatenate([[False], key[1:] == key[:-1]])
        tied = np.flatnonzero(same | np.append(same[1:], False))
        within = _sorted_by_all(events[order[tied]].select(pl.Series("key", key[tied]), *rest))
        sorted_already &= bool((within == np.arange(len(tied))).all())
        order[tied] = order[tied[within]]
    return None if sorted_already else order


def _sorted(key: Rows) -> tuple[Rows, Rows]:
    """Return keys, at least 0, in ascending order and the rows they stand in, equal ones as they were.

    One sort of whole numbers, key above row, takes half the time of an argsort.
    """
    bits = len(key).bit_length()
    if int(key.max(initial=0)).bit_length() + bits > 63:
        order = np.argsort(key, kind="stable")
        return key[order], order
    both = (key << bits) | np.arange(len(key))
    both.sort()
    return both >> bits, both & ((1 << bits) - 1)


def _sorted_by_all(table: pl.DataFrame) -> Rows:
    order = table.select(pl.arg_sort_by(table.columns, maintain_order=True)).to_series()
    return order.to_numpy().astype(np.int64)
