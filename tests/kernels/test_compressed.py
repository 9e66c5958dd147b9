import torch

from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows


def test_matrix_has_targets_as_rows_and_sources_as_columns() -> None:
    adjacency, order = Adjacency.from_edges(torch.tensor([0, 2, 1]), torch.tensor([1, 0, 1]), 3, 2)
    value = torch.tensor([5.0, 7.0, 9.0])[order]

    matrix = compressed_rows(adjacency, value).to_dense()

    assert matrix.tolist() == [[0.0, 0.0, 7.0], [5.0, 9.0, 0.0]]


def test_transposed_adjacency_is_the_transposed_matrix_and_back_again() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 2, 1, 0]), torch.tensor([1, 0, 1, 0]), 3, 2)
    value = torch.tensor([1.0, 2.0, 3.0, 4.0])

    transposed = compressed_rows(adjacency.transposed, value[adjacency.permutation]).to_dense()

    assert torch.equal(transposed, compressed_rows(adjacency, value).to_dense().T)
    assert torch.equal(value[adjacency.permutation][adjacency.transposed.permutation], value)
    assert adjacency.transposed.transposed is adjacency
