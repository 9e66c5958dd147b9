"""PyG's data, of every form that holds a bipartite graph."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Data, HeteroData
from torch_geometric.transforms import ToUndirected

from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions
from ragx.graph.build import build_graph
from ragx.graph.from_data import graph_from_data
from ragx.graph.graph import Graph
from ragx.graph.weights import EdgeWeight, LogCount, Recency, Uniform, Value


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"edge_index": torch.tensor([[0, 1], [5, 2]])},
            "edge_index: expected targets from 0 to 4, .* got 2 to 5",
        ),
        (
            {"edge_index": torch.tensor([[-1, 1], [4, 2]])},
            "edge_index: expected sources from 0 to 4, .* got -1 to 1",
        ),
        (
            {"edge_index": torch.tensor([[0.0, 1.0], [4.0, 2.0]])},
            "edge_index: expected integers, got torch.float32",
        ),
        ({"edge_index": torch.tensor([0, 4])}, r"Data: edge_index: expected a tensor of shape \[2, E\], got \[2\]"),
        ({"edge_weight": torch.ones(3)}, r"Data: edge_weight: expected a tensor of 2 rows, one an edge, got \[3\]"),
        ({"edge_weight": torch.ones(2, 1)}, r"Data: edge_weight: expected one number an edge, got shape \[2, 1\]"),
        ({"edge_weight": torch.ones(2, dtype=torch.int64)}, "Data: edge_weight: expected floating-point numbers"),
        ({"edge_weight": torch.tensor([1.0, torch.nan])}, "Data: edge_weight: expected finite numbers"),
        ({"edge_weight": [1.0, 2.0]}, "Data: edge_weight: expected a tensor of 2 rows, one an edge, got list"),
        ({"edge_time": torch.ones(1)}, r"Data: edge_time: expected a tensor of 2 rows, one an edge, got \[1\]"),
        ({"edge_attr": torch.full((2, 2), torch.inf)}, "Data: edge_attr: expected finite numbers"),
        ({"num_users": 6}, "Data: num_users: expected at most 5, the number of nodes, got 6"),
        ({"num_users": 2.5}, r"Data: num_users: expected a whole number of at least 0, got 2\.5"),
        ({"num_users": -1}, "Data: num_users: expected a whole number of at least 0, got -1"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(change: dict[str, Any], message: str) -> None:
    data = data_of([[0, 1], [4, 2]])
    for name, value in change.items():
        setattr(data, name, value)
    with pytest.raises(ValueError, match=message):
        graph_from_data(data)


def test_an_edge_type_that_does_not_fit_is_refused_by_its_field() -> None:
    data = hetero([0.5, 2.0, 1.0])
    with pytest.raises(ValueError, match=r"\('user', 'buys', 'item'\): edge_weight: expected a tensor of 2 rows"):
        graph_from_data(data)
    data = hetero()
    data["item"].num_nodes = 2
    with pytest.raises(
        ValueError, match=r"\('user', 'buys', 'item'\): edge_index: expected targets from 0 to 1, .* got 0 to 2"
    ):
        graph_from_data(data)
    data = hetero(None, [[0, 3], [1, 0]])
    with pytest.raises(ValueError, match=r"\('item', 'rev_buys', 'user'\): edge_index: expected sources from 0 to 2"):
        graph_from_data(data)


KINDS = st.sampled_from(["view", "buy", "add to cart", "x_index", "edge_label", "Ж=1"])
EVENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 9), KINDS), min_size=1, max_size=12)
WEIGHTS: list[EdgeWeight | None] = [None, Uniform(), LogCount(), Value(), Recency(half_life=0.001)]


@settings(max_examples=60, deadline=None)
@given(
    events=EVENTS, weight=st.sampled_from(WEIGHTS), data_of_graph=st.sampled_from([Graph.to_data, Graph.to_hetero_data])
)
def test_to_pyg_and_back_is_the_identity(
    events: list[tuple[int, int, int, str]],
    weight: EdgeWeight | None,
    data_of_graph: Callable[[Graph], Data | HeteroData],
) -> None:
    users, items, times, kinds = zip(*events, strict=True)
    ids = {side: IdMap(side, pl.Series(range(size))) for side, size in (("user", 4), ("item", 5))}
    columns = {
        "user": users,
        "item": items,
        "value": [float(time + 1) for time in times],
        "timestamp": times,
        "kind": kinds,
    }
    graph = build_graph(Interactions.from_events(pl.DataFrame(columns), ids["user"], ids["item"]), weight=weight)
    returned = graph_from_data(data_of_graph(graph))
    assert (returned.num_users, returned.num_items) == (graph.num_users, graph.num_items)
    assert torch.equal(returned.edge_index, graph.edge_index)
    assert torch.equal(returned.edge_weight, graph.edge_weight)
    assert returned.edge_attributes.keys() == graph.edge_attributes.keys()
    for name, value in graph.edge_attributes.items():
        assert returned.edge_attributes[name].dtype == value.dtype
        assert torch.equal(returned.edge_attributes[name], value)


def test_unsigned_numbers_are_widened() -> None:
    data = data_of([[0, 1], [4, 2]])
    data.edge_count = torch.tensor([3, 4], dtype=torch.uint32)
    assert graph_from_data(data).edge_attributes["count"].tolist() == [3, 4, 4, 3]
