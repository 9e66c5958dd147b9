"""Interactions → Graph."""

import polars as pl
import torch

from ragx.data.interactions import Interactions
from ragx.graph.graph import COUNT_OF, TIME_OF, Graph
from ragx.graph.weights import EdgeWeight, SymmetricNorm


def build_graph(interactions: Interactions, *, weight: EdgeWeight | None = None) -> Graph:
    """Return the graph of train interactions; repeated events of a pair become one edge in either direction.

    Edges carry ``count`` (events of the pair) and, where the interactions have them, ``value`` (sum over the
    events), ``time`` (newest, seconds) and, for every kind of event, ``count_of_<kind>`` and ``time_of_<kind>`` (newest
    of the kind, seconds; 0 where the pair has no such event).

    Args:
        interactions: the train part; never more, or degrees and recency would tell of the held-out parts.
        weight: edge weights; by default the symmetric degree norm.
    """
    merged = [pl.len().cast(pl.Int32).alias("count")]
    if interactions.has("value"):
        merged.append(pl.col("value").sum())
    if interactions.has("timestamp"):
        merged.append(pl.col("timestamp").max().alias("time"))
    if interactions.has("kind"):
        for kind in interactions.table["kind"].unique().sort():
            of_kind = pl.col("kind") == kind
            merged.append(of_kind.sum().cast(pl.Int32).alias(COUNT_OF + kind))
            if interactions.has("timestamp"):
                merged.append(pl.col("timestamp").filter(of_kind).max().fill_null(0).alias(TIME_OF + kind))
    table = interactions.table.group_by("user", "item").agg(merged).sort("user", "item")
    columns = {name: torch.from_numpy(table[name].to_numpy().copy()) for name in table.columns if table[name].len()}
    empty = torch.zeros(0, dtype=torch.int64)
    users, items = columns.pop("user", empty), columns.pop("item", empty)
    graph = Graph.from_pairs(users, items, interactions.num_users, interactions.num_items, attributes=columns)
    return graph.with_weight((weight or SymmetricNorm())(graph))
