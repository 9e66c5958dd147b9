"""ISO 8601 moments as seconds since 1970, UTC."""

import polars as pl

DAY, CLOCK = r"(\d{4}-\d\d-\d\d)", r"(\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?"
OFFSET = r"([Zz]|[+-][01]\d(?::?[0-5]\d)?|[+-]2[0-3](?::?[0-5]\d)?)"
PATTERN = f"^{DAY}(?:[T ]{CLOCK})? ?{OFFSET}?$"
COMMON = (
    *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"),
    *("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"),
    *("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ"),
    *("%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M:%S%:z", "%Y-%m-%dT%H:%M:%S%.f%:z"),
)
SAMPLE = 100


def iso_seconds(text: pl.Series, time_zone: str) -> pl.Series:
    """Return whole seconds of moments such as 2024-01-31, 2024-01-31 12:00 or 2024-01-31T12:00:00.5+01:00.

    Args:
        text: the moments; one that does not parse, or that the clock of the zone left out, becomes null.
        time_zone: zone of those that name none.
    """
    text = text.set(~text.str.contains(PATTERN).fill_null(False), None)
    head = text.drop_nulls().head(SAMPLE)
    for pattern in COMMON:  # in one notation, a column is read in a tenth of the time
        if len(head) and _parsed(head, pattern).null_count() == 0:
            moments = _parsed(text, pattern)
            seconds = whole_seconds(moments if pattern.endswith(("Z", "z")) else local(moments, time_zone))
            rest = (moments.is_null() & text.is_not_null()).arg_true()
            return seconds.scatter(rest, _any_notation(text.gather(rest), time_zone)) if len(rest) else seconds
    return _any_notation(text, time_zone)


def local(moments: pl.Series, time_zone: str) -> pl.Series:
    """Return date-times without a zone as those of a zone; an hour that its clock left out becomes null."""
    return moments.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")


def whole_seconds(moments: pl.Series) -> pl.Series:
    """Return date-times as seconds since 1970, UTC, rounded down."""
    return moments.dt.timestamp("us") // 1_000_000


def _parsed(text: pl.Series, pattern: str) -> pl.Series:
    return text.str.to_datetime(pattern, strict=False, time_unit="us", cache=False)


def _any_notation(text: pl.Series, time_zone: str) -> pl.Series:
    parts = text.to_frame("text").select(
        day=pl.col("text").str.extract(PATTERN, 1),
        clock=pl.col("text").str.extract(PATTERN, 2).fill_null("00:00"),
        second=pl.col("text").str.extract(PATTERN, 3).fill_null(":00"),
        offset=pl.col("text").str.extract(PATTERN, 4),
    )
    stamp = parts.select(pl.col("day") + " " + pl.col("clock") + pl.col("second")).to_series()
    moments = _parsed(stamp, "%Y-%m-%d %H:%M:%S")
    offset = parts["offset"].str.replace(r"[Zz]", "+00").str.replace(":", "")
    minutes = offset.str.slice(1, 2).cast(pl.Int64) * 60 + offset.str.slice(3, 2).replace("", "00").cast(pl.Int64)
    shift = minutes * pl.Series([-60, 60]).gather(offset.str.starts_with("+").fill_null(False).cast(pl.UInt32))
    unzoned = moments.zip_with(shift.is_null(), pl.Series([None], dtype=moments.dtype))
    return (whole_seconds(moments) - shift).fill_null(whole_seconds(local(unzoned, time_zone)))
