"""PyG's ``Data`` and ``HeteroData`` → Graph."""

from collections.abc import Mapping
from typing import Any

import torch
from torch_geometric.data import Data, HeteroData

from ragx.checks import check
from ragx.graph.adjacency import whole_numbers
from ragx.graph.graph import Graph
from ragx.typing import Bool, Int, Tensor

WEIGHT = "edge_weight"


def graph_from_data(data: Data | HeteroData) -> Graph:
    """Return the graph of PyG data, whose edges may stand in it once or in both directions.

    ``Data`` carries ``num_users``; its nodes are users, then items. ``HeteroData`` has node types ``user`` and
    ``item``, and the first edge type from user to item is taken. Edges from item to user, where there is one such type
    or one called ``rev_<relation>``, are its reverse: they are held against it and say nothing more. Weights and
    further tensors with one row an edge, ``edge_<name>`` in ``Data`` and ``<name>`` in ``HeteroData``, are kept.

    Raises:
        ValueError: ``num_users`` is missing, an edge joins two users or two items or repeats, the two directions of an
            edge carry different values, or the reverse of an edge type holds other pairs.
    """
    return _from_hetero_data(data) if isinstance(data, HeteroData) else _from_data(data)


def _from_data(data: Data) -> Graph:
    check("num_users" in data, "Data: expected an attribute num_users, which parts users from items.")
    num_users, num_nodes = int(data.num_users), int(data.num_nodes or 0)
    source, target = whole_numbers("Data: edge_index", data.edge_index)
    from_user = source < num_users
    check(
        bool((from_user != (target < num_users)).all()),
        f"Data: expected edges between a user (node below {num_users}) and an item only.",
    )
    values = {name if name == WEIGHT else name.removeprefix("edge_"): each for name, each in _values(data).items()}
    user = torch.where(from_user, source, target)
    item = torch.where(from_user, target, source) - num_users
    num_items = num_nodes - num_users
    key, values = _merge_directions("Data", user * num_items + item, from_user, values)
    return _graph(key // max(num_items, 1), key % max(num_items, 1), num_users, num_items, values)


def _from_hetero_data(data: HeteroData) -> Graph:
    keys = [key for key in data.edge_types if (key[0], key[2]) == ("user", "item")]
    check(bool(keys), f"HeteroData: expected an edge type from 'user' to 'item', got {data.edge_types}.")
    num_users, num_items = int(data["user"].num_nodes), int(data["item"].num_nodes)
    users, items = whole_numbers("HeteroData: edge_index", data[keys[0]].edge_index)
    values = _values(data[keys[0]])
    back = [key for key in data.edge_types if (key[0], key[2]) == ("item", "user")]
    named = back if len(back) == 1 else [key for key in back if key[1] == f"rev_{keys[0][1]}"]
    if named:
        name = f"HeteroData: {keys[0]} and its reverse {named[0]}"
        back_items, back_users = whole_numbers("HeteroData: edge_index", data[named[0]].edge_index)
        back_values = _values(data[named[0]])
        only_back = sorted(back_values.keys() - values.keys())
        check(not only_back, f"{name}: only the reverse has {', '.join(only_back)}; put it on both.")
        key = torch.cat([users * num_items + items, back_users * num_items + back_items])
        from_user = torch.arange(len(key), device=key.device) < len(users)
        shared = {each: torch.cat([values[each], back_values[each]]) for each in back_values}
        distinct, _ = _merge_directions(name, key, from_user, shared)
        pairs = len(distinct), len(users), len(back_users)
        check(
            len(set(pairs)) == 1,
            f"{name}: expected the same pairs in both, got {pairs[1]} and {pairs[2]}, {pairs[0]} in all; "
            "torch_geometric.transforms.ToUndirected makes the reverse.",
        )
    return _graph(users, items, num_users, num_items, values)


def _values(store: Any) -> dict[str, Tensor]:
    """Return the tensors with one row an edge, by the names they have in PyG's data."""
    edges = store.edge_index.shape[1]
    found: Mapping[str, Any] = store.to_dict()
    return {
        name: value
        for name, value in found.items()
        if not name.endswith("_index")
        and (not isinstance(store, Data) or name.startswith("edge_"))
        and isinstance(value, Tensor)
        and value.shape[:1] == (edges,)
    }


def _merge_directions(
    name: str, key: Int[Tensor, " E"], from_user: Bool[Tensor, " E"], values: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    repeated = key.numel() - torch.unique(2 * key + from_user).numel()
    check(repeated == 0, f"{name}: {repeated} edges repeat; torch_geometric.utils.coalesce merges them.")
    distinct, inverse = torch.unique(key, return_inverse=True)
    merged = {}
    for each, value in values.items():
        merged[each] = value.new_empty(distinct.numel(), *value.shape[1:])
        merged[each][inverse] = value
        what = "weights; set them" if each == WEIGHT else f"values of {each}; leave it out, and set weights"
        check(
            torch.equal(merged[each][inverse], value),
            f"{name}: the two directions of an edge carry different {what} with Graph.with_weight instead.",
        )
    return distinct, merged


def _graph(users: Tensor, items: Tensor, num_users: int, num_items: int, values: dict[str, Tensor]) -> Graph:
    weight = values.pop(WEIGHT, None)
    return Graph.from_pairs(users, items, num_users, num_items, weight=weight, attributes=values)
