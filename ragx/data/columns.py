"""The mapping from the columns of a file to ragx's, and ids of any type as text or whole numbers."""

from collections.abc import Mapping

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.source import Source

FIELDS = ("user", "item", "time", "value", "kind")


def as_ids(series: pl.Series, side: str, source: Source) -> pl.Series:
    """Return outside ids as text or whole numbers, empty ones as null.

    Raises:
        ValueError: the column holds something else, such as fractions.
    """
    kind = series.dtype
    if kind.is_integer():
        return series.cast(pl.Int64 if kind not in (pl.UInt64, pl.Int128, pl.UInt128) else pl.String)
    if kind.is_float():  # whole numbers beside empty cells are often stored so
        series = series.fill_nan(None)
        source.refuse(series != series.floor(), series, f"text or whole numbers as ids in column {side}")
        return series.cast(pl.Int64)
    if kind in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    elif kind == pl.Object:
        series = pl.Series(side, [None if value is None else str(value) for value in series], dtype=pl.String)
    check(
        series.dtype in (pl.String, pl.Null),
        f"{source.name}: expected text or whole numbers as ids in column {side}, got {kind}.",
    )
    series = series.cast(pl.String)
    return series.set(series == "", None) if (series == "").any() else series


def check_columns(columns: Mapping[str, str | None]) -> dict[str, str]:
    """Return field → column of a mapping without its empty entries; ``timestamp`` is another word for ``time``.

    Raises:
        ValueError: a field is unknown or stands twice, or user or item is missing.
    """
    chosen: dict[str, str] = {}
    for name, column in columns.items():
        known = "time" if name == "timestamp" else name
        check(
            known in FIELDS,
            f"columns.{name}: unknown field; known are {', '.join(FIELDS)}.{did_you_mean(name, FIELDS)}",
        )
        if column is not None:
            check(known not in chosen, "columns: expected either time or timestamp, got both.")
            chosen[known] = column
    check({"user", "item"} <= set(chosen), f"columns: expected user and item at least, got {sorted(chosen)}.")
    return chosen
