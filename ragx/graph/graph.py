"""The bipartite graph of users and items: messages flow both ways, so every edge stands in it twice."""

from dataclasses import dataclass, replace
from typing import Self

import torch

from ragx.checks import check, check_choice
from ragx.data.seconds import DAY
from ragx.geometric import Data, HeteroData
from ragx.graph.adjacency import Adjacency, lies_on, whole_numbers
from ragx.graph.kept import Kept
from ragx.lazy import lazy
from ragx.notebook import one_line
from ragx.typing import Bool, Float, Int, Tensor

COUNT_OF, TIME_OF = "count_of_", "time_of_"  # how the edge attributes by kind of event begin: number and newest time


@dataclass(frozen=True, eq=False)
class Graph:
    """Users are nodes 0 … U-1 and items nodes U … U+I-1; edges lie in compressed rows by target.

    Args:
        num_users: number of users U.
        num_items: number of items I.
        adjacency: pattern of the directed edges.
        edge_weight: relevance w_ij of every edge, in row order.
        edge_attributes: further tensors of E rows by name, such as ``time`` (newest, seconds) or ``count``.
    """

    num_users: int
    num_items: int
    adjacency: Adjacency
    edge_weight: Float[Tensor, " E"]
    edge_attributes: dict[str, Tensor]

    def __repr__(self) -> str:
        return one_line(self, users=self.num_users, items=self.num_items, edges=self.num_edges)

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
            attributes: further tensors of P rows.

        Raises:
            ValueError: a row is no integer or out of range, a pair repeats, a weight is not finite, or an attribute
                has another number of rows.
        """
        check(users.shape == items.shape, f"users and items: expected one shape, got {users.shape} and {items.shape}.")
        users, items = whole_numbers("user rows", users), whole_numbers("item rows", items)
        for name, rows, size in (("user", users, num_users), ("item", items, num_items)):
            low, high = (int(rows.min()), int(rows.max())) if rows.numel() else (0, -1)
            check(low >= 0 and high < size, f"{name} rows: expected 0 to {size - 1}, got {low} to {high}.")
        repeated = users.numel() - torch.unique(users * num_items + items).numel()
        check(repeated == 0, f"Graph: {repeated} pairs repeat; build_graph merges repeated interactions.")
        weight = torch.ones(users.numel(), device=users.device) if weight is None else weight
        check(weight.shape == users.shape, f"weight: expected shape {tuple(users.shape)}, got {tuple(weight.shape)}.")
        check(bool(torch.isfinite(weight).all()), "weight: expected finite numbers, got NaN or infinity.")
        for name, value in (attributes or {}).items():
            fits = value.shape[:1] == users.shape
            check(fits, f"attribute {name}: expected {users.numel()} rows, one a pair, got {list(value.shape)}.")
        nodes, item_nodes = num_users + num_items, items + num_users
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
        """The edges as PyG writes them, made once: row 0 the sources, row 1 the targets, in row order."""
        return self.adjacency.edge_index

    @property
    def reverse(self) -> Int[Tensor, " E"]:
        """Position of every edge's opposite: row order and order by source differ by just this exchange."""
        return self.adjacency.permutation

    @property
    def transposed_weight(self) -> Float[Tensor, " E"]:
        """Weight of every edge in the order by source, which backward passes sum in."""
        kept = self.transposed_of(self.edge_weight)
        return self.edge_weight[self.reverse] if kept is None else kept

    def weight_in(self, dtype: torch.dtype) -> Float[Tensor, " E"]:
        """Return the weights in ``dtype``; a cast is kept until they change."""
        weight = self.edge_weight
        if weight.dtype == dtype or weight.requires_grad:
            return weight.to(dtype)
        return self._kept.get(("weight", dtype), [weight], lambda: weight.to(dtype))

    def transposed_of(self, weight: Float[Tensor, " E"]) -> Float[Tensor, " E"] | None:
        """Return ``weight`` in the order by source where it is :meth:`weight_in` of some dtype, else None.

        It is kept until the weights change, in place too. None where they are learned: they change with every step.
        """
        if weight.requires_grad or weight is not self.weight_in(weight.dtype):
            return None
        return self._kept.get(("transposed", weight.dtype), [weight], lambda: self.adjacency.turned(weight))

    @lazy
    def _kept(self) -> Kept:
        return Kept()

    @property
    def heard(self) -> Bool[Tensor, " E"] | None:
        """Mask of the edges that carry messages, those of weight other than 0; None where all do."""

        def find() -> Tensor | None:
            weighted = self.edge_weight.detach() != 0
            return None if bool(weighted.all()) else weighted

        return self._kept.get("heard", [self.edge_weight], find)

    def heard_edges(self, dtype: torch.dtype) -> tuple[Int[Tensor, "2 heard"], Float[Tensor, " heard"]]:
        """Return the edges of weight other than 0 as PyG writes them, and their weights, kept while they stay."""
        weight, weighted = self.weight_in(dtype), self.heard
        if weighted is None:
            return self.edge_index, weight
        if weight.requires_grad:
            return self.edge_index[:, weighted], weight[weighted]
        return self._kept.get(("heard", dtype), [weight], lambda: (self.edge_index[:, weighted], weight[weighted]))

    @property
    def degree(self) -> Int[Tensor, " N"]:
        """Number of neighbours of every node."""
        return self.adjacency.degree

    @property
    def kinds(self) -> list[str]:
        """Kinds of event that the edges count, in order; none where the interactions had no kinds."""
        return sorted(name.removeprefix(COUNT_OF) for name in self.edge_attributes if name.startswith(COUNT_OF))

    def age(self, kind: str | None = None) -> Float[Tensor, " E"]:
        """Return the days from the newest event of every edge, or its newest of one kind, to the newest that is heard.

        Kept until the graph changes. An edge without an event of the kind has age 0; ``count_of_<kind>`` tells.

        Raises:
            ValueError: the edges have no times, or no events of this kind.
        """
        check("time" in self.edge_attributes, "age: the edges have no time; give the interactions a column timestamp.")
        if kind is not None:
            self._check_kind("age of kind", kind)
            check(TIME_OF + kind in self.edge_attributes, f"age of kind: the edges have no {TIME_OF}{kind}.")
        made_of = [self.edge_weight, *self.edge_attributes.values()]
        return self._kept.get(("age", kind), made_of, lambda: self._age(kind))

    def _age(self, kind: str | None) -> Float[Tensor, " E"]:
        time = self.edge_attributes["time"]
        weighted = time if self.heard is None else time[self.heard]
        newest = weighted.max() if weighted.numel() else 0
        time = time if kind is None else self.edge_attributes[TIME_OF + kind]
        age = ((newest - time).double() / DAY).float()
        return age if kind is None else age * (self.edge_attributes[COUNT_OF + kind] > 0)

    def relation(self, kind: str) -> Self:
        """Return the relation of one kind of event: the same edges, with weight 0 where the pair has no such event.

        The others weigh 1 / √(d_i d_j) with d the degrees within the relation. An edge of weight 0 in this graph is in
        no relation. It is kept until the graph changes.

        Raises:
            ValueError: the graph has no kinds, or not this one.
        """
        self._check_kind("relation", kind)
        made_of = [self.edge_weight, *self.edge_attributes.values()]
        return self._kept.get(("relation", kind), made_of, lambda: self._relation(kind))

    def _relation(self, kind: str) -> Self:
        present = (self.edge_attributes[COUNT_OF + kind] > 0).double()
        present = present if self.heard is None else present * self.heard
        degree = present.new_zeros(self.num_nodes).index_add_(0, self.adjacency.target, present)
        scale = degree.clamp(min=1).rsqrt()
        weight = present * scale[self.adjacency.target] * scale[self.adjacency.source]
        return self.with_weight(weight.float())

    def _check_kind(self, name: str, kind: str) -> None:
        check(bool(self.kinds), f"{name} {kind!r}: the interactions of this graph have no column kind.")
        check_choice(name, kind, self.kinds)

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
        """Return the graph on ``device``; itself where it lies there."""
        if lies_on(device, self.edge_weight) and self.adjacency.to(device) is self.adjacency:
            return self
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
            pair = (source, target - self.num_users) if key[0] == "user" else (source - self.num_users, target)
            data[key].edge_index, data[key].edge_weight = torch.stack(pair), self.edge_weight[mask]
            for name, value in self.edge_attributes.items():
                data[key][name] = value[mask]
        return data
