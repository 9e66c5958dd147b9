"""Which of two values of a metric is the better one."""

from typing import Literal

from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName


def about(name: str | MetricName) -> Metric:
    """Return what is known of a metric; of one that does not come with ragx, that more is better.

    Args:
        name: such as ``"recall@20"``, ``"mae"`` or a column of results such as ``"test/recall@20"``.
    """
    metric = (MetricName.read(name) if isinstance(name, str) else name).metric
    return KNOWN.get(metric, Metric(metric))


def larger_is_better(name: str | MetricName) -> bool:
    """Say whether more is better, which is taken to be so where a metric has no direction of its own."""
    return about(name).larger_is_better is not False


def direction(name: str | MetricName) -> Literal[1, -1]:
    """Return 1 where more is better and −1 where less is: what values are multiplied by before they are ordered."""
    return 1 if larger_is_better(name) else -1


def is_better(name: str | MetricName, value: float, other: float, by: float = 0.0) -> bool:
    """Say whether a value of a metric is better than another by more than ``by``."""
    return value > other + by if larger_is_better(name) else value < other - by
