"""Horner's scheme for a polynomial of the adjacency: values alone, which autograd does not see."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from ragx.graph.adjacency import Adjacency
from ragx.kernels.forms import form_of
from ragx.kernels.native import PARTS, library, run_rows, runs_natively
from ragx.kernels.raw.weighted_sum import product
from ragx.typing import Float, Int, Tensor


class Chosen(NamedTuple):
    """Some of N nodes.

    Args:
        nodes: which, each once, [R].
        position: position of every node among them, -1 for the others, [N].
    """

    nodes: Int[Tensor, " R"]
    position: Int[Tensor, " N"]


def chosen_of(nodes: Int[Tensor, " R"], num_nodes: int) -> Chosen:
    """Return nodes, each given once, with their positions."""
    position = nodes.new_full((num_nodes,), -1, dtype=torch.int32)
    numbers = torch.arange(len(nodes), dtype=torch.int32, device=nodes.device)
    return Chosen(nodes, position.index_copy_(0, nodes, numbers))


def horner(
    x: Float[Tensor, "X D"],
    weight: Float[Tensor, " E"],
    adjacency: Adjacency,
    coefficients: Sequence[float],
    *,
    given: Chosen | None = None,
    asked: Chosen | None = None,
) -> Float[Tensor, "Y D"]:
    """Return ``Σ_k coefficients[k] Aᵏ x`` [Y, D]; the same bits whichever nodes are given and asked for.

    Args:
        x: values of all X = N nodes, or of those ``given``, the others being 0.
        weight: weight of every edge.
        adjacency: the edges, among N nodes.
        coefficients: factor of every power of A.
        given: nodes that x has rows for; all by default.
        asked: nodes that the result has rows for; all Y = N by default. Not beside ``given``.
    """
    leading = coefficients[-1]
    if len(coefficients) == 1:
        return leading * _some(x, given, asked)
    if leading == 0:
        return horner(x, weight, adjacency, coefficients[:-1], given=given, asked=asked)
    result = x  # the leading factor comes last and in position, since a scaled copy of x would cost fresh memory
    for power, factor in reversed(list(enumerate(coefficients[:-1]))):
        first, last = power == len(coefficients) - 2, power == 0
        step = _Step(weight, adjacency, factor / leading, leading if last else 1.0)
        result = step(result, x, given, first, asked if last else None)
    return result


class _Step(NamedTuple):
    """One step, ``leading (share base + A x)``, with what is the same for every form of it."""

    weight: Tensor
    adjacency: Adjacency
    share: float
    leading: float

    def __call__(self, x: Tensor, base: Tensor, given: Chosen | None, first: bool, asked: Chosen | None) -> Tensor:
        native = form_of("weighted_sum", x.device) == "native" and runs_natively(x) and x.dim() == 2
        compiled = library("horner_step", x.dtype, heads=1, size=x.shape[1]) if native else None
        if compiled is None:
            return self._composed(x, base, given, first, asked)
        x, base, weight = x.contiguous(), base.contiguous(), self.weight.contiguous()
        rows = self.adjacency.num_targets if asked is None else len(asked.nodes)
        out, position = x.new_empty(rows, x.shape[1]), None if given is None else given.position
        values = x, weight, base if self.share else None, out
        factors = self.share, self.leading
        if given is not None and first:
            run_rows(compiled.of_columns, self.adjacency, *factors, position, *values)
        elif asked is None:
            run_rows(compiled.of_rows, self.adjacency, *factors, None, position, *values)
        else:
            parts = min(rows, PARTS * torch.get_num_threads())
            ends = torch.arange(parts + 1) * rows // max(parts, 1)
            run_rows(compiled.of_rows, self.adjacency, *factors, asked.nodes, position, *values, ends=ends)
        return out

    def _composed(self, x: Tensor, base: Tensor, given: Chosen | None, first: bool, asked: Chosen | None) -> Tensor:
        out = product(_some(x, given if first else None, None), self.weight, self.adjacency)
        if self.share:
            out.add_(_some(base, given, None), alpha=self.share)
        out = _some(out, None, asked)
        return out if self.leading == 1 else out.mul_(self.leading)


def _some(x: Tensor, given: Chosen | None, asked: Chosen | None) -> Tensor:
    """Return the values of all nodes out of those given, or of those asked for out of all."""
    if given is not None:
        return x.new_zeros(len(given.position), *x.shape[1:]).index_copy_(0, given.nodes, x)
    return x if asked is None else x.index_select(0, asked.nodes)
