"""Names of metrics, such as ``recall@20``."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ragx.checks import check, check_choice
from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.set_metrics import SET_METRICS

SAMPLED = re.compile(r"sampled|^(uni|pop)\d+")


class MetricName(NamedTuple):
    """A metric at a cut-off."""

    metric: str
    k: int

    def __str__(self) -> str:
        return f"{self.metric}@{self.k}"


def parse_metrics(metrics: Sequence[str], cutoffs: Sequence[int]) -> list[MetricName]:
    """Return every metric at every cut-off; a name such as ``"recall@50"`` brings its own.

    Raises:
        ValueError: a metric is unknown or sampled, a cut-off is not a whole number from 1, or nothing is asked for.
    """
    names: dict[MetricName, None] = {}
    for text in metrics:
        metric, mark, own = text.partition("@")
        _check_metric(metric)
        for cutoff in (own,) if mark else cutoffs:
            check(str(cutoff).isdecimal() and int(cutoff) >= 1, f"{text}: expected cut-offs from 1, got {cutoff!r}.")
            names[MetricName(metric, int(cutoff))] = None
    check(bool(names), "metrics and cutoffs: expected at least one of each, such as ['recall'] and [20].")
    return list(names)


def _check_metric(metric: str) -> None:
    check(
        SAMPLED.search(metric.lower()) is None,
        f"{metric}: sampled metrics do not exist here. Ranking against a few sampled items can reverse the order of "
        "two models (Krichene and Rendle, KDD 2020), and the exact ranking is fast: ask for the plain metric.",
    )
    known = [*USER_METRICS, *SET_METRICS]
    check_choice("metrics", metric, known)
