"""Early stopping on a validation metric."""

from dataclasses import dataclass
from functools import cached_property

from ragx.checks import check
from ragx.metrics.direction import is_better
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.metrics.own import own_or_known


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """Which validation metric chooses the epoch, and how long to wait for a better one.

    Args:
        monitor: name of the metric, such as ``"ndcg@20"``, or the dotted path of one's own, such as
            ``"my_metrics.first_hit@20"``; its direction says whether more or less is better.
        patience: validations without a better value after which training ends; None never ends it.
        min_delta: by how much a value must be better to count.

    Raises:
        ValueError: a number is out of range, or the metric cannot be found or has no direction.
    """

    monitor: str = "ndcg@20"
    patience: int | None = 10
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        check(
            self.patience is None or self.patience >= 1, f"stopping.patience: expected at least 1, got {self.patience}."
        )
        check(self.min_delta >= 0, f"stopping.min_delta: expected at least 0, got {self.min_delta}.")
        check(
            self.metric.larger_is_better is not None,
            f"stopping.monitor: expected a metric of which more is better or less is, such as ndcg@20; got "
            f"{self.monitor}, of which neither is.",
        )

    @cached_property
    def metric(self) -> Metric:
        """What is known of the monitored metric."""
        return own_or_known(self.monitor)

    @cached_property
    def name(self) -> str:
        """The name that results give it, such as ``"first_hit@20"``."""
        return str(MetricName(self.metric.name, MetricName.read(self.monitor).k))

    def improves(self, value: float, best: float | None) -> bool:
        """Say whether a value of the monitored metric is better than the best so far by more than ``min_delta``."""
        return best is None or is_better(self.metric, value, best, by=self.min_delta)

    def value_of(self, metrics: dict[str, float]) -> float:
        """Return the monitored value.

        Raises:
            ValueError: validation did not give that metric; the message lists what it gave.
        """
        check(
            self.name in metrics,
            f"trainer.stopping.monitor: validation gives {', '.join(sorted(metrics))}; it does not give {self.name!r}.",
        )
        return metrics[self.name]
