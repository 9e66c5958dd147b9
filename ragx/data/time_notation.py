"""Which notation a column of times is in: told by most of its cells, and what does not fit them is refused."""

import polars as pl

from ragx.data.iso import iso_seconds
from ragx.data.source import Source

LEAST_MILLISECONDS = 100_000_000_000  # as seconds the year 5138, as milliseconds March 1973
CALENDAR = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # digits of 20240131 and longer: format
ADVICE = "Mend the row, or set rules.time_format if all are in another notation."


def told_seconds(values: pl.Series, source: Source, column: str, time_zone: str) -> pl.Series:
    """Return seconds since 1970 of numbers or text in seconds, milliseconds or ISO 8601, whichever most cells are in.

    Args:
        values: numbers or text; a cell in none of these becomes null where no cell is in any.
        source: where they came from, for messages.
        column: the column, for messages.
        time_zone: zone of times that name none.

    Raises:
        ValueError: a cell is in another notation than most, or most are calendar dates written as numbers.
    """
    if values.dtype.is_numeric():
        return _scaled(whole_numbers(values), values, source, column)
    text = values.str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return _scaled(whole, values, source, column)
    numbers = whole_numbers(text.cast(pl.Float64, strict=False))
    count = len(numbers) - numbers.null_count()
    if count == len(numbers):
        return _scaled(numbers, values, source, column)
    moments = iso_seconds(text, time_zone)
    as_iso = len(moments) - moments.null_count() >= count
    found, notation = (moments, "ISO 8601") if as_iso else (numbers, "a number of seconds or milliseconds since 1970")
    if found.null_count() < len(found):
        source.refuse(found.is_null(), values, f"a time in {column} as {notation}, as most are", ADVICE)
    return found if as_iso else _scaled(found, values, source, column)


def whole_numbers(values: pl.Series) -> pl.Series:
    """Return numbers rounded down, what is not finite or too large as null."""
    return (values if values.dtype.is_integer() else values.floor()).cast(pl.Int64, strict=False)


def _scaled(numbers: pl.Series, values: pl.Series, source: Source, column: str) -> pl.Series:
    """Return seconds of whole numbers, which are all seconds or all milliseconds; 0 is either."""
    size = numbers.abs()
    large = size >= LEAST_MILLISECONDS
    count = int(large.sum())
    _refuse_calendar(numbers, values, source, column)
    if not count:
        return numbers
    small = ~large & (size > 0)
    thousandths = count > int(small.sum())
    most, other = ("milliseconds", small) if thousandths else ("seconds", large)
    source.refuse(other, values, f"a time in {column} as {most} since 1970, as most are", ADVICE)
    return numbers // 1000 if thousandths else numbers


def _refuse_calendar(numbers: pl.Series, values: pl.Series, source: Source, column: str) -> None:
    """Raise where most numbers of 8, 12 or 14 digits are calendar dates, such as 20240131."""
    for digits, pattern in CALENDAR.items():
        alike = (numbers >= 10 ** (digits - 1)) & (numbers < 10**digits)
        if not alike.any():
            continue
        date = numbers // 10 ** (digits - 8)
        month, day = date // 100 % 100, date % 100
        dated = alike & date.is_between(19_000_101, 20_991_231) & month.is_between(1, 12) & day.is_between(1, 31)
        if 2 * int(dated.sum()) > int(alike.sum()):
            source.refuse(
                dated,
                values,
                f"a time in {column} as ISO 8601 or seconds or milliseconds since 1970",
                f"It looks like year, month and day: set rules.time_format={pattern}, or seconds or milliseconds if "
                "that is what it is.",
            )
