"""PyG's data, of every form that holds a bipartite graph."""

import pytest
import torch
from torch_geometric.data import Data, HeteroData

from ragx.graph.from_data import graph_from_data


def data_of(edges: list[list[int]], weight: list[float] | None = None) -> Data:
    data = Data(edge_index=torch.tensor(edges), num_nodes=5)
    data.num_users = 2
    if weight is not None:
        data.edge_weight = torch.tensor(weight)
    return data


def test_edges_may_stand_in_it_once_in_either_direction_or_in_both() -> None:
    expected = [[4, 2, 1, 0], [0, 1, 2, 4]]
    for edges in ([[0, 1], [4, 2]], [[4, 1], [0, 2]], [[0, 1, 4, 2], [4, 2, 0, 1]]):
        assert graph_from_data(data_of(edges)).edge_index.tolist() == expected


def test_weights_follow_their_edges() -> None:
    graph = graph_from_data(data_of([[1, 0, 2, 4], [2, 4, 1, 0]], [0.5, 2.0, 0.5, 2.0]))
    assert graph.edge_weight.tolist() == [2.0, 0.5, 0.5, 2.0]
    assert graph_from_data(data_of([[0], [4]])).edge_weight.tolist() == [1.0, 1.0]


def test_hetero_data_without_reverse_edges_or_weights() -> None:
    data = HeteroData()
    data["user"].num_nodes, data["item"].num_nodes = 2, 3
    data["user", "buys", "item"].edge_index = torch.tensor([[0, 1], [2, 0]])
    graph = graph_from_data(data)
    assert graph.edge_index.tolist() == [[4, 2, 1, 0], [0, 1, 2, 4]]
    assert graph.edge_weight.tolist() == [1.0] * 4


def test_what_is_not_bipartite_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected edges between a user \(node below 2\) and an item only"):
        graph_from_data(data_of([[0], [1]]))
    with pytest.raises(ValueError, match=r"expected edges between a user \(node below 2\) and an item only"):
        graph_from_data(data_of([[3], [4]]))


def test_two_directions_of_two_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="two directions of an edge carry different weights"):
        graph_from_data(data_of([[1, 2], [2, 1]], [0.5, 0.6]))


def test_what_parts_users_from_items_is_asked_for() -> None:
    with pytest.raises(ValueError, match="Data: expected an attribute num_users"):
        graph_from_data(Data(edge_index=torch.tensor([[0], [1]]), num_nodes=2))
    data = HeteroData()
    data["user"].num_nodes = data["shop"].num_nodes = 1
    data["user", "visits", "shop"].edge_index = torch.tensor([[0], [0]])
    with pytest.raises(ValueError, match=r"expected an edge type from 'user' to 'item', got .*visits"):
        graph_from_data(data)
