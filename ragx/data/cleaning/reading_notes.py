"""What a person is to know of how events were read: notations of times, ids and kinds that are spelled nearly alike."""

from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from ragx.data.cleaning.iso import PATTERN
from ragx.data.cleaning.times import Times
from ragx.data.ids.near_ids import alike, folded

SHOWN = 3


def time_note(times: Times, stated: bool) -> str:
    """Return a sentence about the notation of times, and the days that they span.

    Args:
        times: as they were read.
        stated: whether the notation was stated; else it was inferred from most cells.
    """
    how = "" if stated else ", which most cells told"
    first, last = (datetime.fromtimestamp(int(end), UTC) for end in (times.seconds.min(), times.seconds.max()))  # type: ignore[arg-type]
    return f"times: read as {times.notation}{how}; {first:%Y-%m-%d} to {last:%Y-%m-%d}, UTC."


def offset_notes(values: pl.Series, time_zone: str) -> list[str]:
    """Return a sentence about moments of which some name a zone or an offset, such as +02:00, and others none.

    Args:
        values: times as they stand in the data.
        time_zone: zone of those that name none.
    """
    if values.dtype != pl.String:
        return []
    text = values.str.strip_chars()
    clock = text.str.extract(PATTERN, 2).is_not_null()
    named = clock & text.str.extract(PATTERN, 4).is_not_null()
    if not named.any() or named.sum() == clock.sum():
        return []
    return [
        f"times: {named.sum():,} of {clock.sum():,} name an offset, such as {text.filter(named)[0]!r}; the others, "
        f"such as {text.filter(clock & ~named)[0]!r}, are read in the zone {time_zone} (dataset.rules.time_zone)."
    ]


def blank_notes(ids: Mapping[str, pl.Series]) -> list[str]:
    """Return a sentence for each side of which ids differ only in blanks around them, naming some.

    Args:
        ids: ``"user"`` and ``"item"`` → outside ids.
    """
    notes = []
    for side, series in ids.items():
        distinct = series.drop_nulls().unique()
        if distinct.dtype != pl.String or not (distinct != distinct.str.strip_chars()).any():
            continue
        groups = [group for group in alike(distinct, "blanks") if len({text.strip() for text in group}) < len(group)]
        if groups:
            pairs = "; ".join(" and ".join(map(repr, group)) for group in groups[:SHOWN])
            notes.append(
                f"{side}s: the ids of {sum(map(len, groups)):,} differ from another only in blanks, such as {pairs}. "
                "They are kept apart; dataset.rules.id_blanks=strip takes blanks around ids away."
            )
    return notes


def strip_note(side: str, before: pl.Series, after: pl.Series) -> list[str]:
    """Return a sentence about ids that had blanks around them taken away, where any had."""
    changed = before.filter(before.is_not_null() & (before != after)).unique().sort()
    if not len(changed):
        return []
    users = f"{before.drop_nulls().n_unique():,} {side}s became {after.drop_nulls().n_unique():,}"
    return [f"{side}s: blanks around {len(changed):,} ids, such as {changed[0]!r}, were taken away; {users}."]


def kind_notes(kinds: pl.Series) -> list[str]:
    """Return a sentence for each group of kinds of event that differ only in blanks or case, with their counts."""
    counts = kinds.alias("kind").value_counts()
    counts = counts.with_columns(key=folded(counts["kind"]))
    counts = counts.sort("key", "count", "kind", descending=[False, True, False])
    notes = []
    for _, group, numbers in counts.group_by("key", maintain_order=True).agg("kind", "count").rows():
        if len(group) > 1:
            spelled = ", ".join(f"{kind!r} ({count:,})" for kind, count in zip(group, numbers, strict=True))
            notes.append(f"kinds of event that differ only in blanks or case, and are kept apart: {spelled}.")
    return notes
