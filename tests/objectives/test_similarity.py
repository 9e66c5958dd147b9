"""Vectors whose inner products are the similarity."""

import torch

from ragx.objectives.similarity import comparable


def test_cosine_gives_unit_vectors_and_keeps_zero() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0], [1e-9, 0.0]])
    torch.testing.assert_close(comparable("cosine", vectors), torch.tensor([[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]]))


def test_inner_product_leaves_vectors_as_they_are() -> None:
    vectors = torch.tensor([[3.0, 4.0]])
    assert comparable("inner_product", vectors) is vectors
