"""Questions about times: which are no times of events, but other numbers that were read as such."""

import time

import numpy as np
import polars as pl

from ragx.data.cleaning.times import TOLERANCE
from ragx.data.interactions import Interactions
from ragx.data.seconds import DAY, YEAR
from ragx.evaluation.findings import SHOWN, Finding, counted, finding

PLACEHOLDERS = ("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1901-01-01")
SERIALS, MONTHS, DAYS, YEARS = (20_000, 80_000), (190_001, 210_012), (19_000_101, 21_001_231), (1_900, 2_100)
PERIOD = "'dataset.rules.filters=[{{_target_: ragx.data.Period, {}: {}}}]'"


def times(interactions: Interactions, now: float | None = None) -> list[Finding]:
    """Ask which times lie in 1970, where other numbers land that are read as seconds, and which are still to come.

    Args:
        interactions: all events.
        now: seconds since 1970; by default those of the clock.
    """
    if not interactions.has("timestamp"):
        return []
    return [
        _first_year(interactions),
        _placeholders(interactions),
        _to_come(interactions, time.time() if now is None else now),
    ]


def _first_year(interactions: Interactions) -> Finding:
    second = interactions.column("timestamp")
    early = second[np.abs(second) < YEAR]
    count, total = len(early), len(second)
    message = f"{count:,} of {total:,} times lie within a year of 1970-01-01{_another_notation(early)}."
    advice = (
        f"Store a time as 2024-01-31 12:00 or seconds since 1970, or leave these events out with "
        f"{PERIOD.format('first', '1971-01-01')}."
    )
    if count == total:
        advice = "Store times as 2024-01-31 12:00 or seconds since 1970; name no column of times for mere numbers."
    return finding("times near 1970", count, "warn", message, "No time lies near 1970-01-01.", _moments(early), advice)


def _placeholders(interactions: Interactions) -> Finding:
    """Ask how many times are the first or last day of a calendar, which stand for times that nobody knows."""
    days = interactions.column("timestamp") // DAY
    day_of = {word: int((np.datetime64(word) - np.datetime64("1970-01-01")).astype(int)) for word in PLACEHOLDERS}
    of_word = {word: int((days == day).sum()) for word, day in day_of.items()}
    count = sum(of_word.values())
    named = ", ".join(f"{word} ({number:,})" for word, number in of_word.items() if number)
    message = f"{count:,} of {len(days):,} times are days that stand for an unknown one: {named}."
    first = max((word for word, number in of_word.items() if number), default="")
    advice = f"Leave these events out with {PERIOD.format('first', _day_after(first))}." if first else ""
    clean = "No time is a day that stands for an unknown one."
    return finding("placeholders for times", count, "warn", message, clean, (), advice)


def _day_after(word: str) -> str:
    return str(np.datetime64(word) + 1)


def _another_notation(seconds: np.ndarray) -> str:
    """Return what times that lie in 1970 may be instead."""
    if not len(seconds):
        return ""
    if (seconds == 0).mean() > 0.5:
        return f", {counted(int((seconds == 0).sum()), 'time')} at its first second: empty cells stored as 0?"
    notations = {
        "years": (YEARS, seconds > 0),
        "days of a spreadsheet": (SERIALS, seconds > 0),
        "years and months": (MONTHS, (seconds % 100 >= 1) & (seconds % 100 <= 12)),
        "years, months and days": (DAYS, (seconds % 100 >= 1) & (seconds % 100 <= 31)),
    }
    for name, ((first, last), fits) in notations.items():
        if ((seconds >= first) & (seconds <= last) & fits).all():
            return f": {name} (such as {seconds[0]}) read as seconds?"
    return ": another unit, or places in a sequence, read as seconds?"


def _to_come(interactions: Interactions, now: float) -> Finding:
    second = interactions.column("timestamp")
    late = second[second > now + TOLERANCE]
    today = pl.from_epoch(pl.Series([int(now)])).dt.date()[0]
    message = f"{len(late):,} of {len(second):,} times are still to come: read in another unit or zone?"
    advice = (
        f"State the notation with dataset.rules.time_format, or leave them out with {PERIOD.format('before', today)}."
    )
    return finding("times to come", len(late), "warn", message, "No time is still to come.", _moments(late), advice)


def _moments(seconds: np.ndarray) -> tuple[str, ...]:
    first = pl.Series(np.unique(seconds)[:SHOWN], dtype=pl.Int64)
    try:
        return tuple(pl.from_epoch(first).dt.strftime("%Y-%m-%d %H:%M:%S"))
    except pl.exceptions.PolarsError:
        return tuple(str(moment) for moment in first)  # beyond the calendar
