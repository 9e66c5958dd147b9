"""Kinds of event in the graph: relations and ages."""

import pytest
import torch

from ragx.graph.graph import Graph


def bare() -> Graph:
    return Graph.from_pairs(torch.tensor([0]), torch.tensor([0]), 1, 1)


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


def test_a_relation_leaves_out_edges_of_weight_zero() -> None:
    graph = kinds_graph()
    quiet = graph.with_weight(torch.where(graph.adjacency.source + graph.adjacency.target == 2, 0.0, 1.0))  # 0 and 2
    half = 2**-0.5
    torch.testing.assert_close(quiet.relation("view").edge_weight, torch.tensor([0, half, half, 0, half, half]))


def aged_graph() -> Graph:
    """Return the graph of kinds with times in days: seen on days 1, 2 and 9, bought on day 4."""
    day = 86_400
    times = {
        "time": torch.tensor([1, 4, 9]),
        "time_of_view": torch.tensor([1, 2, 9]),
        "time_of_buy": torch.tensor([0, 4, 0]),
    }
    counts = {"count_of_view": torch.tensor([1, 2, 3]), "count_of_buy": torch.tensor([0, 1, 0])}
    attributes = counts | {name: day * value for name, value in times.items()}
    return Graph.from_pairs(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2, 2, attributes=attributes)


def test_ages_count_from_the_newest_event_that_is_heard() -> None:
    graph = aged_graph()
    assert graph.age().tolist() == [8, 5, 0, 8, 5, 0]
    assert graph.age("view").tolist() == [8, 7, 0, 8, 7, 0]
    assert graph.age("buy").tolist() == [0, 5, 0, 0, 5, 0]
    assert graph.age("buy") is graph.age("buy")
    quiet = graph.with_weight(torch.where(graph.age() == 0, 0.0, 1.0))
    assert quiet.age().tolist() == [3, 0, -5, 3, 0, -5]


def test_ages_that_are_not_there_are_named() -> None:
    with pytest.raises(ValueError, match="age: the edges have no time; give the interactions a column timestamp"):
        bare().age()
    with pytest.raises(ValueError, match=r"age of kind: expected one of buy, view; got 'vew'\. Did you mean 'view'\?"):
        aged_graph().age("vew")
    attributes = {"time": torch.ones(3), "count_of_view": torch.ones(3)}
    graph = Graph.from_pairs(torch.tensor([1, 0, 1]), torch.tensor([0, 2, 1]), 2, 3, attributes=attributes)
    with pytest.raises(ValueError, match="age of kind: the edges have no time_of_view"):
        graph.age("view")


def test_a_relation_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"relation: expected one of buy, view; got 'vew'\. Did you mean 'view'\?"):
        kinds_graph().relation("vew")
    with pytest.raises(ValueError, match=r"relation 'buy': the interactions of this graph have no column kind"):
        bare().relation("buy")
