"""Cells of any type as numbers or text; types that are neither are refused before a row is read."""

import polars as pl

from ragx.checks import check, did_you_mean
from ragx.data.ids.near_ids import folded
from ragx.data.interactions import PARTS
from ragx.data.source import Source

UNREADABLE = (pl.Binary, pl.Object, pl.Duration, pl.Time)
ALIASES = {"valid": "validation", "val": "validation", "dev": "validation"}


def as_cells(series: pl.Series, expected: str, source: Source) -> pl.Series:
    """Return a column of plain cells; categories, and a column without a single cell, as text.

    Args:
        series: the column.
        expected: what is to be there, for the message.
        source: where it came from.

    Raises:
        ValueError: its type is a list, a structure, bytes, a duration or the like.
    """
    kind = series.dtype
    _check_type(not kind.is_nested() and kind not in UNREADABLE, kind, expected, source)
    return series.cast(pl.String) if kind in (pl.Categorical, pl.Enum, pl.Null) else series


def as_numbers(series: pl.Series, expected: str, source: Source) -> pl.Series:
    """Return a column as Float64, null where a cell is empty or no number; arguments and errors as :func:`as_cells`.

    Dates are refused too: the number that stands for one depends on how it was stored.
    """
    cells = as_cells(series, expected, source)
    _check_type(not cells.dtype.is_temporal(), cells.dtype, expected, source)
    numbers = cells.cast(pl.Float64, strict=False)
    if cells.dtype == pl.String and numbers.null_count() > cells.null_count():
        numbers = cells.str.strip_chars().cast(pl.Float64, strict=False)
    return numbers


def number_advice(refused: pl.Series) -> str:
    """Return how numbers are to be written, where cells that are none hold commas."""
    has_commas = refused.dtype == pl.String and refused.str.contains(",", literal=True).any()
    return "Numbers are read with a decimal point and no mark between thousands: write 1234.5." if has_commas else ""


def as_text(series: pl.Series, expected: str, source: Source) -> pl.Series:
    """Return a column as text, null where it is empty or blank; arguments and errors as :func:`as_cells`."""
    text = as_cells(series, expected, source).cast(pl.String)
    blank = text.str.strip_chars() == ""
    return text.set(blank, None) if blank.any() else text


def as_parts(series: pl.Series, source: Source) -> pl.Series:
    """Return the part of every event, as published: train, validation (or valid, val, dev) or test.

    Raises:
        ValueError: a cell is none of these.
    """
    expected = f"{', '.join(PARTS)} in {source.column('part')}"
    text = folded(as_text(series, expected, source))
    text = text.replace(ALIASES)
    strange = ~text.is_in(PARTS).fill_null(False)
    if strange.any():
        near = did_you_mean(text.filter(strange)[0] or "", (*PARTS, *ALIASES)).strip()
        source.refuse(strange, series, f"{expected} ({', '.join(ALIASES)} mean validation)", near)
    return text.cast(pl.Enum(PARTS))


def _check_type(fits: bool, kind: pl.DataType, expected: str, source: Source) -> None:
    check(
        fits,
        f"{source.name}: expected {expected}, got values of type {kind}: convert the column, or name another.",
    )
