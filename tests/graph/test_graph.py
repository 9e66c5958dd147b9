"""The bipartite graph: both directions, checked once, and out to PyG and back."""

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
    return Graph.from_pairs(pairs[:, 0], pairs[:, 1], num_users, num_items, weight=weight.float())


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
        again = graph_from_data(data)
        assert (again.num_users, again.num_items) == (graph.num_users, graph.num_items)
        assert torch.equal(again.edge_index, graph.edge_index)
        assert torch.equal(again.edge_weight, graph.edge_weight)


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
    found = coalesce(homogeneous.edge_index, homogeneous.edge_weight, sort_by_row=False)
    assert torch.equal(found[0], shop().edge_index)
    assert torch.equal(found[1], shop().edge_weight)


def test_other_weights_leave_the_rest_as_it_was() -> None:
    graph = shop()
    other = graph.with_weight(torch.arange(6.0))
    assert other.edge_weight.tolist() == [0, 1, 2, 3, 4, 5]
    assert graph.edge_weight.tolist() == [2.0, 0.5, 3.0, 0.5, 3.0, 2.0]
    assert other.adjacency is graph.adjacency


def test_moving_keeps_every_tensor() -> None:
    graph, moved = shop(), shop().to("cpu")
    assert torch.equal(graph.edge_index, moved.edge_index)
    assert torch.equal(graph.edge_attributes["count"], moved.edge_attributes["count"])
    assert shop().to("meta").edge_attributes["count"].device.type == "meta"


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


def kinds_graph() -> Graph:
    """Return user 0 who viewed items 0 and 1 and bought item 1, and user 1 who viewed item 1."""
    attributes = {"count_of_view": torch.tensor([1, 2, 3]), "count_of_buy": torch.tensor([0, 1, 0])}
    return Graph.from_pairs(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2, 2, attributes=attributes)


def test_a_relation_is_normed_by_the_degrees_within_it() -> None:
    graph = kinds_graph()
    assert graph.kinds == ["buy", "view"]
    views, buys = graph.relation("view"), graph.relation("buy")
    half = 2**-0.5
    torch.testing.assert_close(views.edge_weight, torch.tensor([half, 0.5, half, half, 0.5, half]))
    assert buys.edge_weight.tolist() == [0, 1, 0, 0, 1, 0]
    assert buys.adjacency is graph.adjacency
    assert graph.relation("buy") is buys
    assert graph.to("cpu").relation("buy").edge_weight.tolist() == buys.edge_weight.tolist()


def test_a_relation_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"relation: expected one of buy, view; got 'vew'\. Did you mean 'view'\?"):
        kinds_graph().relation("vew")
    with pytest.raises(ValueError, match=r"relation 'buy': the interactions of this graph have no column kind"):
        Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 1).relation("buy")
