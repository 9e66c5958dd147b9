"""Which notation a column of times is in: that of most of its cells; a cell that does not fit is refused."""

import itertools

import polars as pl

from ragx.data.cleaning.iso import iso_seconds
from ragx.data.source import Source

UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
LEAST_MILLISECONDS = 100_000_000_000  # as seconds the year 5138, as milliseconds March 1973
CALENDAR = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # digits of 2024 and longer: format
EXCEL_DAYS = 20_000, 80_000  # 1954 to 2119 as days since the end of 1899, as seconds the first day of 1970
SINCE = "since 1970"
ADVICE = "Mend the row, or set dataset.rules.time_format if all are in another notation."


def seconds_by_majority(values: pl.Series, source: Source, column: str, time_zone: str) -> tuple[pl.Series, str]:
    """Return seconds since 1970 of numbers or text in the notation that most cells are in, and that notation.

    It is seconds, milliseconds, microseconds or nanoseconds since 1970, distinguished by the size of the numbers, or
    ISO 8601.

    Args:
        values: numbers or text; a cell in none of these becomes null where no cell is in any, and so does an hour that
            the clocks of the zone skipped.
        source: where they came from, for messages.
        column: the column, for messages.
        time_zone: zone of times that name none.

    Raises:
        ValueError: a cell is in another notation than most, or most are calendar dates or days of Excel, written as
            numbers.
    """
    if values.dtype.is_numeric():
        return _scaled(values, values, source, column)
    text = values.str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return _scaled(whole, values, source, column)
    numbers = text.cast(pl.Float64, strict=False)
    count = len(numbers) - whole_numbers(numbers).null_count()
    if count == len(numbers):
        return _scaled(numbers, values, source, column)
    readable = iso_seconds(text, "UTC").is_not_null()
    as_iso = int(readable.sum()) >= count
    fits = readable if as_iso else whole_numbers(numbers).is_not_null()
    notation = "ISO 8601" if as_iso else f"a number of seconds, milliseconds, microseconds or nanoseconds {SINCE}"
    if fits.any():
        source.refuse(~fits, values, f"a time in {column} as {notation}, as most are", ADVICE)
    return (iso_seconds(text, time_zone), notation) if as_iso else _scaled(numbers, values, source, column)


def whole_numbers(values: pl.Series) -> pl.Series:
    """Return numbers rounded down, what is not finite or too large as null."""
    return (values if values.dtype.is_integer() else values.floor()).cast(pl.Int64, strict=False)


def _scaled(numbers: pl.Series, values: pl.Series, source: Source, column: str) -> tuple[pl.Series, str]:
    """Return seconds of numbers, which are all in one unit; 0 is in any."""
    _refuse_excel(numbers, values, source, column)
    numbers = whole_numbers(numbers)
    _refuse_calendar(numbers, values, source, column)
    size = numbers.abs()
    units, bounds = list(UNITS), [0, *(LEAST_MILLISECONDS * 1000**power for power in range(3)), 2**63 - 1]
    within = [(size > 0) & (size >= low) & (size < high) for low, high in itertools.pairwise(bounds)]
    counts = [int(mask.sum()) for mask in within]
    most = counts.index(max(counts))
    unit = units[most]
    other = (size > 0) & ~within[most]
    source.refuse(other, values, f"a time in {column} as {unit} {SINCE}, as most are", ADVICE)
    return numbers // UNITS[unit], f"{unit} {SINCE}"


def _refuse_excel(numbers: pl.Series, values: pl.Series, source: Source, column: str) -> None:
    """Raise where most numbers are days such as 45321.75, which Excel makes of dates."""
    days = numbers.is_between(*EXCEL_DAYS)
    if 2 * int(days.sum()) > len(numbers):
        _refuse_looks(days, values, source, column, "Excel's days since the end of 1899", "excel")


def _refuse_calendar(numbers: pl.Series, values: pl.Series, source: Source, column: str) -> None:
    """Raise where most numbers of 4, 6, 8, 12 or 14 digits are calendar dates, such as 20240131."""
    for digits, pattern in CALENDAR.items():
        alike = (numbers >= 10 ** (digits - 1)) & (numbers < 10**digits)
        if not alike.any():
            continue
        date = numbers // 10 ** (digits - 8) if digits > 8 else numbers * 10 ** (8 - digits)
        date += {4: 101, 6: 1}.get(digits, 0)
        month, day = date // 100 % 100, date % 100
        dated = alike & date.is_between(19_000_101, 20_991_231) & month.is_between(1, 12) & day.is_between(1, 31)
        # numbers of few digits are dates by chance more often, so there all cells count
        if 2 * int(dated.sum()) > (int(alike.sum()) if digits >= 8 else len(numbers)):
            _refuse_looks(dated, values, source, column, "year, month and day or a part of them", pattern)


def _refuse_looks(bad: pl.Series, values: pl.Series, source: Source, column: str, what: str, notation: str) -> None:
    source.refuse(
        bad,
        values,
        f"a time in {column} as ISO 8601 or a number of seconds up to nanoseconds {SINCE}",
        f"It looks like {what}: set dataset.rules.time_format={notation}, or seconds or milliseconds if that is what "
        "it is.",
    )
