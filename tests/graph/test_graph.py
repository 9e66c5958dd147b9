"""The bipartite graph: both directions, checked once, and out to PyG and back."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.utils import coalesce, is_undirected

from ragx.graph.from_data import graph_from_data
from ragx.graph.graph import Graph

USERS, ITEMS = torch.tensor([1, 0, 1]), torch.tensor([0, 2, 1])
WEIGHT = torch.tensor([0.5, 2.0, 3.0])


def shop() -> Graph:
    """Return users 0, 1 and items 2, 3, 4 with edges 1–2 (0.5), 0–4 (2) and 1–3 (3)."""
    return Graph.from_pairs(USERS, ITEMS, 2, 3, weight=WEIGHT, attributes={"count": torch.tensor([7, 8, 9])})


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    num_users, num_items = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    pair = st.tuples(st.integers(0, num_users - 1), st.integers(0, num_items - 1))
    pairs = torch.tensor(draw(st.lists(pair, unique=True, max_size=12)), dtype=torch.int64).reshape(-1, 2)
    weight = torch.tensor(draw(st.lists(st.floats(-4, 4, width=32), min_size=len(pairs), max_size=len(pairs))))
    attributes = {"count": torch.arange(len(pairs)), "time": -torch.arange(2 * len(pairs)).view(-1, 2).double()}
    return Graph.from_pairs(
        pairs[:, 0], pairs[:, 1], num_users, num_items, weight=weight.float(), attributes=attributes
    )


def edges_of(graph: Graph) -> dict[tuple[int, int], float]:
    pairs = graph.edge_index.T.tolist()
    return {(a, b): weight for (a, b), weight in zip(pairs, graph.edge_weight.tolist(), strict=True)}


def test_items_lie_behind_users_and_every_pair_stands_in_it_twice() -> None:
    expected = {(2, 1): 0.5, (1, 2): 0.5, (4, 0): 2.0, (0, 4): 2.0, (3, 1): 3.0, (1, 3): 3.0}
    graph = shop()
    assert edges_of(graph) == expected
    assert (graph.num_nodes, graph.num_edges) == (5, 6)
    assert graph.degree.tolist() == [1, 2, 1, 1, 1]


def test_edges_lie_in_rows_by_target_with_their_attributes() -> None:
    graph = shop()
    assert graph.edge_index.tolist() == [[4, 2, 3, 1, 1, 0], [0, 1, 1, 2, 3, 4]]
    assert graph.edge_weight.tolist() == [2.0, 0.5, 3.0, 0.5, 3.0, 2.0]
    assert graph.edge_attributes["count"].tolist() == [8, 7, 9, 7, 9, 8]


@settings(max_examples=30, deadline=None)
@given(graph=graphs())
def test_pyg_agrees_that_it_is_undirected_sorted_and_without_repeats(graph: Graph) -> None:
    index, weight = graph.edge_index, graph.edge_weight
    assert is_undirected(index, weight, num_nodes=graph.num_nodes)
    once = coalesce(index, weight, num_nodes=graph.num_nodes, sort_by_row=False)
    assert torch.equal(once[0], index)
    assert torch.equal(once[1], weight)


@settings(max_examples=30, deadline=None)
@given(graph=graphs())
def test_reverse_is_the_opposite_edge(graph: Graph) -> None:
    assert torch.equal(graph.edge_index[:, graph.reverse], graph.edge_index.flip(0))
    weight = torch.arange(graph.num_edges, dtype=torch.float32)
    assert torch.equal(graph.with_weight(weight).transposed_weight, weight[graph.reverse])


@settings(max_examples=30, deadline=None)
@given(graph=graphs())
def test_to_pyg_and_back(graph: Graph) -> None:
    for data in (graph.to_data(), graph.to_hetero_data()):
        data.validate()
        returned = graph_from_data(data)
        assert (returned.num_users, returned.num_items) == (graph.num_users, graph.num_items)
        assert torch.equal(returned.edge_index, graph.edge_index)
        assert torch.equal(returned.edge_weight, graph.edge_weight)
        assert returned.edge_attributes.keys() == graph.edge_attributes.keys()
        for name, value in graph.edge_attributes.items():
            assert torch.equal(returned.edge_attributes[name], value), name


def test_data_carries_weights_attributes_and_users() -> None:
    data = shop().to_data()
    assert (data.num_nodes, data.num_users, data.num_edges) == (5, 2, 6)
    assert data.is_undirected()
    assert torch.equal(data.edge_count, shop().edge_attributes["count"])
    assert torch.equal(data.edge_weight, shop().edge_weight)


def test_hetero_data_holds_rows_of_its_own_for_users_and_items() -> None:
    data = shop().to_hetero_data()
    into = data["user", "interacts", "item"]
    back = data["item", "rev_interacts", "user"]
    assert (data["user"].num_nodes, data["item"].num_nodes) == (2, 3)
    assert into.edge_index.tolist() == [[1, 1, 0], [0, 1, 2]]
    assert into.edge_weight.tolist() == [0.5, 3.0, 2.0]
    assert into["count"].tolist() == [7, 9, 8]
    assert back.edge_index.tolist() == [[2, 0, 1], [0, 1, 1]]
    homogeneous = data.to_homogeneous()
    merged = coalesce(homogeneous.edge_index, homogeneous.edge_weight, sort_by_row=False)
    assert torch.equal(merged[0], shop().edge_index)
    assert torch.equal(merged[1], shop().edge_weight)


def test_other_weights_leave_the_rest_as_it_was() -> None:
    graph = shop()
    other = graph.with_weight(torch.arange(6.0))
    assert other.edge_weight.tolist() == [0, 1, 2, 3, 4, 5]
    assert graph.edge_weight.tolist() == [2.0, 0.5, 3.0, 0.5, 3.0, 2.0]
    assert other.adjacency is graph.adjacency


def test_moving_takes_every_tensor_and_staying_is_free() -> None:
    graph = shop()
    assert graph.to("cpu") is graph.to(torch.device("cpu")) is graph
    moved = graph.to("meta")
    tensors = [moved.edge_weight, moved.edge_index, moved.edge_attributes["count"]]
    assert {value.device.type for value in tensors} == {"meta"}
    half_moved = replace(moved, adjacency=graph.adjacency)
    assert half_moved.to("meta").edge_index.device.type == "meta"


def test_edges_and_casts_of_weights_are_made_once() -> None:
    graph = shop()
    assert graph.edge_index is graph.edge_index is graph.with_weight(graph.edge_weight + 1).edge_index
    assert graph.weight_in(torch.float32) is graph.edge_weight
    assert graph.transposed_weight is graph.transposed_of(graph.edge_weight)
    for dtype in (torch.float64, torch.bfloat16):
        weight = graph.weight_in(dtype)
        assert weight is graph.weight_in(dtype)
        assert torch.equal(weight, graph.edge_weight.to(dtype))
        turned = graph.transposed_of(weight)
        assert turned is not None and turned is graph.transposed_of(weight)
        assert torch.equal(turned, weight[graph.reverse])
    assert graph.transposed_of(torch.ones(6)) is None


def test_weights_that_are_learned_are_cast_at_every_step() -> None:
    weight = torch.ones(6, requires_grad=True)
    graph = shop().with_weight(weight)
    assert graph.transposed_of(graph.edge_weight) is None
    for _ in range(2):
        total = graph.weight_in(torch.float64).sum() + graph.transposed_weight.sum()
        assert torch.autograd.grad(total, weight)[0].tolist() == [2.0] * 6


def test_edges_of_weight_zero_are_not_heard() -> None:
    graph = shop()
    assert graph.heard is None
    assert graph.heard_edges(torch.float32)[0] is graph.edge_index
    quiet = graph.with_weight(torch.where(graph.edge_weight == 0.5, 0.0, graph.edge_weight))
    assert quiet.heard is not None and quiet.heard.tolist() == [True, False, True, False, True, True]
    edges, weight = quiet.heard_edges(torch.float64)
    assert edges.tolist() == [[4, 3, 1, 0], [0, 1, 3, 4]]
    assert weight.tolist() == [2.0, 3.0, 3.0, 2.0]
    assert edges is quiet.heard_edges(torch.float64)[0]


def test_indices_of_32_bits_and_another_device() -> None:
    users, items = torch.tensor([99_999, 0, 99_999], dtype=torch.int32), torch.tensor([0, 2, 79_999], dtype=torch.int32)
    graph = Graph.from_pairs(users, items, 100_000, 80_000)
    assert graph.edge_index[:, :3].tolist() == [[100_002, 100_000, 179_999], [0, 99_999, 99_999]]
    with pytest.raises(ValueError, match=r"user rows: expected integers, got torch\.float32"):
        Graph.from_pairs(users.float(), items, 100_000, 80_000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"users": torch.tensor([1, 0, 2])}, "user rows: expected 0 to 1, got 0 to 2"),
        ({"items": torch.tensor([-1, 0, 2])}, "item rows: expected 0 to 2, got -1 to 2"),
        ({"users": torch.tensor([1, 1, 1]), "items": torch.tensor([0, 0, 2])}, "Graph: 1 pairs repeat; build_graph"),
        ({"items": torch.tensor([0, 1])}, "users and items: expected one shape"),
        ({"weight": torch.tensor([1.0, torch.nan, 0.0])}, "weight: expected finite numbers, got NaN or infinity"),
        ({"weight": torch.tensor([1.0, torch.inf, 0.0])}, "weight: expected finite numbers, got NaN or infinity"),
        ({"weight": torch.ones(2)}, r"weight: expected shape \(3,\), got \(2,\)"),
        ({"attributes": {"time": torch.ones(2)}}, r"attribute time: expected 3 rows, one a pair, got \[2\]"),
    ],
)
def test_what_is_no_graph_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Graph.from_pairs(**{"users": USERS, "items": ITEMS, "num_users": 2, "num_items": 3, **options})


def test_other_weights_are_checked_too() -> None:
    with pytest.raises(ValueError, match=r"weight: expected shape \(6,\), got \(3,\)"):
        shop().with_weight(torch.ones(3))
    with pytest.raises(ValueError, match="weight: expected finite numbers"):
        shop().with_weight(torch.full((6,), torch.inf))
