"""Interactions → Graph."""

from typing import Any

import polars as pl
import torch

from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph
from ragx.graph.weights import SymmetricNorm, Value


def events(**extra: Any) -> Interactions:
    table = {"user": ["u", "v", "u", "u"], "item": ["a", "a", "a", "b"], **extra}
    return Interactions.from_events(pl.DataFrame(table))


def test_repeated_events_become_one_edge_with_count_value_and_newest_time() -> None:
    graph = build_graph(events(value=[1.0, 2.0, 10.0, 5.0], timestamp=[30, 20, 90, 40]))
    assert graph.edge_index.tolist() == [[2, 3, 2, 0, 1, 0], [0, 0, 1, 2, 2, 3]]
    assert graph.edge_attributes["count"].tolist() == [2, 1, 1, 2, 1, 1]
    assert graph.edge_attributes["value"].tolist() == [11.0, 5.0, 2.0, 11.0, 2.0, 5.0]
    assert graph.edge_attributes["time"].tolist() == [90, 40, 20, 90, 20, 40]


def test_columns_that_are_not_there_give_no_attribute() -> None:
    assert set(build_graph(events()).edge_attributes) == {"count"}
    assert build_graph(events()).kinds == []


def test_events_are_counted_by_kind() -> None:
    graph = build_graph(events(kind=["view", "view", "view", "buy"]))
    assert graph.kinds == ["buy", "view"]
    assert graph.edge_attributes["count_of_view"].tolist() == [2, 0, 1, 2, 1, 0]
    assert graph.edge_attributes["count_of_buy"].tolist() == [0, 1, 0, 0, 0, 1]
    assert graph.edge_attributes["count"].tolist() == [2, 1, 1, 2, 1, 1]


def test_the_newest_time_of_every_kind_stands_beside_that_of_all() -> None:
    graph = build_graph(events(kind=["view", "view", "buy", "buy"], timestamp=[30, 20, 90, 40]))
    assert graph.edge_attributes["time"].tolist() == [90, 40, 20, 90, 20, 40]
    assert graph.edge_attributes["time_of_view"].tolist() == [30, 0, 20, 30, 20, 0]
    assert graph.edge_attributes["time_of_buy"].tolist() == [90, 40, 0, 90, 0, 40]
    untimed = build_graph(events(kind=["view", "view", "view", "buy"]))
    assert set(untimed.edge_attributes) == {"count", "count_of_view", "count_of_buy"}


def test_the_symmetric_norm_is_the_default_and_any_weight_may_stand_in() -> None:
    graph = build_graph(events(value=[1.0, 2.0, 10.0, 5.0]))
    assert torch.equal(graph.edge_weight, SymmetricNorm()(graph))
    weighted = build_graph(events(value=[1.0, 2.0, 10.0, 5.0]), weight=Value(normalize=False))
    assert weighted.edge_weight.tolist() == [11.0, 5.0, 2.0, 11.0, 2.0, 5.0]
    own = build_graph(events(), weight=lambda graph: torch.full((graph.num_edges,), 0.25))
    assert own.edge_weight.tolist() == [0.25] * 6


def test_ids_without_events_are_nodes_without_edges() -> None:
    all_events = events()
    graph = build_graph(all_events.filter(pl.col("user") == 1))
    assert (graph.num_users, graph.num_items, graph.num_edges) == (2, 2, 2)
    assert graph.degree.tolist() == [0, 1, 1, 0]


def test_no_event_at_all_is_a_graph_without_edges() -> None:
    graph = build_graph(events().filter(pl.col("user") > 5))
    assert (graph.num_nodes, graph.num_edges) == (4, 0)


def test_counts_add_up_to_the_events(tiny_split: Split, tiny_graph: Graph) -> None:
    assert int(tiny_graph.edge_attributes["count"].sum()) == 2 * len(tiny_split.train)
    assert tiny_graph.num_edges == 2 * tiny_split.train.pairs().height
    total = float(tiny_split.train.column("value").sum())
    torch.testing.assert_close(float(tiny_graph.edge_attributes["value"].sum()), 2 * total)
