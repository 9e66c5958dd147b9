"""A short hash of what a split holds, by which results on the same data are recognised."""

import hashlib
from collections.abc import Mapping

import numpy as np
import polars as pl

from ragx.data.interactions import Interactions


def fingerprint(parts: Mapping[str, Interactions], ordered: bool = False) -> str:
    """Return the first 12 hexadecimal digits of a SHA-256 over the outside (user, item) pairs of each part.

    The value does not depend on how rows were numbered, nor, unless ``ordered``, on the order of events.

    Args:
        parts: interactions by name of the part.
        ordered: whether the order of time matters, as it does to a model of sequences.
    """
    digest = hashlib.sha256()
    some = next(iter(parts.values()))
    ranks = []
    for ids in (some.users, some.items):
        text = ids.ids.cast(pl.String)
        order = text.arg_sort().to_numpy()
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        ranks.append(rank)
        for chunk in (text.gather(order).str.join("\n"),):
            digest.update(str(chunk[0]).encode())
    for name in sorted(parts):
        part = parts[name]
        key = ranks[0][part.column("user")] * part.num_items + ranks[1][part.column("item")]
        by_time = ordered and part.has("timestamp")
        key = key[np.lexsort((key, part.column("timestamp")))] if by_time else np.sort(key)
        digest.update(f"\n{name}:{len(part)}\n".encode())
        digest.update(key.astype("<i8").tobytes())
    return digest.hexdigest()[:12]
