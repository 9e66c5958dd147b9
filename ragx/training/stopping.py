"""Early stopping on a validation metric."""

from dataclasses import dataclass

from ragx.checks import check
from ragx.metrics.direction import is_better


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """Which validation metric chooses the epoch, and how long to wait for a better one.

    Args:
        monitor: name of the metric, such as ``"ndcg@20"``; its direction says whether more or less is better.
        patience: validations without a better value after which training ends; None never ends it.
        min_delta: by how much a value must be better to count.
    """

    monitor: str = "ndcg@20"
    patience: int | None = 10
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        check(
            self.patience is None or self.patience >= 1, f"stopping.patience: expected at least 1, got {self.patience}."
        )
        check(self.min_delta >= 0, f"stopping.min_delta: expected at least 0, got {self.min_delta}.")

    def improves(self, value: float, best: float | None) -> bool:
        """Say whether a value of the monitored metric is better than the best so far by more than ``min_delta``."""
        return best is None or is_better(self.monitor, value, best, by=self.min_delta)

    def value_of(self, metrics: dict[str, float]) -> float:
        """Return the monitored value.

        Raises:
            ValueError: validation did not give that metric; the message lists what it gave.
        """
        check(
            self.monitor in metrics,
            f"trainer.stopping.monitor: validation gives {', '.join(sorted(metrics))}; "
            f"it does not give {self.monitor!r}.",
        )
        return metrics[self.monitor]
