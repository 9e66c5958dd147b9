"""Polynomials in the graph of items, as filters."""

from collections.abc import Sequence

import torch

from ragx.models.closed_forms.graph_filters.item_graph import Filter
from ragx.typing import Float, Tensor


def powers(graph: Filter, coefficients: Sequence[float]) -> Filter:
    """Return the filter x ↦ c_1 P x + c_2 P² x + … by Horner's rule, with as many products as coefficients.

    Args:
        graph: gives P x.
        coefficients: c_1, c_2, …, one at least.
    """
    *lower, highest = coefficients

    def filtered(signals: Float[Tensor, "I B"]) -> Float[Tensor, "I B"]:
        out = highest * graph(signals)
        for coefficient in reversed(lower):
            out = graph(torch.add(out, signals, alpha=coefficient))
        return out

    return filtered


def chebyshev(graph: Filter, coefficients: Sequence[float]) -> Filter:
    """Return the filter x ↦ Σ_k c_k T_k(L) x with L = I − 2 P, for a P whose eigenvalues lie from 0 to 1.

    T_0 = 1, T_1 = L and T_k = 2 L T_{k−1} − T_{k−2}.

    Args:
        graph: gives P x.
        coefficients: c_0, c_1, …, two at least.
    """

    def laplacian(signals: Tensor) -> Tensor:
        return torch.add(signals, graph(signals), alpha=-2.0)

    def filtered(signals: Float[Tensor, "I B"]) -> Float[Tensor, "I B"]:
        before, term = signals, laplacian(signals)
        out = coefficients[0] * before + coefficients[1] * term
        for coefficient in coefficients[2:]:
            before, term = term, laplacian(term).mul_(2.0).sub_(before)
            out.add_(term, alpha=coefficient)
        return out

    return filtered
