"""Where a training stands, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """All of a run's state beside model and optimiser; it goes into every checkpoint.

    Args:
        epoch: epochs finished.
        step: steps finished within the epoch under way.
        steps: steps finished over all epochs.
        loss_sum: sum of the losses of those steps.
        best_value: best monitored value so far.
        best_epoch: epochs finished when it was reached.
        stale: validations since then.
        seconds: time spent training, validation left out.
        log_size: bytes of the log that belong to this state.
        history: one record for each finished epoch.
    """

    epoch: int = 0
    step: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    best_value: float | None = None
    best_epoch: int = 0
    stale: int = 0
    seconds: float = 0.0
    log_size: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class FitResult:
    """What a training came to.

    Args:
        epochs: epochs finished.
        best_epoch: epochs after which the model that was kept was reached.
        planned_epochs: epochs the learning-rate schedule was laid out for.
        best: validation metrics of that model; empty without validation.
        history: one record for each epoch.
        seconds: time spent training, validation left out.
        resumed_at: step, counted over all epochs, at which an unfinished training was taken up, or None.
    """

    epochs: int
    best_epoch: int
    planned_epochs: int
    best: dict[str, float]
    history: list[dict[str, float]]
    seconds: float
    resumed_at: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return the plain values."""
        return dict(vars(self))


def fit_sentence(fit: Mapping[str, Any]) -> str:
    """Say which epoch was kept, of what a run records of its training; of a closed form, that it had none."""
    return f"kept epoch {fit['best_epoch']} of {fit['epochs']}" if fit["epochs"] else "fitted in one calculation"


def fit_numbers(fit: Mapping[str, Any]) -> dict[str, int]:
    """Return what a tracker is told at the end of what a run records of its training."""
    return {"best_epoch": fit["best_epoch"]}
