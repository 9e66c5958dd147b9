"""Which of two values of a metric is the better one."""

from collections.abc import Mapping
from typing import Literal

from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName

Recorded = Mapping[str, Metric]
"""Metrics by name, without cut-off, as a run recorded them."""
Asked = str | MetricName | Metric
"""A metric by its name, such as ``"recall@20"`` or ``"test/recall@20"``, or with all that is known of it.

A name alone tells the direction of a metric that comes with ragx. That of one's own is in what its code declares, and
in what its runs recorded: see ``ragx.metrics.own`` and ``ragx.metrics.recorded``.
"""


def about(metric: Asked, recorded: Recorded = KNOWN) -> Metric:
    """Return what is known of a metric; of a name that neither ragx nor a run knows, that more is better.

    Args:
        metric: such as ``"recall@20"``, ``"mae"`` or a column of results such as ``"test/recall@20"``.
        recorded: metrics of one's own that a run recorded.
    """
    if isinstance(metric, Metric):
        return metric
    name = (MetricName.read(metric) if isinstance(metric, str) else metric).metric
    return KNOWN.get(name) or recorded.get(name) or Metric(name)


def larger_is_better(metric: Asked) -> bool:
    """Say whether more is better, which is taken to be so where a metric has no direction of its own."""
    return about(metric).larger_is_better is not False


def direction(metric: Asked) -> Literal[1, -1]:
    """Return 1 where more is better and −1 where less is: what values are multiplied by before they are ordered."""
    return 1 if larger_is_better(metric) else -1


def is_better(metric: Asked, value: float, other: float, by: float = 0.0) -> bool:
    """Say whether a value of a metric is better than another by more than ``by``."""
    return value > other + by if larger_is_better(metric) else value < other - by
