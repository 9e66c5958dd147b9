"""What trainings are given, said once for the doors of the loop that take it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypedDict

import torch
from torch import nn

from ragx.checks import did_you_mean
from ragx.training.budget import Epochs
from ragx.training.loop import Validate
from ragx.training.progress import ProgressView
from ragx.training.step import Batches, Step
from ragx.training.trackers import Tracker

OptimizerFactory = Callable[..., torch.optim.Optimizer]


class Trainee(TypedDict):
    """What is trained, and how it takes a step.

    Args:
        model: what is trained, kept in checkpoints and validated.
        module: what ``step`` calls: the model, or a module around it.
        batches: the batches of every epoch.
        step: gives a group of batches their loss, and its gradients to the parameters.
        optimizer: called with the parameters, such as ``functools.partial(torch.optim.Adam, lr=1e-3)``.
    """

    model: nn.Module
    module: nn.Module
    batches: Batches
    step: Step
    optimizer: OptimizerFactory


class FitOptions(TypedDict, total=False):
    """What a training may be given; all of it may be left out.

    Args:
        seed: key of every draw, by default 0.
        validate: gives validation metrics of a model in evaluation mode.
        folder: where checkpoints and the log lie; an unfinished training there is taken up.
        identity: what the checkpoints belong to.
        epochs: exact number of epochs, for a refit.
        planned_epochs: epochs the schedule is laid out for, when ``epochs`` cuts it short.
        tracker: receives the curves too.
        view: shows how far training is.
    """

    seed: int
    validate: Validate | None
    folder: Path | None
    identity: str
    epochs: Epochs | None
    planned_epochs: Epochs | None
    tracker: Tracker | None
    view: ProgressView | None


class Training(Trainee, FitOptions):
    """What is trained, and what that training may be given."""


def check_names(given: Mapping[str, Any], expected: type[Trainee] | type[Training]) -> None:
    """Raise ``TypeError`` where a keyword is missing, or is none that ``expected`` has."""
    known = expected.__annotations__
    for name in given:
        if name not in known:
            raise TypeError(
                f"A training has no argument {name!r}.{did_you_mean(name, known)} Arguments: {', '.join(known)}."
            )
    missing = [name for name in Trainee.__annotations__ if name not in given]
    if missing:
        raise TypeError(f"A training is missing {', '.join(missing)}.")
