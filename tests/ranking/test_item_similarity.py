from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from ragx.ranking.item_lists import ItemLists
from ragx.ranking.item_similarity import ItemSimilarity
from ragx.ranking.ranking import rank

HISTORY = ItemLists.from_pairs(torch.tensor([0, 0, 2]), torch.tensor([0, 2, 1]), 3)
MATRIX = np.array([[0.0, 1.0, 2.0, 3.0], [4.0, 0.0, 5.0, 6.0], [0.5, 0.25, 0.0, 1.0], [0.0, 0.0, 0.0, 9.0]])
EXPECTED = [[0.5, 1.25, 2.0, 4.0], [0.0, 0.0, 0.0, 0.0], [4.0, 0.0, 5.0, 6.0]]
USERS = torch.arange(3)


@pytest.mark.parametrize("form", [np.asarray, torch.tensor, sp.csr_array, sp.csc_matrix])
def test_every_form_of_the_matrix_gives_the_worked_scores(form: type) -> None:
    scorer = ItemSimilarity(HISTORY, form(MATRIX))
    assert (scorer.num_users, scorer.num_items) == (3, 4)
    assert scorer.scores(USERS, slice(0, 4)).tolist() == EXPECTED
    for _ in range(2):
        assert scorer.scores(torch.tensor([2, 0]), slice(1, 3)).tolist() == [[0.0, 5.0], [1.25, 2.0]]


def test_weighted_history() -> None:
    history = sp.csr_array(np.array([[2.0, 0.0, 0.0, 0.5]]))
    assert ItemSimilarity(history, MATRIX).scores(torch.tensor([0]), slice(0, 4)).tolist() == [[0.0, 2.0, 4.0, 10.5]]


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_a_bias_is_added_to_every_user(form: type) -> None:
    bias = np.array([0.0, 1.0, 2.0, 3.0])
    scorer = ItemSimilarity(HISTORY, form(MATRIX), bias)
    assert scorer.scores(USERS, slice(0, 4)).tolist() == (np.array(EXPECTED) + bias).tolist()
    assert scorer.scores(USERS[2:], slice(1, 3)).tolist() == [[1.0, 7.0]]
    with pytest.raises(ValueError, match="bias: expected one number for each of 4 items, got shape"):
        ItemSimilarity(HISTORY, form(MATRIX), bias[:3])


def test_ranking_is_that_of_the_dense_scores() -> None:
    rng = np.random.default_rng(0)
    matrix = sp.csr_array(np.where(rng.random((300, 300)) < 0.05, rng.random((300, 300)), 0.0))
    history = ItemLists.from_pairs(rng.integers(0, 40, 400), rng.integers(0, 300, 400), 40)
    sparse, dense = ItemSimilarity(history, matrix), ItemSimilarity(history, matrix.toarray())
    first, second = (rank(scorer, k=10, seen=history) for scorer in (sparse, dense))
    assert torch.equal(first.items, second.items)
    scores = dense.scores(torch.arange(40), slice(0, 300))
    scores[history.users, history.items] = -torch.inf
    assert torch.equal(first.scores, scores.topk(10).values)


@pytest.mark.parametrize("form", [sp.csr_array, lambda matrix: matrix.toarray(), lambda matrix: matrix.toarray() * 1e3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lists_are_the_same_for_all_blocks(form: Callable[[sp.csr_array], Any], dtype: type) -> None:
    rng = np.random.default_rng(1)
    matrix = sp.random_array((5000, 5000), density=0.01, rng=rng, dtype=np.float64).tocsr().astype(dtype)
    history = ItemLists.from_pairs(rng.integers(0, 90, 3000), rng.integers(0, 5000, 3000), 90)
    scorer = ItemSimilarity(history, form(matrix))
    expected = rank(scorer, k=20, seen=history)
    for block, memory in ((1, None), (64, None), (90, 10**6), (33, 10**6)):
        lists = rank(scorer, k=20, seen=history, block_users=block, memory=memory)
        assert torch.equal(lists.items, expected.items)
        assert torch.equal(lists.scores, expected.scores)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_a_sparse_tensor_is_taken() -> None:
    for tensor in (torch.tensor(MATRIX).to_sparse(), torch.tensor(MATRIX).to_sparse_csr()):
        assert ItemSimilarity(HISTORY, tensor).scores(USERS, slice(0, 4)).tolist() == EXPECTED


def test_blocks_of_columns_are_kept_for_one_plan_alone() -> None:
    scorer = ItemSimilarity(HISTORY, sp.csr_array(MATRIX))
    for cut in ((0, 2), (2, 4), (0, 3), (3, 4)):
        assert scorer.scores(USERS, slice(*cut)).tolist() == [row[slice(*cut)] for row in EXPECTED]
    assert sum(stop - start for start, stop in scorer._blocks) <= 4


def test_misfits_are_refused() -> None:
    with pytest.raises(ValueError, match=r"matrix: expected items by items, got shape \(3, 4\)"):
        ItemSimilarity(HISTORY, MATRIX[:3])
    with pytest.raises(ValueError, match="history: expected items below 2, as the matrix has, got 2"):
        ItemSimilarity(HISTORY, MATRIX[:2, :2])
    with pytest.raises(ValueError, match="history: expected 4 columns, as the matrix has, got 3"):
        ItemSimilarity(sp.csr_array(np.ones((2, 3))), MATRIX)
