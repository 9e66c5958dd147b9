"""What a graph keeps is what it would make now, whatever was changed in place before."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.graph import Graph
from ragx.graph.kept import Kept
from ragx.layers.light_conv import LightConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph

USERS, ITEMS = torch.tensor([1, 0, 1, 0]), torch.tensor([0, 2, 1, 1])
EDGES = 2 * len(USERS)


def shop() -> Graph:
    attributes = {
        "time": torch.tensor([0, 86_400, 172_800, 0]),
        "time_of_view": torch.tensor([0, 86_400, 86_400, 0]),
        "count_of_view": torch.tensor([1, 2, 1, 0]),
    }
    return Graph.from_pairs(USERS, ITEMS, 2, 3, weight=torch.tensor([0.5, 2.0, 3.0, 1.0]), attributes=attributes)


READINGS: dict[str, Callable[[Graph], Any]] = {
    "cast": lambda graph: graph.weight_in(torch.float64),
    "transposed": lambda graph: graph.transposed_weight,
    "transposed cast": lambda graph: graph.transposed_of(graph.weight_in(torch.float64)),
    "heard": lambda graph: torch.ones(EDGES, dtype=torch.bool) if graph.heard is None else graph.heard,
    "heard edges": lambda graph: graph.heard_edges(torch.float32)[0],
    "heard weights": lambda graph: graph.heard_edges(torch.float64)[1],
    "age": lambda graph: graph.age(),
    "age of kind": lambda graph: graph.age("view"),
    "relation": lambda graph: graph.relation("view").edge_weight,
    "transposed relation": lambda graph: graph.relation("view").transposed_weight,
}
CHANGES: dict[str, Callable[[Graph, int, float], Any]] = {
    "one weight": lambda graph, edge, value: graph.edge_weight.__setitem__(edge, value),
    "all weights": lambda graph, edge, value: graph.edge_weight.mul_(value),
    "a view of weights": lambda graph, edge, value: graph.edge_weight.detach()[edge:].fill_(value),
    "a time": lambda graph, edge, value: graph.edge_attributes["time"].__setitem__(edge, round(86_400 * value)),
    "another tensor": lambda graph, edge, value: graph.edge_attributes.update(time=torch.arange(EDGES) * 86_400),
    "a count": lambda graph, edge, value: graph.edge_attributes["count_of_view"].__setitem__(edge, round(value)),
}
steps = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, EDGES - 1), st.sampled_from([0.0, 1.0, 2.5])),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_after_changes_in_place_a_graph_reads_as_one_that_kept_nothing(steps: list[tuple[str, int, float]]) -> None:
    graph = shop()
    for name, edge, value in steps:
        for read in READINGS.values():
            read(graph)
        CHANGES[name](graph, edge, value)
        attributes = {key: value.clone() for key, value in graph.edge_attributes.items()}
        fresh = Graph(2, 3, graph.adjacency, graph.edge_weight.clone(), attributes)
        for reading, read in READINGS.items():
            assert torch.equal(read(graph), read(fresh)), (name, reading)


def test_gradients_follow_weights_that_were_changed_in_place() -> None:
    torch.manual_seed(0)
    graph = shop()
    model = RelevanceAwareGraph(num_users=2, num_items=3, layer=LightConv, num_layers=2, hidden_dim=4)

    def gradient(of: Graph) -> torch.Tensor:
        return torch.autograd.grad(model(of).square().sum(), model.embedding)[0]

    gradient(graph)
    graph.edge_weight[0] = 7.0
    torch.testing.assert_close(gradient(graph), gradient(graph.with_weight(graph.edge_weight.clone())))


def test_a_value_is_made_once_for_the_same_numbers() -> None:
    kept, made, tensor = Kept(), list[int](), torch.ones(2)

    def make() -> int:
        made.append(1)
        return len(made)

    assert [kept.get("a", [tensor], make) for _ in range(3)] == [1, 1, 1]
    tensor.add_(1)
    assert [kept.get("a", [tensor], make) for _ in range(3)] == [2, 2, 2]
    assert kept.get("a", [tensor.clone()], make) == 3
    assert kept.get("b", [], make) == 4


def test_nothing_is_kept_of_what_counts_no_changes() -> None:
    with torch.inference_mode():
        weight = torch.arange(1.0, EDGES + 1)
        inside = shop().with_weight(weight)
        assert inside.transposed_weight is not inside.transposed_weight
        graph = shop()
        cast = graph.weight_in(torch.float64)
        assert cast is not graph.weight_in(torch.float64)


@pytest.mark.parametrize("name", sorted(READINGS))
def test_what_is_kept_is_not_made_again(name: str) -> None:
    graph, read = shop(), READINGS[name]
    graph.edge_weight[0] = 0.0  # with every edge heard there is nothing to keep
    assert read(graph) is read(graph)
