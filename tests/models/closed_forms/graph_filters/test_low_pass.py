"""Singular vectors by iteration against LAPACK's, in a graph that the dense decomposition is kept from."""

import numpy as np
import pytest
import torch
from scipy import sparse

from ragx.models.closed_forms.graph_filters import low_pass as module
from ragx.models.closed_forms.graph_filters.low_pass import low_pass
from ragx.models.progress import progress_shown_by


def matrix_of(users: int, items: int, rank: int) -> sparse.csr_array:
    """Return a matrix with singular values 1, 0.99, 0.98 and so on, whose vectors are drawn."""
    draw = np.random.default_rng(0)
    left, right = (np.linalg.qr(draw.normal(size=(size, rank)))[0] for size in (users, items))
    return sparse.csr_array(left * (1 - 0.01 * np.arange(rank)) @ right.T)


@pytest.mark.parametrize("shape", [(30, 90), (90, 30)])
def test_a_small_matrix_is_decomposed_exactly(shape: tuple[int, int]) -> None:
    matrix = matrix_of(*shape, rank=20)
    vectors = low_pass(matrix, 6).numpy()
    expected = np.linalg.svd(matrix.toarray())[2][:6]
    assert np.abs(np.sum(vectors.T * expected, axis=1)) == pytest.approx(np.ones(6), abs=1e-5)


def test_the_iteration_comes_near_to_the_exact_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest angle between the two spaces stays below half a degree; each round says how far it is."""
    monkeypatch.setattr(module, "DENSE", 0)
    matrix, shares = matrix_of(400, 300, rank=95), list[float]()
    torch.manual_seed(0)
    with progress_shown_by(lambda what, share: shares.append(share)):
        vectors = low_pass(matrix, 20).numpy()
    exact = np.linalg.svd(matrix.toarray())[2][:20].T
    assert vectors.T @ vectors == pytest.approx(np.eye(20), abs=1e-5)
    assert np.linalg.svd(exact.T @ vectors)[1].min() > np.cos(np.radians(0.5))
    assert shares == [1 / 3, 2 / 3]


@pytest.mark.parametrize("dense", [0, 2000])
def test_more_vectors_than_the_rank_are_refused(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE", dense)
    matrix = matrix_of(80, 60, rank=10)
    assert low_pass(matrix, 10).shape == (60, 10)
    with pytest.raises(ValueError, match=r"^vectors: expected at most 10, the rank of the matrix .*, got 11.$"):
        low_pass(matrix, 11)
