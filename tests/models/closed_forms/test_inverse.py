"""The inverse in place: against numpy's, in blocks, in the same memory."""

import numpy as np
import pytest
from scipy import sparse

from ragx.models.closed_forms import inverse
from ragx.models.closed_forms.inverse import gram_matrix, inverted_in_place


@pytest.mark.parametrize("rows", [1, 7, 512])
def test_it_is_numpys(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverse, "ROWS", rows)
    x = (np.random.default_rng(0).random((80, 30)) < 0.3).astype(np.float32)
    gram = gram_matrix(sparse.csr_array(x))
    assert np.array_equal(gram, x.T @ x)
    expected = np.linalg.inv(gram.astype(np.float64) + np.eye(30))
    gram += np.eye(30, dtype=np.float32)
    inverted_in_place(gram)
    assert gram == pytest.approx(expected, abs=1e-6)
    assert np.array_equal(gram, gram.T)


def test_what_is_not_positive_definite_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a positive definite one"):
        inverted_in_place(np.array([[1.0, 2.0], [2.0, 1.0]], dtype=np.float32))
