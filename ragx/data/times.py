"""Times in any usual notation as whole seconds since 1970, UTC."""

from datetime import UTC, datetime

import polars as pl

from ragx.checks import check
from ragx.data.source import Source

NOTATIONS = ("auto", "seconds", "milliseconds", "iso")
LEAST_MILLISECONDS = 100_000_000_000  # as seconds the year 5138, as milliseconds March 1973
TOLERANCE = 86_400  # clocks and time zones of sources disagree by up to a day
ISO = r"^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?)? ?([Zz]|[+-]\d\d(?::?\d\d)?)?$"


def to_seconds(
    values: pl.Series, source: Source, *, time_format: str = "auto", time_zone: str = "UTC", column: str = "time"
) -> pl.Series:
    """Return times as whole seconds since 1970, UTC, rounded down.

    Args:
        values: numbers, text, dates or date-times.
        source: where they came from, for messages.
        time_format: ``seconds`` or ``milliseconds`` since 1970, ``iso`` (ISO 8601), a strptime format such as
            ``%d.%m.%Y %H:%M``, or ``auto``, which tells the first three apart.
        time_zone: zone, such as ``Europe/Berlin``, of times that name none.
        column: name of the column, for messages.

    Raises:
        ValueError: a time is empty, does not parse, is not in the zone's clock or lies in the future.
    """
    _check_settings(time_format, time_zone)
    parsed = _parse(values, time_format, time_zone)
    wanted = "ISO 8601 or seconds or milliseconds since 1970" if time_format == "auto" else time_format
    source.refuse(
        parsed.is_null(), values, f"a time in column {column!r} ({wanted})", "Set time_format if it is another."
    )
    latest = int(datetime.now(UTC).timestamp()) + TOLERANCE
    source.refuse(
        parsed > latest,
        values,
        f"a time in column {column!r} that is not in the future",
        "Set time_format to seconds, milliseconds or the format if it was read wrongly.",
    )
    return parsed


def moment_to_seconds(name: str, moment: str, time_zone: str = "UTC") -> int:
    """Return one ISO 8601 moment, past or future, as seconds since 1970, UTC.

    Raises:
        ValueError: it does not parse, or the zone is unknown.
    """
    _check_settings("iso", time_zone)
    seconds = _iso(pl.Series([moment]), time_zone)[0]
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


def _parse(values: pl.Series, time_format: str, time_zone: str) -> pl.Series:
    kind = values.dtype
    if isinstance(kind, pl.Datetime):
        return _seconds(values if kind.time_zone else _local(values, time_zone))
    if kind == pl.Date:
        return _seconds(_local(values.cast(pl.Datetime("us")), time_zone))
    if kind.is_numeric():
        return _numbers(values, time_format)
    text = values.cast(pl.String, strict=False).str.strip_chars()
    if time_format in ("seconds", "milliseconds"):
        return _numbers(_as_number(text), time_format)
    if time_format == "auto":
        numbers = _as_number(text)
        return _numbers(numbers, "auto") if numbers.null_count() < len(numbers) else _iso(text, time_zone)
    if time_format == "iso":
        return _iso(text, time_zone)
    try:
        moments = text.str.to_datetime(time_format, strict=False, time_unit="us")
    except pl.exceptions.PolarsError:
        raise ValueError(f"time_format: {time_format!r} is not a format of dates and times.") from None
    zoned = isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone
    return _seconds(moments if zoned else _local(moments, time_zone))


def _as_number(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    return whole if whole.null_count() == text.null_count() else text.cast(pl.Float64, strict=False)


def _numbers(values: pl.Series, time_format: str) -> pl.Series:
    """Return seconds of numbers; what is not finite becomes empty."""
    if values.dtype.is_float():
        values = values.floor()
    whole = values.cast(pl.Int64, strict=False)
    largest = whole.abs().max()
    in_thousandths = time_format == "milliseconds" or (
        time_format == "auto" and isinstance(largest, int) and largest >= LEAST_MILLISECONDS
    )
    return whole // 1000 if in_thousandths else whole


def _iso(text: pl.Series, time_zone: str) -> pl.Series:
    parts = text.to_frame("text").select(
        day=pl.col("text").str.extract(ISO, 1),
        clock=pl.col("text").str.extract(ISO, 2).fill_null("00:00"),
        second=pl.col("text").str.extract(ISO, 3).fill_null(":00"),
        offset=pl.col("text").str.extract(ISO, 4),
    )
    stamp = parts.select(pl.col("day") + " " + pl.col("clock") + pl.col("second")).to_series()
    moments = stamp.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    offset = parts["offset"].str.replace(r"[Zz]", "+00").str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).replace("", "00").cast(pl.Int64)
    shift = minutes * pl.Series([-60, 60]).gather(offset.str.starts_with("+").fill_null(False).cast(pl.UInt32))
    unzoned = moments.zip_with(shift.is_null(), pl.Series([None], dtype=moments.dtype))
    return (_seconds(moments) - shift).fill_null(_seconds(_local(unzoned, time_zone)))


def _local(moments: pl.Series, time_zone: str) -> pl.Series:
    return moments.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")


def _seconds(moments: pl.Series) -> pl.Series:
    return moments.dt.timestamp("us") // 1_000_000
