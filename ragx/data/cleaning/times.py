"""Times in any usual notation as whole seconds since 1970, UTC."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl

from ragx.checks import check
from ragx.data.cleaning.cells import as_cells
from ragx.data.cleaning.iso import iso_seconds, local, whole_seconds
from ragx.data.cleaning.time_notation import SINCE, UNITS, seconds_by_majority, whole_numbers
from ragx.data.ids.identifiers import EXACT_BITS
from ragx.data.seconds import DAY
from ragx.data.source import Source

NOTATIONS = ("auto", *UNITS, "excel", "iso")
EXCEL_EPOCH = -25_569  # 30 December 1899 in days since 1970, from which Excel counts
MONTHS, DAYS = "mbBhjDFcxsv+UWGV", "dejDFcxsv+UWGV"  # letters of formats that tell a month, and a day
EARLIEST = -62_135_596_800  # the first second of the year 1
TOLERANCE = DAY  # clocks and time zones of sources disagree by up to a day


class Times(NamedTuple):
    """A column of times.

    Args:
        seconds: since 1970, UTC, whole, rounded down.
        notation: what it was written in, in words.
    """

    seconds: pl.Series
    notation: str


def read_times(
    values: pl.Series, source: Source, *, time_format: str = "auto", time_zone: str = "UTC", column: str = "time"
) -> Times:
    """Return times as whole seconds since 1970, UTC, rounded down, and the notation they were in.

    An hour that comes twice, as clocks are put back, is read as the first.

    Args:
        values: numbers, text, dates or date-times.
        source: where they came from, for messages.
        time_format: ``seconds``, ``milliseconds``, ``microseconds`` or ``nanoseconds`` since 1970, ``excel`` (days
            since the end of 1899), ``iso`` (ISO 8601), a strptime format such as ``%d.%m.%Y %H:%M``, whose first month
            or day is meant where it names none, or ``auto``, which tells numbers since 1970 and ISO 8601 apart by what
            most cells are in.
        time_zone: zone, such as ``Europe/Berlin``, of times that name none.
        column: ragx's name of the column, for messages.

    Raises:
        ValueError: the column holds no times, or a time is empty, does not parse, is in another notation than most, was
            skipped by the clocks of the zone or lies in the future.
    """
    _check_settings(time_format, time_zone)
    named = source.column(column)
    cells = as_cells(values, f"times in {named}", source)
    check(
        cells.dtype != pl.Boolean,
        f"{source.name}: expected times in {named}, got truth values: name another column.",
    )

    _check_exact(cells, values, source, named, time_format)

    def parsed(zone: str) -> tuple[pl.Series, str]:
        if time_format == "auto" and not cells.dtype.is_temporal():
            return seconds_by_majority(cells, source, named, zone)
        return _stated_seconds(cells, time_format, zone), _in_words(cells, time_format)

    seconds, notation = parsed(time_zone)
    if seconds.has_nulls() and time_zone != "UTC":
        skipped = seconds.is_null() & parsed("UTC")[0].is_not_null()
        expected = f"a time in {named} that the clocks of {time_zone} showed"
        source.refuse(skipped, values, expected, _around_skipped(time_zone))
    another = "Set dataset.rules.time_format if it is another, as in \"dataset.rules.time_format='%d.%m.%Y %H:%M'\"."
    source.refuse(seconds.is_null(), values, f"a time in {named} as {notation}", another)
    source.refuse(seconds < EARLIEST, values, f"a time in {named} that is not before the year 1", another)
    latest = int(datetime.now(UTC).timestamp()) + TOLERANCE
    source.refuse(
        seconds > latest,
        values,
        f"a time in {named} that is not in the future",
        "Set dataset.rules.time_format to seconds, milliseconds or the format if it was read wrongly.",
    )
    return Times(seconds, notation)


def _check_exact(cells: pl.Series, values: pl.Series, source: Source, named: str, time_format: str) -> None:
    """Raise where numbers of few digits, such as Float32, stand for several seconds each."""
    if cells.dtype in (pl.Float16, pl.Float32):
        inexact = cells.abs() >= 2.0 ** EXACT_BITS[str(cells.dtype)]
        if time_format == "excel":
            inexact |= cells != cells.floor()
        expected = f"a time in {named} that is exact to the second"
        source.refuse(inexact, values, expected, f"{cells.dtype} is not: store Int64, Float64 or date-times.")


def _in_words(cells: pl.Series, time_format: str) -> str:
    if cells.dtype.is_temporal():
        return f"values of type {cells.dtype}"
    words = {"iso": "ISO 8601", "excel": "Excel's days since the end of 1899"}
    return f"{time_format} {SINCE}" if time_format in UNITS else words.get(time_format, time_format)


def _around_skipped(time_zone: str) -> str:
    """Return what to do about an hour that the clocks of a zone skipped as they were put forward."""
    standard = pl.Series([datetime(2000, 1, 1)]).dt.replace_time_zone(time_zone).dt.base_utc_offset()[0]
    hours, rest = divmod(int(standard.total_seconds()), 3600)
    fixed = "" if rest else f", Etc/GMT{-hours:+d} where they are UTC{hours:+d} all year"
    return (
        "The clocks skipped this hour, so the times are of another zone: set dataset.rules.time_zone=UTC if they are "
        f"UTC{fixed}, or write the offset behind each time."
    )


def moment_to_seconds(name: str, moment: str, time_zone: str = "UTC") -> int:
    """Return one ISO 8601 moment, past or future, as seconds since 1970, UTC.

    Raises:
        ValueError: it does not parse, or the zone is unknown.
    """
    _check_settings("iso", time_zone)
    seconds = iso_seconds(pl.Series([moment]), time_zone)[0]
    check(seconds is not None, f"{name}: expected a moment such as 2024-01-31 or 2024-01-31T12:00Z, got {moment!r}.")
    return int(seconds)


def _check_settings(time_format: str, time_zone: str) -> None:
    check(
        time_format in NOTATIONS or "%" in time_format,
        f"dataset.rules.time_format: expected {', '.join(NOTATIONS)} or one such as %d.%m.%Y, got {time_format!r}.",
    )
    try:
        pl.Series([datetime(2000, 1, 1)]).dt.replace_time_zone(time_zone)
    except pl.exceptions.PolarsError:
        raise ValueError(
            f"dataset.rules.time_zone: expected a zone such as UTC or Europe/Berlin, got {time_zone!r}."
        ) from None


def _stated_seconds(cells: pl.Series, time_format: str, time_zone: str) -> pl.Series:
    """Return seconds of dates, or of numbers or text in the notation that is stated."""
    kind = cells.dtype
    if isinstance(kind, pl.Datetime):
        return whole_seconds(cells if kind.time_zone else local(cells, time_zone))
    if kind == pl.Date:
        return whole_seconds(local(cells.cast(pl.Datetime("us")), time_zone))
    if time_format in UNITS or time_format == "excel":
        number = cells if kind.is_numeric() else _numbers_in(cells.str.strip_chars())
        if time_format == "excel":
            days = number.cast(pl.Float64).fill_nan(None) + EXCEL_EPOCH
            moments = pl.from_epoch(whole_numbers((days * DAY).round()), "s")
            return whole_seconds(local(moments, time_zone))
        return whole_numbers(number) // UNITS[time_format]
    text = (whole_numbers(cells) if kind.is_numeric() else cells).cast(pl.String).str.strip_chars()
    if time_format == "iso":
        return iso_seconds(text, time_zone)
    pattern = time_format
    for letters, first in ((MONTHS, "%m"), (DAYS, "%d")):
        if not re.search(f"%[-_0]?[{letters}]", pattern):
            text, pattern = text + " 01", f"{pattern} {first}"
    try:
        moments = text.str.to_datetime(pattern, strict=False, time_unit="us")
    except pl.exceptions.PolarsError:
        raise ValueError(f"dataset.rules.time_format: {time_format!r} is not a format of dates and times.") from None
    zoned = isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone
    return whole_seconds(moments if zoned else local(moments, time_zone))


def _numbers_in(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == text.null_count() else text.cast(pl.Float64, strict=False)
