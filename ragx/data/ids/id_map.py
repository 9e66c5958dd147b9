"""The map between outside ids, of any string or integer, and rows 0 … n-1."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check
from ragx.data.first_appearance import in_file_order
from ragx.data.ids.identifiers import Identifier, as_ids, listed_ids, written_as
from ragx.data.ids.near_ids import nearest_id
from ragx.data.source import Source


@dataclass(frozen=True, eq=False)
class IdMap:
    """Outside ids in order of their rows.

    Args:
        name: what the ids name, for messages, such as ``"user"``.
        ids: outside id of every row; unique and not null.
    """

    name: str
    ids: pl.Series

    def __post_init__(self) -> None:
        check(self.ids.null_count() == 0, f"{self.name} ids: expected no empty id, got {self.ids.null_count()}.")
        check(self.ids.n_unique() == len(self.ids), f"{self.name} ids: expected unique ids, got repeated ones.")

    @classmethod
    def of(cls, name: str, values: pl.Series) -> "IdMap":
        """Return the map of the distinct values in ascending order: whole numbers by value, text by code point."""
        distinct = values.unique(maintain_order=True) if in_file_order() else values.unique().sort()
        return cls(name, distinct.rename(name))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: Iterable[Identifier] | Identifier | pl.Series) -> np.ndarray:
        """Return the row of every outside id; what is an id, and the same one, says :mod:`ragx.data.ids.identifiers`.

        Raises:
            ValueError: something is no id, or unknown; the message names the first and the nearest known one.
        """
        asked = listed_ids(f"{self.name}s", ids)
        rows = self.lookup(asked)
        missing = np.flatnonzero(rows < 0)
        if missing.size:
            first = str(asked[int(missing[0])])
            count = f" {missing.size:,} of {len(asked):,} are unknown." if missing.size > 1 else ""
            raise ValueError(
                f"Unknown {self.name} {first!r}: the data has {len(self):,} {self.name}s, such as "
                f"{', '.join(repr(value) for value in self.ids.head(3))}." + nearest_id(first, self.ids) + count
            )
        return rows

    def lookup(self, series: pl.Series) -> np.ndarray:
        """Return the row of every outside id, or -1 where it is unknown or empty.

        Raises:
            ValueError: something is no id.
        """
        if series.dtype != self.ids.dtype:
            series = written_as(as_ids(series, self.name, Source(f"{self.name}s")), self.ids.dtype)
        rows = series.replace_strict(self.ids, self._rows, default=-1, return_dtype=pl.Int64)
        return rows.fill_null(-1).to_numpy()

    def outside(self, rows: np.ndarray) -> pl.Series:
        """Return the outside id of every row."""
        return self.ids.gather(rows)

    @cached_property
    def tie_keys(self) -> NDArray[np.int64]:
        """A 64-bit BLAKE2b hash of every outside id as text, whatever its row: what settles ties of scores."""
        text = self.ids.cast(pl.String)
        digests = b"".join(hashlib.blake2b(id_text.encode(), digest_size=8).digest() for id_text in text)
        return np.frombuffer(digests, dtype="<i8").astype(np.int64)

    @cached_property
    def _rows(self) -> pl.Series:
        return pl.Series("row", np.arange(len(self.ids), dtype=np.int64))
