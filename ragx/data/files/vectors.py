"""Vectors of users and items: a matrix in a file, or numbers in a cell of text."""

from pathlib import Path

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.source import Source, first_line

LARGEST = float(np.finfo(np.float32).max)


def read_vectors(path: Path, rows: int) -> np.ndarray:
    """Return the float32 matrix [rows, D] in a ``.npy`` file.

    Raises:
        ValueError: it is no such file, has another shape, or a number is not finite in float32.
    """
    try:
        matrix = np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged header is read as Python, and raises whatever Python does
        raise ValueError(f"{path}: expected a matrix in a .npy file; {first_line(error)}.") from None
    if not isinstance(matrix, np.ndarray):
        matrix.close()
        raise ValueError(f"{path}: expected one matrix in a .npy file, got an archive: save it with numpy.save.")
    check(
        matrix.ndim == 2 and len(matrix) == rows and matrix.shape[1] > 0 and matrix.dtype.kind in "fiu",
        f"{path}: expected numbers of shape [{rows}, D], a row an id, got {matrix.dtype} of {list(matrix.shape)}.",
    )
    fits = np.isfinite(matrix) if matrix.dtype.itemsize <= 4 else np.abs(matrix) <= LARGEST
    bad = np.flatnonzero(~fits.all(axis=1))
    check(
        bad.size == 0,
        f"{path}, row {bad[0] + 1 if bad.size else 0}: expected finite numbers of at most {LARGEST:.1e}, as float32 "
        "holds them.",
    )
    return np.ascontiguousarray(matrix, dtype=np.float32)


def parse_vectors(text: pl.Series, source: Source) -> pl.Series:
    """Return cells of numbers parted by a space as vectors of float32, empty cells as null.

    Raises:
        ValueError: a cell has another count of numbers than the longest, or a number is not finite in float32.
    """
    parts = text.str.strip_chars().str.split(" ")
    numbers = parts.cast(pl.List(pl.Float32), strict=False)
    width = int(numbers.list.len().max() or 0)  # type: ignore[arg-type]
    strange = numbers.list.eval(~pl.element().is_finite().fill_null(False)).list.any()
    bad = text.is_not_null() & ((numbers.list.len() != width) | strange)
    source.refuse(bad, text, f"{width} finite numbers parted by a space in column {text.name!r}")
    return numbers.list.to_array(width)
