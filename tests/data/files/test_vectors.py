"""Vectors in files and cells."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ragx.data.files.vectors import parse_vectors, read_vectors
from ragx.data.source import Source

HERE = Source("shop.item", lambda row: row + 2)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int64, np.uint8])
def test_any_kind_of_number_becomes_float32(kind: type, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.arange(6).reshape(3, 2).astype(kind))
    read = read_vectors(tmp_path / "v.npy", 3)
    assert read.dtype == np.float32
    assert read.tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.full((2, 1), 1e300), r"row 1: expected finite numbers of at most 3\.4e\+38, as float32 holds them"),
        (np.array([[1.0], [-1e39]]), "row 2: expected finite numbers"),
        (np.array([[1.0], [np.inf]], dtype=np.float32), "row 2: expected finite numbers"),
        (np.ones((2, 0)), r"expected numbers of shape \[2, D\], a row an id, got float64 of \[2, 0\]"),
        (np.array([["a"], ["b"]]), r"expected numbers of shape \[2, D\]"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(matrix: np.ndarray, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", matrix)
    with pytest.raises(ValueError, match=rf"v\.npy.*{message}"):
        read_vectors(tmp_path / "v.npy", 2)


def test_an_archive_of_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", some=np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"v\.npz: expected one matrix in a \.npy file, got an archive: save it with"):
        read_vectors(tmp_path / "v.npz", 2)


def test_cells_of_numbers() -> None:
    assert parse_vectors(pl.Series("v", ["1 2", None, " 3 4.5 "]), HERE).to_list() == [[1, 2], None, [3, 4.5]]


@pytest.mark.parametrize("bad", ["nan 1", "inf 1", "1e300 1", "1", "1 x", "1 2 3"])
def test_cells_that_are_no_vectors_are_refused(bad: str) -> None:
    cells = pl.Series("v", ["1 2", bad, "3 4"])
    with pytest.raises(
        ValueError, match=r"shop\.item, line [23]: expected [23] finite numbers parted by a space in column 'v'"
    ):
        parse_vectors(cells, HERE)
