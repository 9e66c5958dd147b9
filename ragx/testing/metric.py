"""The contract of a metric of one user's list, such as those of ``ragx.evaluation.metrics``."""

from collections.abc import Sequence

import torch

from ragx.checks import check
from ragx.evaluation.conventions import Conventions
from ragx.evaluation.metrics import USER_METRICS, UserMetric
from ragx.metrics.known import Metric
from ragx.metrics.own import check_distinct, declaration_of, declared, located
from ragx.parts import PartsError
from ragx.random import generator
from ragx.typing import Tensor

USERS, LENGTH = 12, 8


def check_metric(
    metric: UserMetric, *, lowest: float | None = None, highest: float | None = None, seed: int = 0
) -> None:
    """Check that a metric ``(hits [U, min(K, I)], counts [U], k, conventions) -> [U]`` can be measured on any lists.

    Every user has one finite value, within the range where one is given; it depends on no other user, nor on ranks
    after the k-th; and there is one for a user without hits, for one without relevant items and for lists that are
    shorter than k, as those of a catalogue of I < K items are; no users at all give no values. One that declares to
    take no cut-off is given whole rankings alone. One of one's own says which value is the better one, or, by
    ``larger_is_better=None``, that neither is, so that nothing is chosen by it.

    Args:
        metric: the function.
        lowest: the least value that it can have, or None.
        highest: the largest value that it can have, or None.
        seed: key of the lists drawn.

    Raises:
        ValueError: the metric breaks the contract, or raises; the message says how.
    """
    name, rules, draw = getattr(metric, "__name__", type(metric).__name__), Conventions(), generator(seed, "metric")
    known = declared(metric)
    cutoffs = (1, 3, LENGTH, 2 * LENGTH) if known is None or known.takes_cutoff else (LENGTH,)
    hits = torch.rand(USERS, LENGTH, generator=draw) < 0.4
    hits[0] = False
    counts = hits.sum(1) + torch.randint(0, 3, (USERS,), generator=draw)
    counts[0] = 0
    low, high = (-torch.inf if lowest is None else lowest), (torch.inf if highest is None else highest)
    for k in cutoffs:
        values = _values(metric, name, hits, counts, k, rules)
        within = f"{name}: expected values from {low} to {high} at k={k}, got {values.min():.6g} to {values.max():.6g}."
        check(bool((values >= low).all() and (values <= high).all()), within)
        order = torch.randperm(USERS, generator=draw)
        reordered = _values(metric, name, hits[order], counts[order], k, rules)
        check(
            torch.allclose(reordered, values[order]),
            f"{name}: the value of a user depends on the order of users (k={k}).",
        )
        alone = torch.cat([_values(metric, name, hits[[u]], counts[[u]], k, rules) for u in range(USERS)])
        check(torch.allclose(alone, values), f"{name}: the value of a user depends on other users (k={k}).")
        cut = _values(metric, name, hits[:, :k], counts, k, rules)
        check(torch.allclose(cut, values), f"{name}: the value depends on places after the first k={k}.")
    _values(metric, name, hits[:0], counts[:0], LENGTH, rules)
    if metric not in USER_METRICS.values():
        declaration_of(name, metric)


def check_own_metrics(metrics: Sequence[Metric]) -> None:
    """Hold metrics of one's own against their contract, before anything is trained that they are to measure.

    Raises:
        ValueError: one breaks it, and the line names it and says what was expected, or two go by one name.
    """
    check_distinct(metrics)
    for path in dict.fromkeys(metric.path for metric in metrics if metric.path):
        try:
            check_metric(located(path)[1])
        except ValueError as error:
            raise PartsError([f"metric {path}: {error}"]) from error


def _values(metric: UserMetric, name: str, hits: Tensor, counts: Tensor, k: int, rules: Conventions) -> Tensor:
    before = hits.clone(), counts.clone()
    try:
        values = metric(hits, counts, k, rules)
    except Exception as error:
        raise ValueError(
            f"{name}: expected a value for each of {len(hits)} users from (hits, counts, k, conventions), where hits "
            f"[U, min(K, I)] are {list(hits.shape)} and k is {k}, got {type(error).__name__}: {error}"
        ) from error
    check(isinstance(values, Tensor), f"{name}: expected a tensor, got a {type(values).__name__}.")
    users = len(hits)
    check(tuple(values.shape) == (users,), f"{name}: expected shape ({users},), one a user; got {tuple(values.shape)}.")
    values = values.double()
    bad = int((~values.isfinite()).sum())
    check(bad == 0, f"{name}: expected finite numbers, got {bad} that are not, of lists of length {hits.shape[1]}.")
    kept = torch.equal(before[0], hits) and torch.equal(before[1], counts)
    check(kept, f"{name}: it changed the hits or the counts that it was given; work on a copy.")
    return values
