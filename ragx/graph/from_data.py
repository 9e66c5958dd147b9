"""PyG's ``Data`` and ``HeteroData`` → Graph."""

import torch
from torch_geometric.data import Data, HeteroData

from ragx.checks import check
from ragx.graph.graph import Graph
from ragx.typing import Tensor


def graph_from_data(data: Data | HeteroData) -> Graph:
    """Return the graph of PyG data, whose edges may stand in it once or in both directions.

    ``Data`` carries ``num_users``; its nodes are users, then items. ``HeteroData`` has node types ``user`` and
    ``item``, and the first edge type from user to item is taken; edges back are its reverse and only checked for.

    Raises:
        ValueError: ``num_users`` is missing, an edge joins two users or two items, or the two directions of an
            edge carry different weights.
    """
    if isinstance(data, HeteroData):
        keys = [key for key in data.edge_types if (key[0], key[2]) == ("user", "item")]
        check(bool(keys), f"HeteroData: expected an edge type from 'user' to 'item', got {data.edge_types}.")
        store = data[keys[0]]
        users, items = store.edge_index
        sizes = int(data["user"].num_nodes), int(data["item"].num_nodes)
        return Graph.from_pairs(users, items, *sizes, weight=store.get("edge_weight"))
    check("num_users" in data, "Data: expected an attribute num_users, which parts users from items.")
    num_users, num_nodes = int(data.num_users), int(data.num_nodes or 0)
    source, target = data.edge_index
    from_user = source < num_users
    check(
        bool((from_user != (target < num_users)).all()),
        f"Data: expected edges between a user (node below {num_users}) and an item only.",
    )
    weight = data.edge_weight if data.edge_weight is not None else torch.ones(source.numel())
    user = torch.where(from_user, source, target)
    item = torch.where(from_user, target, source) - num_users
    key, weight = _merge_directions(user * (num_nodes - num_users) + item, weight)
    num_items = num_nodes - num_users
    return Graph.from_pairs(key // num_items, key % num_items, num_users, num_items, weight=weight)


def _merge_directions(key: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    distinct, inverse = torch.unique(key, return_inverse=True)
    merged = weight.new_empty(distinct.numel())
    merged[inverse] = weight
    check(
        torch.equal(merged[inverse], weight),
        "Data: the two directions of an edge carry different weights; set them with Graph.with_weight instead.",
    )
    return distinct, merged
