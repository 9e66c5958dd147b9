"""The one door for ids of users and items: what may be an id, and when two ids are the same."""

import datetime
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.source import Source

Identifier = int | str
EXPECTED = "text or whole numbers as ids"
LARGEST_WHOLE = 2**63 - 1
EXACT_BITS = {"Float16": 11, "Float32": 24, "Float64": 53}
TOO_LARGE = "So large a number is not exact: store text."
NO_ID = object()
NO_IDS = (bytes, bytearray, memoryview, bool, np.bool_, Iterable, datetime.date, datetime.time, datetime.timedelta)


def as_ids(series: pl.Series, side: str, source: Source) -> pl.Series:
    """Return ids as text or Int64, empty ones as null; every id comes in by this function.

    An id is text or a whole number, and two ids are the same where they are written the same:

    - Text stands as it is. Blanks around it, case, zeros in front and a trailing ``.0`` tell ids apart: ``"7"``,
      ``"007"``, ``"7.0"`` and ``" 7"`` are four ids. Text of white space alone is an empty id, and so are None and NaN.
    - Whole numbers of any type are the same as the text of their digits: 7, ``np.int64(7)``, 7.0 and ``"7"`` are one
      id, ``"007"`` and ``"7.0"`` are others.
    - Fractions, truth values, bytes, dates and lists are no ids, nor are floating-point numbers that may stand for
      several whole ones: from 2^53 in double precision, from 2^24 in single precision.

    Args:
        series: a column, of any type.
        side: ragx's name of the column, ``"user"`` or ``"item"``.
        source: where it came from, for messages.

    Raises:
        ValueError: the column holds something else.
    """
    return _ids(series, f"{EXPECTED} in {source.column(side)}", source)


def listed_ids(name: str, given: object) -> pl.Series:
    """Return the ids that somebody lists, or one alone, by the rules of :func:`as_ids`.

    One text is one id, whatever its letters. None of the ids may be empty.

    Args:
        name: what is listed, for messages, such as ``"users"``.
        given: ids in anything that can be iterated, or one id.

    Raises:
        ValueError: there is something that is no id.
    """
    source = Source(name)
    ids = _ids(_as_series(name, given), EXPECTED, source)
    source.refuse(ids.is_null(), ids, "an id")
    return ids


def written_as(ids: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return ids, which are text or whole numbers, in the type of other ids, null where no such id can be the same.

    Text is a whole number only where the number is written so: ``"12"`` is 12, ``"012"``, ``"12.0"`` and ``" 12"`` are
    none.
    """
    if ids.dtype == kind:
        return ids
    if kind == pl.String:
        return ids.cast(pl.String)
    if ids.dtype != pl.String:
        return ids.cast(kind, strict=False)
    whole = ids.cast(kind, strict=False)
    return whole.set((whole.cast(pl.String) != ids).fill_null(False), None)


def _ids(series: pl.Series, expected: str, source: Source) -> pl.Series:
    kind = series.dtype
    if kind.is_integer():
        return _whole(series)
    if kind.is_float():  # whole numbers beside empty cells are often stored so
        series = series.fill_nan(None)
        source.refuse(~series.is_finite() | (series != series.floor()), series, expected)
        source.refuse(series.abs() >= 2.0 ** EXACT_BITS[str(kind)], series, expected, TOO_LARGE)
        return series.cast(pl.Int64)
    if kind.is_decimal():
        source.refuse(series != series.floor(), series, expected)
        return _whole(series.cast(pl.Decimal(38, 0)))
    if kind == pl.Object:
        return _of_objects(series, expected, source)
    check(
        kind in (pl.String, pl.Null, pl.Categorical, pl.Enum),
        f"{source.name}: expected {expected}, got values of type {kind}: convert the column, or name another.",
    )
    series = series.cast(pl.String)
    blank = series.str.strip_chars() == ""
    return series.set(blank, None) if blank.any() else series


def _whole(series: pl.Series) -> pl.Series:
    """Return whole numbers as Int64, or as text where they do not all fit."""
    small = series.cast(pl.Int64, strict=False)
    return small if small.null_count() == series.null_count() else series.cast(pl.String)


def _as_series(name: str, given: object) -> pl.Series:
    if isinstance(given, pl.Series):
        return given
    check(
        not isinstance(given, Mapping | pl.DataFrame),
        f"{name}: expected ids in a list, got {type(given).__name__}: name one column of it.",
    )
    if isinstance(given, str | bytes) or not (isinstance(given, Iterable) or hasattr(given, "__array__")):
        given = [given]
    if hasattr(given, "__array__"):
        array = np.asarray(given)
        check(array.ndim <= 1, f"{name}: expected ids in one dimension, got shape {list(array.shape)}.")
        given = array.reshape(-1)
        if array.dtype.kind in "iu":
            return pl.Series(name, given)
    assert isinstance(given, Iterable)
    return pl.Series(name, list(given), dtype=pl.Object)


def _of_objects(series: pl.Series, expected: str, source: Source) -> pl.Series:
    """Return objects of Python, such as UUIDs from a database or a list of numbers and text, as ids."""
    made = [_id_of(value) for value in series]
    strange = pl.Series([one is NO_ID for one in made], dtype=pl.Boolean)
    source.refuse(strange, series, expected, "Fractions, truth values and inexact floats are none.")
    if all(one is None or (isinstance(one, int) and abs(one) <= LARGEST_WHOLE) for one in made):
        return pl.Series(series.name, made, dtype=pl.Int64)
    texts = [None if one is None else str(one) for one in made]
    return _ids(pl.Series(series.name, texts, dtype=pl.String), expected, source)


def _id_of(value: object) -> object:
    """Return one id, None for an empty one, or ``NO_ID`` for what is none."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, NO_IDS):
        return NO_ID
    if isinstance(value, float | np.floating | Decimal):
        if math.isnan(value):
            return None
        bits = np.finfo(type(value)).nmant + 1 if isinstance(value, np.floating) else 53
        exact = isinstance(value, Decimal) or abs(float(value)) < 2.0**bits
        return int(value) if math.isfinite(value) and exact and value == int(value) else NO_ID
    return int(value) if isinstance(value, int | np.integer) else str(value)
