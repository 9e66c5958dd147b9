"""PyG's ``Data`` and ``HeteroData`` → Graph."""

from typing import Any

import torch

from ragx.checks import check
from ragx.geometric import Data, HeteroData
from ragx.graph.adjacency import whole_numbers
from ragx.graph.graph import Graph
from ragx.typing import Bool, Int, Tensor

WEIGHT, LABEL = "edge_weight", "edge_label"
WIDENED = (torch.uint16, torch.uint32)  # that PyTorch hardly computes with


def graph_from_data(data: Data | HeteroData) -> Graph:
    """Return the graph of PyG data, whose edges may stand in it once or in both directions.

    ``Data`` carries ``num_users``; its nodes are users, then items. ``HeteroData`` has node types ``user`` and
    ``item``, and the first edge type from user to item is taken. Edges from item to user, where there is one such type
    or one called ``rev_<relation>``, are its reverse: they are held against it and say nothing more. Weights and
    further tensors with one row an edge, ``edge_<name>`` in ``Data`` and ``<name>`` in ``HeteroData``, are kept.

    Raises:
        ValueError: ``num_users`` is missing, an edge names a node that is not there, joins two users or two items or
            repeats, a tensor of edges has another number of rows, another type than numbers or one that is not finite,
            the two directions of an edge carry different values, or the reverse of an edge type holds other pairs.
    """
    return _from_hetero_data(data) if isinstance(data, HeteroData) else _from_data(data)


def _from_data(data: Data) -> Graph:
    check("num_users" in data, "Data: expected an attribute num_users, which parts users from items.")
    num_users, num_nodes = _count("Data: num_users", data.num_users), _count("Data: num_nodes", data.num_nodes)
    check(
        num_users <= num_nodes, f"Data: num_users: expected at most {num_nodes}, the number of nodes, got {num_users}."
    )
    source, target = _ends("Data", data, (num_nodes, num_nodes))
    from_user = source < num_users
    check(
        bool((from_user != (target < num_users)).all()),
        f"Data: expected edges between a user (node below {num_users}) and an item only.",
    )
    given = _values("Data", data)
    values = {name if name == WEIGHT else name.removeprefix("edge_"): value for name, value in given.items()}
    user = torch.where(from_user, source, target)
    item = torch.where(from_user, target, source) - num_users
    num_items = num_nodes - num_users
    key, values = _merge_directions("Data", user * num_items + item, from_user, values)
    return _graph(key // max(num_items, 1), key % max(num_items, 1), num_users, num_items, values)


def _from_hetero_data(data: HeteroData) -> Graph:
    keys = [key for key in data.edge_types if (key[0], key[2]) == ("user", "item")]
    check(bool(keys), f"HeteroData: expected an edge type from 'user' to 'item', got {data.edge_types}.")
    num_users, num_items = (
        _count(f"HeteroData: num_nodes of {side}", data[side].num_nodes) for side in ("user", "item")
    )
    forth = f"HeteroData: {keys[0]}"
    users, items = _ends(forth, data[keys[0]], (num_users, num_items))
    values = _values(forth, data[keys[0]])
    back = [key for key in data.edge_types if (key[0], key[2]) == ("item", "user")]
    named = back if len(back) == 1 else [key for key in back if key[1] == f"rev_{keys[0][1]}"]
    if named:
        name = f"HeteroData: {keys[0]} and its reverse {named[0]}"
        back_items, back_users = _ends(f"HeteroData: {named[0]}", data[named[0]], (num_items, num_users))
        back_values = _values(f"HeteroData: {named[0]}", data[named[0]])
        only_back = sorted(back_values.keys() - values.keys())
        check(not only_back, f"{name}: only the reverse has {', '.join(only_back)}; put it on both.")
        key = torch.cat([users * num_items + items, back_users * num_items + back_items])
        from_user = torch.arange(len(key), device=key.device) < len(users)
        shared = {field: torch.cat([values[field], back_values[field]]) for field in back_values}
        distinct, _ = _merge_directions(name, key, from_user, shared)
        pairs = len(distinct), len(users), len(back_users)
        check(
            len(set(pairs)) == 1,
            f"{name}: expected the same pairs in both, got {pairs[1]} and {pairs[2]}, {pairs[0]} in all; "
            "torch_geometric.transforms.ToUndirected makes the reverse.",
        )
    return _graph(users, items, num_users, num_items, values)


def _count(name: str, given: Any) -> int:
    """Return a number of nodes."""
    number = given.item() if isinstance(given, Tensor) and given.numel() == 1 else given
    fits = isinstance(number, int) and not isinstance(number, bool) and number >= 0
    check(fits, f"{name}: expected a whole number of at least 0, got {given!r}.")
    return int(number)


def _ends(name: str, store: Any, sizes: tuple[int, int]) -> tuple[Int[Tensor, " E"], Int[Tensor, " E"]]:
    """Return source and target of every edge, each below its number of nodes."""
    index = store.to_dict().get("edge_index")
    shape = list(index.shape) if isinstance(index, Tensor) else type(index).__name__
    check(
        isinstance(shape, list) and len(shape) == 2 and shape[0] == 2,
        f"{name}: edge_index: expected a tensor of shape [2, E], got {shape}.",
    )
    index = whole_numbers(f"{name}: edge_index", index)
    for end, nodes, size in zip(("sources", "targets"), index, sizes, strict=True):
        low, high = (int(nodes.min()), int(nodes.max())) if nodes.numel() else (0, -1)
        check(
            low >= 0 and high < size,
            f"{name}: edge_index: expected {end} from 0 to {size - 1}, below the number of nodes, got {low} to {high}.",
        )
    return index[0], index[1]


def _values(name: str, store: Any) -> dict[str, Tensor]:
    """Return the tensors of edges by the names they have in PyG's data: finite numbers, one row an edge."""
    tensors = {}
    for field, value in store.to_dict().items():
        of_edges = isinstance(value, Tensor) if not isinstance(store, Data) else field.startswith("edge_")
        if field == "edge_index" or not of_edges or (field.startswith(LABEL) and not _fits(value, store)):
            continue
        rows = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        expected = f"{name}: {field}: expected a tensor of {store.edge_index.shape[1]} rows, one an edge"
        check(_fits(value, store), f"{expected}, got {rows}.")
        if field == WEIGHT:
            check(value.dim() == 1, f"{name}: {field}: expected one number an edge, got shape {rows}.")
            check(value.is_floating_point(), f"{name}: {field}: expected floating-point numbers, got {value.dtype}.")
        finite = not (value.is_floating_point() or value.is_complex()) or bool(torch.isfinite(value).all())
        check(finite, f"{name}: {field}: expected finite numbers, got NaN or infinity.")
        tensors[field] = value.long() if value.dtype in WIDENED else value
    return tensors


def _fits(value: Any, store: Any) -> bool:
    return isinstance(value, Tensor) and value.shape[:1] == (store.edge_index.shape[1],)


def _merge_directions(
    name: str, key: Int[Tensor, " E"], from_user: Bool[Tensor, " E"], values: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    repeated = key.numel() - torch.unique(2 * key + from_user).numel()
    check(repeated == 0, f"{name}: {repeated} edges repeat; torch_geometric.utils.coalesce merges them.")
    distinct, inverse = torch.unique(key, return_inverse=True)
    merged = {}
    for field, value in values.items():
        merged[field] = value.new_empty(distinct.numel(), *value.shape[1:])
        merged[field][inverse] = value
        what = "weights; set them" if field == WEIGHT else f"values of {field}; leave it out, and set weights"
        check(
            torch.equal(merged[field][inverse], value),
            f"{name}: the two directions of an edge carry different {what} with Graph.with_weight instead.",
        )
    return distinct, merged


def _graph(users: Tensor, items: Tensor, num_users: int, num_items: int, values: dict[str, Tensor]) -> Graph:
    weight = values.pop(WEIGHT, None)
    return Graph.from_pairs(users, items, num_users, num_items, weight=weight, attributes=values)
