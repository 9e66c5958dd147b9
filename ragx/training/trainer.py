"""The settings of the one loop, and its doors: for a model on a graph, and for anything with batches and a step."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from ragx.checks import check, check_positive
from ragx.data.batches import PairBatches
from ragx.data.interactions import Interactions
from ragx.graph.graph import Graph
from ragx.objectives.base import ViewObjective
from ragx.training.engine import Engine, deterministic_algorithms
from ragx.training.interruption import SignalWatch
from ragx.training.keeper import Keeper
from ragx.training.loop import Loop, Validate
from ragx.training.progress import NoProgress, ProgressView
from ragx.training.schedule import Schedule
from ragx.training.state import FitResult
from ragx.training.step import Batches, OnGraph, Sampler, Step, training_step
from ragx.training.stopping import Stopping
from ragx.training.trackers import NoTracker, Tracker

OptimizerFactory = Callable[..., torch.optim.Optimizer]


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """Settings of the loop; :meth:`fit` runs it.

    Args:
        max_epochs: epochs at most.
        max_steps: steps at most, rounded up to whole epochs; None sets no bound.
        batch_size: positive pairs in a mini-batch.
        batches_per_propagation: mini-batches that share one propagation and one optimiser step; the effective batch
            is that many times larger.
        validate_every: epochs between validations.
        checkpoint_every: steps between checkpoints, beside those at the end of every epoch.
        clip_norm: largest norm of the gradient, or None.
        refit: whether the model is trained anew on train + validation for the epochs that validation chose.
        schedule: learning-rate schedule.
        stopping: early stopping.
        engine: device and precision.
    """

    max_epochs: int = 200
    max_steps: int | None = None
    batch_size: int = 2048
    batches_per_propagation: int = 1
    validate_every: int = 1
    checkpoint_every: int = 200
    clip_norm: float | None = None
    refit: bool = False
    schedule: Schedule = field(default_factory=Schedule)
    stopping: Stopping = field(default_factory=Stopping)
    engine: Engine = field(default_factory=Engine)

    def __post_init__(self) -> None:
        for name in ("max_epochs", "batch_size", "batches_per_propagation", "validate_every", "checkpoint_every"):
            check(getattr(self, name) >= 1, f"trainer.{name}: expected at least 1, got {getattr(self, name)}.")
        for name in ("max_steps", "clip_norm"):
            if getattr(self, name) is not None:
                check_positive(f"trainer.{name}", getattr(self, name))

    def fit(
        self,
        *,
        model: nn.Module,
        graph: Graph,
        train: Interactions,
        objective: ViewObjective,
        optimizer: OptimizerFactory,
        seed: int = 0,
        validate: Validate | None = None,
        folder: Path | None = None,
        identity: str = "",
        epochs: int | None = None,
        planned_epochs: int | None = None,
        tracker: Tracker | None = None,
        view: ProgressView | None = None,
        sampler: Sampler = PairBatches,
    ) -> FitResult:
        """Train ``model`` in place and leave it as it was after its best epoch, or, without validation, its last.

        Args:
            model: maps the graph to the final embeddings of all nodes.
            graph: graph of the train part.
            train: train part, whose pairs are the positives.
            objective: loss.
            optimizer: called with the parameters, such as ``functools.partial(torch.optim.Adam, lr=1e-3)``.
            seed: key of every draw.
            validate: gives validation metrics of a model in evaluation mode.
            folder: where checkpoints and the log lie; an unfinished training there is taken up.
            identity: what the checkpoints belong to.
            epochs: exact number of epochs, for a refit.
            planned_epochs: epochs the schedule is laid out for, when ``epochs`` cuts it short.
            tracker: receives the curves too.
            view: shows how far training is.
            sampler: makes the batches of ``train``, see :class:`ragx.training.Sampler`.

        Raises:
            TrainingDivergedError: a loss is not finite.
            Interrupted: SIGINT or SIGTERM came; the state is saved when there is a folder.
        """
        device = self.engine.fabric().device
        return self.train(
            model=model,
            module=OnGraph(model, graph.to(device)),
            batches=sampler(train, batch_size=self.batch_size, seed=seed, negatives=objective.negatives),
            step=lambda fabric, module, group: training_step(fabric, module, objective, group),
            optimizer=optimizer,
            seed=seed,
            validate=validate,
            folder=folder,
            identity=identity,
            epochs=epochs,
            planned_epochs=planned_epochs,
            tracker=tracker,
            view=view,
        )

    def train(
        self,
        *,
        model: nn.Module,
        module: nn.Module,
        batches: Batches,
        step: Step,
        optimizer: OptimizerFactory,
        seed: int = 0,
        validate: Validate | None = None,
        folder: Path | None = None,
        identity: str = "",
        epochs: int | None = None,
        planned_epochs: int | None = None,
        tracker: Tracker | None = None,
        view: ProgressView | None = None,
    ) -> FitResult:
        """Train ``model`` in place, whatever its batches and steps are, as :meth:`fit` trains a model on a graph.

        Args:
            model: what is trained, kept in checkpoints and validated.
            module: what ``step`` calls: the model, or a module around it.
            batches: the batches of every epoch.
            step: gives a group of batches their loss, and its gradients to the parameters.
            optimizer: as in :meth:`fit`, like all that follow.
            seed: likewise.
            validate: likewise.
            folder: likewise.
            identity: likewise.
            epochs: likewise.
            planned_epochs: likewise.
            tracker: likewise.
            view: likewise.

        Raises:
            TrainingDivergedError: a loss is not finite.
            Interrupted: SIGINT or SIGTERM came; the state is saved when there is a folder.
        """
        loop = self._loop(model, module, batches, step, optimizer, Keeper(folder, identity))
        steps = loop.steps
        planned = planned_epochs or self.max_epochs
        if self.max_steps is not None and planned_epochs is None:
            planned = min(planned, math.ceil(self.max_steps / steps))
        progress = loop.progress = loop.keeper.resume(model, loop.optimizer.optimizer)
        loop.seed, loop.planned = seed, planned
        loop.tracker, loop.view = tracker or NoTracker(), view or NoProgress()
        loop.taken_up = progress.steps if loop.keeper.resumed else None
        with deterministic_algorithms(loop.fabric.device), SignalWatch() as loop.watch, loop.view:
            loop.run(epochs or planned, validate)
        model.load_state_dict(loop.keeper.best(model, progress))
        best = next((row for row in progress.history if row["epoch"] == progress.best_epoch), {})
        metrics = {name: value for name, value in best.items() if name not in ("epoch", "loss")} if validate else {}
        return FitResult(
            progress.epoch, progress.best_epoch, planned, metrics, progress.history, progress.seconds, loop.taken_up
        )

    def seconds_of_steps(
        self,
        number: int,
        *,
        model: nn.Module,
        module: nn.Module,
        batches: Batches,
        step: Step,
        optimizer: OptimizerFactory,
    ) -> list[float]:
        """Return the seconds that each of the first steps of a training takes; the model is not what it was after it.

        Args:
            number: how many steps.
            model: as in :meth:`train`, like all that follow.
            module: likewise.
            batches: likewise.
            step: likewise.
            optimizer: likewise.
        """
        loop = self._loop(model, module, batches, step, optimizer, Keeper(None, ""))
        loop.planned, took = 1, []
        for _ in range(number):
            before, loop.progress.step = loop.progress.seconds, loop.progress.step % loop.steps
            loop.train_step()
            took.append(loop.progress.seconds - before)
        return took

    def steps_of(self, batches: Batches) -> int:
        """Return how many optimiser steps an epoch of ``batches`` takes."""
        return math.ceil(len(batches) / self.batches_per_propagation)

    def _loop(
        self,
        model: nn.Module,
        module: nn.Module,
        batches: Batches,
        step: Step,
        optimizer: OptimizerFactory,
        keeper: Keeper,
    ) -> Loop:
        fabric = self.engine.fabric()
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        wrapped, stepper = fabric.setup(module, optimizer(parameters))
        rates = [group["lr"] for group in stepper.param_groups]  # before a checkpoint brings those of its moment
        loop = Loop(self, fabric, model, wrapped, stepper, step, batches, keeper)
        loop.steps, loop.rates = self.steps_of(batches), rates
        return loop
