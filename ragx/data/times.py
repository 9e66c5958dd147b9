"""Times in any usual notation as whole seconds since 1970, UTC."""

from datetime import UTC, datetime

import polars as pl

from ragx.checks import check
from ragx.data.cells import as_cells
from ragx.data.iso import iso_seconds, local, whole_seconds
from ragx.data.source import Source
from ragx.data.time_notation import told_seconds, whole_numbers

NOTATIONS = ("auto", "seconds", "milliseconds", "iso")
EARLIEST = -62_135_596_800  # the first second of the year 1
TOLERANCE = 86_400  # clocks and time zones of sources disagree by up to a day


def to_seconds(
    values: pl.Series, source: Source, *, time_format: str = "auto", time_zone: str = "UTC", column: str = "time"
) -> pl.Series:
    """Return times as whole seconds since 1970, UTC, rounded down.

    Args:
        values: numbers, text, dates or date-times.
        source: where they came from, for messages.
        time_format: ``seconds`` or ``milliseconds`` since 1970, ``iso`` (ISO 8601), a strptime format such as
            ``%d.%m.%Y %H:%M``, or ``auto``, which tells the first three apart by what most cells are in.
        time_zone: zone, such as ``Europe/Berlin``, of times that name none.
        column: ragx's name of the column, for messages.

    Raises:
        ValueError: the column holds no times, or a time is empty, does not parse, is in another notation than most, is
            not in the zone's clock or lies in the future.
    """
    _check_settings(time_format, time_zone)
    place = source.column(column)
    cells = as_cells(values, f"times in {place}", source)
    check(
        cells.dtype != pl.Boolean,
        f"{source.name}: expected times in {place}, got truth values: name another column.",
    )
    if time_format == "auto" and not cells.dtype.is_temporal():
        wanted = "ISO 8601 or seconds or milliseconds since 1970"
        parsed = told_seconds(cells, source, place, time_zone)
    else:
        wanted = time_format
        parsed = _stated_seconds(cells, time_format, time_zone)
    another = "Set rules.time_format if it is another."
    source.refuse(parsed.is_null(), values, f"a time in {place} as {wanted}", another)
    source.refuse(parsed < EARLIEST, values, f"a time in {place} that is not before the year 1", another)
    latest = int(datetime.now(UTC).timestamp()) + TOLERANCE
    source.refuse(
        parsed > latest,
        values,
        f"a time in {place} that is not in the future",
        "Set rules.time_format to seconds, milliseconds or the format if it was read wrongly.",
    )
    return parsed


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
        f"time_format: expected {', '.join(NOTATIONS)} or a format such as %d.%m.%Y %H:%M, got {time_format!r}.",
    )
    try:
        pl.Series([datetime(2000, 1, 1)]).dt.replace_time_zone(time_zone)
    except pl.exceptions.PolarsError:
        raise ValueError(f"time_zone: expected a zone such as UTC or Europe/Berlin, got {time_zone!r}.") from None


def _stated_seconds(cells: pl.Series, time_format: str, time_zone: str) -> pl.Series:
    """Return seconds of dates, or of numbers or text in the notation that is stated."""
    kind = cells.dtype
    if isinstance(kind, pl.Datetime):
        return whole_seconds(cells if kind.time_zone else local(cells, time_zone))
    if kind == pl.Date:
        return whole_seconds(local(cells.cast(pl.Datetime("us")), time_zone))
    if time_format in ("seconds", "milliseconds"):
        number = cells if kind.is_numeric() else _numbers_in(cells.str.strip_chars())
        whole = whole_numbers(number)
        return whole // 1000 if time_format == "milliseconds" else whole
    text = (whole_numbers(cells) if kind.is_numeric() else cells).cast(pl.String).str.strip_chars()
    if time_format == "iso":
        return iso_seconds(text, time_zone)
    try:
        moments = text.str.to_datetime(time_format, strict=False, time_unit="us")
    except pl.exceptions.PolarsError:
        raise ValueError(f"time_format: {time_format!r} is not a format of dates and times.") from None
    zoned = isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone
    return whole_seconds(moments if zoned else local(moments, time_zone))


def _numbers_in(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == text.null_count() else text.cast(pl.Float64, strict=False)
