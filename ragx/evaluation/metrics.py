"""Metrics of one user's list, computed for all users at once from the matrix of hits."""

from collections.abc import Callable

import torch

from ragx.evaluation.conventions import Conventions
from ragx.typing import Bool, Float, Int, Tensor

UserMetric = Callable[[Tensor, Tensor, int, Conventions], Tensor]


def _divisor(counts: Int[Tensor, " U"], k: int, choice: str) -> Int[Tensor, " U"]:
    """Return n or min(n, K), at least 1: a user without relevant items has no hits, and so scores 0."""
    return counts.clamp(min=1, max=k if choice == "min_k" else None)


def recall(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return hits / n, the share of the n relevant items that are in the list."""
    return hits[:, :k].sum(1).double() / _divisor(counts, k, by.recall_denominator)


def precision(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return hits / K, also where the list is shorter."""
    return hits[:, :k].sum(1).double() / k


def f1(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return the harmonic mean of precision and recall, 2 hits / (K + n)."""
    return 2 * hits[:, :k].sum(1).double() / (k + _divisor(counts, k, by.recall_denominator))


def hit_rate(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return 1 if any relevant item is in the list, else 0."""
    return hits[:, :k].any(1).double()


def ndcg(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return Σ_hits 1 / log2(1 + rank), divided by the same sum of the best list.

    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    best = _divisor(counts, k, by.ideal_dcg)
    longest = max(int(best.max()) if best.numel() else 1, k)
    discount = 1 / torch.arange(2, longest + 2, dtype=torch.float64, device=hits.device).log2()
    hits = hits[:, :k]
    return hits.double() @ discount[: hits.shape[1]] / discount.cumsum(0)[best - 1]


def mrr(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return 1 / rank of the first hit, 0 without one."""
    any_hit, first = hits[:, :k].max(1)
    return any_hit.double() / (first + 1)


def average_precision(
    hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions
) -> Float[Tensor, " U"]:
    """Return the sum over hits of the precision at their rank, divided by min(n, K) or n."""
    hits = hits[:, :k]
    rank = torch.arange(1, hits.shape[1] + 1, device=hits.device)
    total = (hits.cumsum(1).double() / rank * hits).sum(1)
    return total / _divisor(counts, k, by.average_precision_denominator)


def r_precision(hits: Bool[Tensor, "U K"], counts: Int[Tensor, " U"], k: int, by: Conventions) -> Float[Tensor, " U"]:
    """Return the share of hits in the first n ranks, those after K counted as misses."""
    within = torch.arange(hits[:, :k].shape[1], device=hits.device) < counts[:, None]
    return (hits[:, :k] & within).sum(1).double() / counts.clamp(min=1)


USER_METRICS: dict[str, UserMetric] = {
    "recall": recall,
    "precision": precision,
    "f1": f1,
    "hit_rate": hit_rate,
    "ndcg": ndcg,
    "mrr": mrr,
    "map": average_precision,
    "r_precision": r_precision,
}
