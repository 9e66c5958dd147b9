"""A graph's pattern with one value an edge, as torch's sparse compressed-row matrix."""

import warnings

import torch

from ragx.graph.adjacency import Adjacency
from ragx.typing import Float, Tensor


def compressed_rows(adjacency: Adjacency, value: Float[Tensor, " E"]) -> Tensor:
    """Return the sparse matrix [T, S] with entry ``value[e]`` at row target(e), column source(e)."""
    return _matrix(adjacency.row_pointer, adjacency.source, value, adjacency.num_targets, adjacency.num_sources)


def compressed_heads(adjacency: Adjacency, value: Float[Tensor, " HE"], heads: int) -> Tensor:
    """Return the sparse matrix [H T, S H] with entry ``value[h E + e]`` at row h T + target(e), column source(e) H + h.

    Its product with vectors flattened from [S, H, D] is every head's own product.
    """
    index, pointer = adjacency.head_major(heads)
    return _matrix(pointer, index, value, heads * adjacency.num_targets, heads * adjacency.num_sources)


def _matrix(pointer: Tensor, index: Tensor, value: Tensor, rows: int, columns: int) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(pointer, index, value, (rows, columns), check_invariants=False)
