"""LightGCN written by hand on the fastest products that PyG and torch offer: what a careful user would take."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric import EdgeIndex
from torch_geometric.nn.models import LightGCN

from ragx.graph.adjacency import Adjacency
from ragx.graph.graph import Graph
from ragx.kernels.compressed import compressed_rows

Product = Callable[[Tensor], Tensor]


class SymmetricProduct(torch.autograd.Function):
    """A x, whose gradient is A g again because A is symmetric."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, x: Tensor) -> Tensor:
        """Return the product."""
        ctx.matrix = matrix
        return matrix @ x

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[None, Tensor]:
        """Return the same product of the gradient."""
        return None, ctx.matrix @ gradients[0]


class HandWritten(nn.Module):
    """LightGCN over a product, called as PyG's class is.

    Args:
        num_nodes: number of nodes.
        width: size of their vectors.
        depth: number of layers.
        product: weighted sum over neighbours.
    """

    def __init__(self, num_nodes: int, width: int, depth: int, product: Product) -> None:
        super().__init__()
        self.embedding, self.depth, self.product = nn.Embedding(num_nodes, width), depth, product

    def forward(self, edges: None, labels: Tensor) -> Tensor:
        """Return the inner product of every pair of nodes."""
        x = total = self.embedding.weight
        for _ in range(self.depth):
            x = self.product(x)
            total = total + x
        mean = total / (self.depth + 1)
        return (mean[labels[0]] * mean[labels[1]]).sum(-1)

    recommendation_loss = LightGCN.recommendation_loss


def products(graph: Graph) -> dict[str, Product]:
    """Return the products that a hand-written LightGCN may take, by name."""
    matrix = compressed_rows(graph.adjacency, graph.edge_weight)
    return {
        "PyG EdgeIndex, matmul": edge_index_product(graph.adjacency, graph.edge_weight),
        "torch CSR, symmetric autograd": lambda x: SymmetricProduct.apply(matrix, x),  # type: ignore[no-untyped-call]
    }


def edge_index_product(adjacency: Adjacency, weight: Tensor) -> Product:
    """Return the product by PyG's ``EdgeIndex``, told all that it can make use of, its caches filled."""
    size = (adjacency.num_sources, adjacency.num_targets)
    edges = EdgeIndex(adjacency.edge_index, sparse_size=size, sort_order="col", is_undirected=True).fill_cache_()

    def product(x: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse (CS. tensor support is in beta|invariant checks)")
            summed = edges.matmul(x, input_value=weight, transpose=True)
        assert isinstance(summed, Tensor)
        return summed

    return product
