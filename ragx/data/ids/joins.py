"""Two sets of ids that meet: how many match is always reported, and where none does, the join is refused."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.near_ids import difference_between

ALIKE = "Write them alike in both."
OTHER = "Name the column that holds the same ids as the events."


@dataclass(frozen=True, eq=False)
class Join:
    """How the ids of the data and those of a table, a list or another run match.

    Args:
        sentence: says how many match, and names one of those that came in vain.
        rows: of every id of the data, the first row of that id in what came in, or -1.
        others: what came in and matches nothing.
    """

    sentence: str
    rows: NDArray[np.int64]
    others: pl.Series

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Whether each id of the data is in what came in."""
        return self.rows >= 0


def join_ids(
    sentence: str,
    ours: pl.Series,
    theirs: pl.Series,
    *,
    counted: Literal["ours", "theirs"] = "ours",
    leftover: str = "{} match nothing",
    remedy: str = OTHER,
) -> Join:
    """Match ids by what they say, whether they are text or whole numbers, and say how many do.

    Args:
        sentence: what to say, with ``{}`` where "n of m" stands, such as ``"titles: {} items have one"``.
        ours: distinct ids of the data.
        theirs: ids that came in: of a table, a file or another run.
        counted: whose ids m counts.
        leftover: what to say of those that match nothing, with ``{}`` where their number stands.
        remedy: what to do where none matches and no small difference tells why.

    Raises:
        ValueError: none matches.
    """
    index = IdMap("id", ours).lookup(theirs)
    came = np.flatnonzero(index >= 0)[::-1]
    rows = np.full(len(ours), -1)
    rows[index[came]] = came
    others = theirs.filter(pl.Series(index < 0))
    n, m = (int((rows >= 0).sum()), len(ours)) if counted == "ours" else (len(came), len(theirs))
    sentence = sentence.format(f"{n:,} of {m:,}")
    check(n > 0, f"{sentence}: {_none(ours, theirs, remedy)}")
    return Join(sentence + _in_vain(others, ours, leftover), rows, others)


def joined(side: str, ids: IdMap, rows: np.ndarray, table: pl.DataFrame) -> str:
    """Return a sentence that says how many users or items with events have a row in a table.

    Args:
        side: ``"user"`` or ``"item"``, the name of the column of ids in the table.
        ids: outside ids of all users or items.
        rows: user or item of every event.
        table: one row for each user or item.

    Raises:
        ValueError: the table has no such column, or none of its ids is among those with events.
    """
    check(side in table.columns, f"Table {side}s: expected a column {side} of ids, got {', '.join(table.columns)}.")
    with_events = ids.outside(np.unique(rows))
    leftover = f"{{}} rows are of {side}s without events"
    return join_ids(f"{{}} {side}s have attributes", with_events, table[side], leftover=leftover).sentence


def _none(ours: pl.Series, theirs: pl.Series, remedy: str) -> str:
    if not len(ours):
        return "the data has no ids to match."
    expected = f"expected ids such as {ours[0]!r}"
    if not theirs.len() - theirs.null_count():
        return f"{expected}, got an empty one. Leave it out or fill it."
    near = difference_between(theirs, ours)
    if near is None:
        return f"{expected}, got such as {theirs.drop_nulls()[0]!r}. {remedy}"
    return f"{expected}, got {near[0]!r}, which differs from {near[1]!r} in {near[2]}. {ALIKE}"


def _in_vain(others: pl.Series, ours: pl.Series, leftover: str) -> str:
    """Return the end of the sentence: what came in and matches nothing."""
    if not len(others):
        return "."
    near = difference_between(others, ours)
    hint = f"; {near[0]!r} differs from {near[1]!r} in {near[2]} alone" if near else ""
    return f"; {leftover.format(f'{len(others):,}')}, such as {others[0]!r}{hint}."
