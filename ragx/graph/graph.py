"""The bipartite graph of users and items: messages flow both ways, so every edge stands in it twice."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch_geometric.data import Data, HeteroData

from ragx.checks import check, check_choice
from ragx.graph.adjacency import Adjacency
from ragx.typing import Float, Int, Tensor

COUNT_OF = "count_of_"  # what the names of the edge attributes begin with that count events by kind


@dataclass(frozen=True, eq=False)
class Graph:
    """Users are nodes 0 … U-1 and items nodes U … U+I-1; edges lie in compressed rows by target.

    Args:
        num_users: number of users U.
        num_items: number of items I.
        adjacency: pattern of the directed edges.
        edge_weight: relevance w_ij of every edge, in row order.
        edge_attributes: further tensors of size E by name, such as ``time`` (newest, seconds) or ``count``.
    """

    num_users: int
    num_items: int
    adjacency: Adjacency
    edge_weight: Float[Tensor, " E"]
    edge_attributes: dict[str, Tensor]

    @classmethod
    def from_pairs(
        cls,
        users: Int[Tensor, " P"],
        items: Int[Tensor, " P"],
        num_users: int,
        num_items: int,
        *,
        weight: Float[Tensor, " P"] | None = None,
        attributes: dict[str, Tensor] | None = None,
    ) -> Self:
        """Return the graph of distinct (user, item) pairs, each giving one edge in either direction.

        Args:
            users: user row of every pair.
            items: item row of every pair; its node is ``num_users + item``.
            num_users: number of users, with or without pairs.
            num_items: number of items, with or without pairs.
            weight: weight of both edges of a pair; 1 when not given.
            attributes: further tensors of size P.

        Raises:
            ValueError: a row is out of range, a pair repeats, or a weight is not finite.
        """
        check(users.shape == items.shape, f"users and items: expected one shape, got {users.shape} and {items.shape}.")
        for name, rows, size in (("user", users, num_users), ("item", items, num_items)):
            low, high = (int(rows.min()), int(rows.max())) if rows.numel() else (0, -1)
            check(low >= 0 and high < size, f"{name} rows: expected 0 to {size - 1}, got {low} to {high}.")
        repeated = users.numel() - torch.unique(users * num_items + items).numel()
        check(repeated == 0, f"Graph: {repeated} pairs repeat; build_graph merges repeated interactions.")
        weight = torch.ones(users.numel()) if weight is None else weight
        check(weight.shape == users.shape, f"weight: expected shape {tuple(users.shape)}, got {tuple(weight.shape)}.")
        check(bool(torch.isfinite(weight).all()), "weight: expected finite numbers, got NaN or infinity.")
        nodes = num_users + num_items
        item_nodes = items + num_users
        adjacency, order = Adjacency.from_edges(
            torch.cat([users, item_nodes]), torch.cat([item_nodes, users]), nodes, nodes
        )
        twice = {name: torch.cat([value, value])[order] for name, value in (attributes or {}).items()}
        return cls(num_users, num_items, adjacency, torch.cat([weight, weight])[order], twice)

    @property
    def num_nodes(self) -> int:
        """Number of nodes N = U + I."""
        return self.num_users + self.num_items

    @property
    def num_edges(self) -> int:
        """Number of directed edges E, twice the number of pairs."""
        return self.adjacency.num_edges

    @property
    def edge_index(self) -> Int[Tensor, "2 E"]:
        """The edges as PyG writes them: row 0 the sources, row 1 the targets, in row order."""
        return torch.stack([self.adjacency.source, self.adjacency.target])

    @property
    def reverse(self) -> Int[Tensor, " E"]:
        """Position of every edge's opposite: row order and order by source differ by just this exchange."""
        return self.adjacency.permutation

    @cached_property
    def transposed_weight(self) -> Float[Tensor, " E"]:
        """Weight of every edge in the order by source, which backward passes sum in."""
        return self.edge_weight[self.reverse]

    @property
    def degree(self) -> Int[Tensor, " N"]:
        """Number of neighbours of every node."""
        return self.adjacency.row_pointer.diff()

    @property
    def kinds(self) -> list[str]:
        """Kinds of event that the edges count, in order; none where the interactions had no kinds."""
        return sorted(name.removeprefix(COUNT_OF) for name in self.edge_attributes if name.startswith(COUNT_OF))

    def relation(self, kind: str) -> Self:
        """Return the relation of one kind of event: the same edges, with weight 0 where the pair has no such event.

        The others weigh 1 / √(d_i d_j) with d the degrees within the relation. The first call is kept.

        Raises:
            ValueError: the graph has no kinds, or not this one.
        """
        check(bool(self.kinds), f"relation {kind!r}: the interactions of this graph have no column kind.")
        check_choice("relation", kind, self.kinds)
        if kind not in self._relations:
            present = (self.edge_attributes[COUNT_OF + kind] > 0).double()
            degree = present.new_zeros(self.num_nodes).index_add_(0, self.adjacency.target, present)
            scale = degree.clamp(min=1).rsqrt()
            weight = present * scale[self.adjacency.target] * scale[self.adjacency.source]
            self._relations[kind] = self.with_weight(weight.float())
        return self._relations[kind]

    @cached_property
    def _relations(self) -> dict[str, Self]:
        return {}

    def with_weight(self, weight: Float[Tensor, " E"]) -> Self:
        """Return the same graph with other edge weights, given in row order.

        Raises:
            ValueError: the weights are of another size or not finite.
        """
        check(
            weight.shape == (self.num_edges,), f"weight: expected shape ({self.num_edges},), got {tuple(weight.shape)}."
        )
        check(bool(torch.isfinite(weight).all()), "weight: expected finite numbers, got NaN or infinity.")
        return replace(self, edge_weight=weight)

    def to(self, device: torch.device | str) -> Self:
        """Return the graph on ``device``."""
        return replace(
            self,
            adjacency=self.adjacency.to(device),
            edge_weight=self.edge_weight.to(device),
            edge_attributes={name: value.to(device) for name, value in self.edge_attributes.items()},
        )

    def to_data(self) -> Data:
        """Return the graph as PyG's homogeneous ``Data`` with ``edge_index``, ``edge_weight`` and ``num_users``."""
        extra = {f"edge_{name}": value for name, value in self.edge_attributes.items()}
        data = Data(edge_index=self.edge_index, edge_weight=self.edge_weight, num_nodes=self.num_nodes, **extra)
        data.num_users = self.num_users
        return data

    def to_hetero_data(self) -> HeteroData:
        """Return the graph as PyG's ``HeteroData`` with the edge types user–interacts–item and its reverse."""
        data = HeteroData()
        data["user"].num_nodes, data["item"].num_nodes = self.num_users, self.num_items
        into_item = self.adjacency.target >= self.num_users
        for key, mask in ((("user", "interacts", "item"), into_item), (("item", "rev_interacts", "user"), ~into_item)):
            source, target = self.edge_index[:, mask]
            shift = self.num_users
            pair = (source, target - shift) if key[0] == "user" else (source - shift, target)
            data[key].edge_index, data[key].edge_weight = torch.stack(pair), self.edge_weight[mask]
            for name, value in self.edge_attributes.items():
                data[key][name] = value[mask]
        return data
