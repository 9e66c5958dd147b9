"""The inner product along every edge: attention scores, and the gradient of edge weights."""

from ragx.checks import check
from ragx.graph.adjacency import Adjacency
from ragx.kernels.adjoint import product_along_edges
from ragx.kernels.raw.edge_product import edge_product_reference
from ragx.typing import Float, Tensor

__all__ = ["edge_product", "edge_product_reference"]


def edge_product(
    query: Float[Tensor, "T ..."], key: Float[Tensor, "S ..."], adjacency: Adjacency
) -> Float[Tensor, "E ..."]:
    """Multiply the two ends of every edge: ``s_e = ⟨query_target(e), key_source(e)⟩``.

    Nothing of size E × D is made, forward or backward, and any order of derivative is right.

    Args:
        query: values of the targets, [T, D] or [T, H, D].
        key: values of the sources, [S, D] or [S, H, D].
        adjacency: the edges.

    Returns:
        One product an edge in row order, [E], or [E, H] for one a head.

    Raises:
        ValueError: shapes or dtypes do not fit.
    """
    expected = [adjacency.num_targets, *key.shape[1:]]
    check(
        key.dim() in (2, 3) and key.shape[0] == adjacency.num_sources,
        f"key: expected shape [{adjacency.num_sources}, D] or [{adjacency.num_sources}, H, D], got {list(key.shape)}.",
    )
    check(list(query.shape) == expected, f"query: expected shape {expected} to fit key, got {list(query.shape)}.")
    check(query.dtype == key.dtype, f"query and key: expected one dtype, got {query.dtype} and {key.dtype}.")
    return product_along_edges(query, key, adjacency)
