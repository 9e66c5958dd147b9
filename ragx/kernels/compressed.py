"""A graph's pattern with one value an edge, as torch's sparse compressed-row matrix."""

import warnings

import torch

from ragx.graph.adjacency import Adjacency
from ragx.typing import Float, Tensor


def compressed_rows(adjacency: Adjacency, value: Float[Tensor, " E"]) -> Tensor:
    """Return the sparse matrix [T, S] with entry ``value[e]`` at row target(e), column source(e)."""
    size = (adjacency.num_targets, adjacency.num_sources)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(adjacency.row_pointer, adjacency.source, value, size, check_invariants=False)
