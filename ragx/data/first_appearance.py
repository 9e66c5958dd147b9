"""How version 0.1.0 read data, kept so that its runs are still understood: by the order of rows in the file.

It numbered ids by first appearance, left events in the order of the file, let that order settle ties in time, and
hashed contents in it. Nothing but the reading of its run folders may turn this on.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import polars as pl

_in_file_order = ContextVar("in_file_order", default=False)


@contextmanager
def as_read_by_0_1_0() -> Iterator[None]:
    """Let everything that is read and split within follow the order of rows in the file."""
    token = _in_file_order.set(True)
    try:
        yield
    finally:
        _in_file_order.reset(token)


def in_file_order() -> bool:
    """Say whether the order of rows in the file counts, as it did in 0.1.0."""
    return _in_file_order.get()


def content_hash_of_0_1_0(events: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> str:
    """Return what 0.1.0 wrote as ``data`` into ``run.json``: a hash of rows and attributes in the order they lie in.

    Args:
        events: the table of interactions, read as 0.1.0 read it.
        tables: tables of attributes that were used.
    """
    digest = hashlib.sha256()
    for name in events.columns:
        column = events[name]
        digest.update(name.encode())
        if column.dtype == pl.String:
            digest.update("\n".join(column.to_list()).encode())
        else:
            digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    for name in sorted(tables):
        digest.update(f"\n{name}\n{tables[name].write_ndjson()}".encode())
    return digest.hexdigest()[:12]
