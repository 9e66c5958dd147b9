"""PyG's data, of every form that holds a bipartite graph."""

from typing import Any

import pytest
import torch
from torch_geometric.data import Data, HeteroData
from torch_geometric.transforms import ToUndirected

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


def hetero(weight: list[float] | None = None, back: list[list[int]] | None = None, **back_values: Any) -> HeteroData:
    """Return users 0 and 1 who bought items 2 and 0, and edges back where they are given."""
    data = HeteroData()
    data["user"].num_nodes, data["item"].num_nodes = 2, 3
    data["user", "buys", "item"].edge_index = torch.tensor([[0, 1], [2, 0]])
    data["user", "buys", "item"].price = torch.tensor([[7.0, 1.0], [9.0, 2.0]])
    if weight is not None:
        data["user", "buys", "item"].edge_weight = torch.tensor(weight)
    if back is not None:
        data["item", "rev_buys", "user"].edge_index = torch.tensor(back)
        for name, value in back_values.items():
            data["item", "rev_buys", "user"][name] = torch.tensor(value)
    return data


def test_reverse_edges_in_any_order_that_say_the_same_are_accepted() -> None:
    data = hetero([0.5, 2.0], [[0, 2], [1, 0]], edge_weight=[2.0, 0.5], price=[[9.0, 2.0], [7.0, 1.0]])
    graph = graph_from_data(data)
    assert graph.edge_weight.tolist() == [0.5, 2.0, 2.0, 0.5]
    assert graph.edge_attributes["price"].tolist() == [[7, 1], [9, 2], [9, 2], [7, 1]]
    assert torch.equal(graph_from_data(ToUndirected()(hetero([0.5, 2.0]))).edge_weight, graph.edge_weight)
    assert torch.equal(graph_from_data(hetero([0.5, 2.0], [[0, 2], [1, 0]])).edge_weight, graph.edge_weight)


NAMES = r"HeteroData: \('user', 'buys', 'item'\) and its reverse \('item', 'rev_buys', 'user'\): "


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (hetero([0.5, 2.0], [[0, 2], [1, 0]], edge_weight=[2.0, 0.6]), "the two directions .* different weights"),
        (hetero(None, [[0, 2], [1, 0]], price=[[9.0, 2.0], [7.0, 8.0]]), "the two .* different values of price"),
        (hetero(None, [[0], [1]]), "expected the same pairs in both, got 2 and 1, 2 in all; .*ToUndirected"),
        (hetero(None, [[0, 1], [1, 1]]), "expected the same pairs in both, got 2 and 2, 3 in all"),
        (hetero(None, [[0, 2], [1, 0]], edge_weight=[2.0, 0.5]), "only the reverse has edge_weight; put it on both"),
        (hetero(None, [[0, 2, 2], [1, 0, 0]]), "1 edges repeat; torch_geometric.utils.coalesce"),
    ],
)
def test_reverse_edges_that_say_something_else_are_refused(data: HeteroData, message: str) -> None:
    with pytest.raises(ValueError, match=NAMES + message):
        graph_from_data(data)


def test_of_several_relations_each_is_held_against_its_own_reverse() -> None:
    data = hetero([0.5, 2.0], [[0, 2], [1, 0]])
    data["item", "shown_to", "user"].edge_index = torch.tensor([[1], [1]])
    assert graph_from_data(data).num_edges == 4
    data["item", "rev_buys", "user"].edge_index = torch.tensor([[0], [1]])
    with pytest.raises(ValueError, match=NAMES + "expected the same pairs"):
        graph_from_data(data)


def test_attributes_of_data_follow_their_edges() -> None:
    data = data_of([[1, 0, 2, 4], [2, 4, 1, 0]])
    data.edge_time, data.edge_attr = torch.tensor([5, 6, 5, 6]), torch.tensor([[1.0], [2.0], [1.0], [2.0]])
    data.x = torch.ones(4, 3)
    graph = graph_from_data(data)
    assert graph.edge_attributes["time"].tolist() == [6, 5, 5, 6]
    assert graph.edge_attributes["attr"].tolist() == [[2], [1], [1], [2]]
    assert set(graph.edge_attributes) == {"time", "attr"}
    data.edge_time[0] = 7
    with pytest.raises(ValueError, match="Data: the two directions of an edge carry different values of time"):
        graph_from_data(data)


def test_edges_that_repeat_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Data: 1 edges repeat; torch_geometric.utils.coalesce merges them"):
        graph_from_data(data_of([[0, 0, 1], [4, 4, 2]]))


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
