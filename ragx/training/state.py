"""Where a training stands, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from ragx.training.budget import Epochs

EDGE = " (the largest weight tried)"


@dataclass
class Progress:
    """All of a run's state beside model and optimiser; it goes into every checkpoint.

    Args:
        steps: steps finished.
        loss_sum: sum of the losses of the round under way.
        best_value: best monitored value so far.
        best_epoch: epochs behind the model when it was reached.
        stale: validations since then.
        seconds: time spent training, validation left out.
        log_size: bytes of the log that belong to this state.
        history: one record for each finished round.
    """

    steps: int = 0
    loss_sum: float = 0.0
    best_value: float | None = None
    best_epoch: Epochs = 0
    stale: int = 0
    seconds: float = 0.0
    log_size: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        """Rounds finished."""
        return len(self.history)

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Self:
        """Return what a checkpoint holds; earlier versions counted epochs and the steps within them besides.

        Raises:
            KeyError: something is missing.
        """
        return cls(**{known.name: state[known.name] for known in fields(cls)})


@dataclass(frozen=True)
class FitResult:
    """What a training came to.

    Args:
        epochs: epochs finished, a part of one where the training ends within it.
        best_epoch: epochs after which the model that was kept was reached.
        planned_epochs: epochs the learning-rate schedule was laid out for.
        best: validation metrics of that model; empty without validation.
        history: one record for each round.
        seconds: time spent training, validation left out.
        resumed_at: step, counted over all epochs, at which an unfinished training was taken up, or None.
        choices: numbers by name that validation chose after the training, which a refit takes.
        largest: names of those that are the largest tried.
    """

    epochs: Epochs
    best_epoch: Epochs
    planned_epochs: Epochs
    best: dict[str, float]
    history: list[dict[str, float]]
    seconds: float
    resumed_at: int | None
    choices: Mapping[str, float] = field(default_factory=dict)
    largest: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the plain values."""
        return dict(vars(self))


def measured(record: Mapping[str, float]) -> tuple[dict[str, float], int]:
    """Return the values of a round, and what they are recorded at: its last step, or its epoch where epochs end rounds.

    Args:
        record: a record of a training's history.
    """
    values = {name: value for name, value in record.items() if name not in ("epoch", "step")}
    return values, int(record.get("step", record["epoch"]))


def fit_sentence(fit: Mapping[str, Any]) -> str:
    """Say which epoch was kept, of what a run records of its training; of a closed form, that it had none."""
    if not fit["epochs"]:
        return "fitted in one calculation"
    choices = fit.get("choices", {})
    added = [
        f"{name} {weight:g}" + EDGE * (name in fit.get("largest", ())) for name, weight in choices.items() if weight
    ]
    mixed = f", added as validation chose: {', '.join(added)}" if added else ", nothing added" if choices else ""
    return f"kept epoch {fit['best_epoch']} of {fit['epochs']}{mixed}"


def fit_numbers(fit: Mapping[str, Any]) -> dict[str, Epochs]:
    """Return what a tracker is told at the end of what a run records of its training."""
    return {"best_epoch": fit["best_epoch"]}
