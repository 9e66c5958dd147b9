"""The pattern of a graph in compressed rows, in both orders that message passing needs."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import torch

from ragx.checks import check
from ragx.lazy import lazy
from ragx.rows import row_pointer_of
from ragx.typing import Float, Int, Tensor


@dataclass(frozen=True, eq=False)
class Adjacency:
    """Edges e: source[e] → target[e] in compressed rows by target, with the order by source beside it.

    The transposed order is what a backward pass sums over; it is counted once, here, and never per step.

    Args:
        row_pointer: first edge of every target, of size ``num_targets + 1``.
        source: source of every edge, in order of targets.
        target: target of every edge, ascending.
        transposed_row_pointer: first edge of every source in the order by source, of size ``num_sources + 1``.
        permutation: position, in the order by target, of every edge in the order by source.
    """

    row_pointer: Int[Tensor, " targets_plus_1"]
    source: Int[Tensor, " E"]
    target: Int[Tensor, " E"]
    transposed_row_pointer: Int[Tensor, " sources_plus_1"]
    permutation: Int[Tensor, " E"]

    def __post_init__(self) -> None:
        """Raise ``ValueError`` unless all is int64 and in one piece, as compiled code takes for granted."""
        for field in fields(self):
            index: Tensor = getattr(self, field.name)
            check(
                index.dtype == torch.int64 and index.is_contiguous(),
                f"{field.name}: expected contiguous int64, got {index.dtype}; make graphs with Adjacency.from_edges.",
            )

    @classmethod
    def from_edges(
        cls, source: Int[Tensor, " E"], target: Int[Tensor, " E"], num_sources: int, num_targets: int
    ) -> tuple[Self, Int[Tensor, " E"]]:
        """Return the adjacency of an edge list, and the position in that list of every edge in row order.

        Repeated edges are kept and accumulate; edges of one target are ordered by source. Indices become int64, in
        which the order is counted without overflow.

        Raises:
            ValueError: an index is no integer, negative or beyond the number of nodes.
        """
        check(
            source.shape == target.shape, f"source and target: expected one shape, got {source.shape}, {target.shape}."
        )
        source, target = whole_numbers("source", source), whole_numbers("target", target)
        for name, index, size in (("source", source, num_sources), ("target", target, num_targets)):
            low, high = (int(index.min()), int(index.max())) if index.numel() else (0, -1)
            check(low >= 0 and high < size, f"{name}: expected node indices from 0 to {size - 1}, got {low} to {high}.")
        order = torch.argsort(target * max(num_sources, 1) + source, stable=True)
        source, target = source[order], target[order]
        permutation = torch.argsort(source, stable=True)
        pointer = row_pointer_of(target, num_targets)
        return cls(pointer, source, target, row_pointer_of(source[permutation], num_sources), permutation), order

    @property
    def num_edges(self) -> int:
        """Number of edges E."""
        return self.source.numel()

    @property
    def num_targets(self) -> int:
        """Number of rows that messages are summed into."""
        return self.row_pointer.numel() - 1

    @property
    def num_sources(self) -> int:
        """Number of nodes that messages come from."""
        return self.transposed_row_pointer.numel() - 1

    @lazy
    def edge_index(self) -> Int[Tensor, "2 E"]:
        """The edges as PyG writes them, made once: row 0 the sources, row 1 the targets, in row order."""
        return torch.stack([self.source, self.target])

    @lazy
    def degree(self) -> Int[Tensor, " T"]:
        """Number of edges of every target."""
        return self.row_pointer.diff()

    @lazy
    def edge_number(self) -> Int[Tensor, " E"]:
        """The numbers 0 … E-1, made once: sums over edges take them as indices at every step."""
        return torch.arange(self.num_edges, device=self.source.device)

    @lazy
    def narrow_source(self) -> Tensor:
        """Source of every edge in int32, which compiled code reads at half the cost; for fewer than 2³¹ sources."""
        return self.source.to(torch.int32)

    @lazy
    def transposed(self) -> Self:
        """The same edges the other way round: source and target exchanged, in the order by source.

        It is this adjacency itself where every edge has its opposite, as in a graph of users and items.
        """
        source, target = self.target[self.permutation], self.source[self.permutation]
        inverse = torch.empty_like(self.permutation)
        inverse[self.permutation] = torch.arange(self.num_edges, device=inverse.device)
        other = type(self)(self.transposed_row_pointer, source, target, self.row_pointer, inverse)
        if all(_is_same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)):
            return self
        other.__dict__["transposed"] = self
        return other

    def turned(self, value: Float[Tensor, " E"]) -> Float[Tensor, " E"]:
        """Return one number an edge in the order by source: ``value`` itself where either direction has the same."""
        other = value[self.permutation]
        return value if _is_same(value, other) else other

    @lazy
    def packed(self) -> list[Tensor]:
        """The fields in both orders as one list of tensors, which is all that a traced operation may be given."""
        return [getattr(order, field.name) for order in (self, self.transposed) for field in fields(self)]

    @classmethod
    def unpacked(cls, tensors: Sequence[Tensor]) -> Self:
        """Return the adjacency that :attr:`packed` made a list of."""
        size = len(tensors) // 2
        one, other = cls(*tensors[:size]), cls(*tensors[size:])
        one.__dict__["transposed"], other.__dict__["transposed"] = other, one
        return one

    def row_parts(self, number: int) -> Int[Tensor, " parts_plus_1"]:
        """Return the bounds of at most ``number`` ranges of targets with about as many edges each, kept once made."""
        if number not in self._row_parts:
            marks = torch.arange(1, number, device=self.source.device) * self.num_edges // number
            inner = torch.searchsorted(self.row_pointer, marks).clamp(max=self.num_targets)
            ends = inner.new_tensor([0, self.num_targets])
            self._row_parts[number] = torch.unique(torch.cat([inner, ends]))
        return self._row_parts[number]

    @lazy
    def _row_parts(self) -> dict[int, Tensor]:
        return {}

    def head_major(self, heads: int) -> tuple[Int[Tensor, " E_times_H"], Int[Tensor, " targets_times_H_plus_1"]]:
        """Return source and row pointer of H copies of the edges, one a head, over sources flattened from [S, H].

        Edge e of head h stands at position ``h E + e`` and comes from row ``source[e] H + h``. The first call is kept.
        """
        if heads not in self._head_major:
            head = torch.arange(heads, device=self.source.device).unsqueeze(1)
            starts = (self.row_pointer[:-1] + head * self.num_edges).flatten()
            end = self.row_pointer[-1:] + (heads - 1) * self.num_edges
            self._head_major[heads] = ((self.source * heads + head).flatten(), torch.cat([starts, end]))
        return self._head_major[heads]

    @lazy
    def _head_major(self) -> dict[int, tuple[Tensor, Tensor]]:
        return {}

    def to(self, device: torch.device | str) -> Self:
        """Return the adjacency on ``device``; itself where it lies there."""
        if lies_on(device, self.source):
            return self
        return type(self)(*(getattr(self, field.name).to(device) for field in fields(self)))


def _is_same(one: Tensor, other: Tensor) -> bool:
    """Say whether two tensors are known to hold the same; under ``torch.compile`` no numbers are known."""
    return not torch.compiler.is_compiling() and torch.equal(one, other)


def lies_on(device: torch.device | str, value: Tensor) -> bool:
    """Say whether ``value`` is on ``device``, where a device without a number is the current one of its kind."""
    return torch.empty(0, device=device).device == value.device


def whole_numbers(name: str, index: Tensor) -> Int[Tensor, "..."]:
    """Return an index as int64.

    Raises:
        ValueError: it does not hold integers.
    """
    integers = not (index.is_floating_point() or index.is_complex() or index.dtype == torch.bool)
    check(integers, f"{name}: expected integers, got {index.dtype}.")
    return index.long()
