"""The one loop."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from ragx.checks import check, check_positive
from ragx.data.batches import PairBatches
from ragx.data.interactions import Interactions
from ragx.graph.graph import Graph
from ragx.objectives.base import ViewObjective
from ragx.random import seed_modules
from ragx.training.engine import Engine, deterministic_algorithms
from ragx.training.interruption import Interrupted, SignalWatch, TrainingDivergedError
from ragx.training.keeper import Keeper
from ragx.training.progress import NoProgress, ProgressView
from ragx.training.schedule import Schedule
from ragx.training.state import FitResult, Progress
from ragx.training.step import OnGraph, training_step
from ragx.training.stopping import Stopping
from ragx.training.trackers import NoTracker, Tracker

Validate = Callable[[nn.Module], dict[str, float]]
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

        Raises:
            TrainingDivergedError: a loss is not finite.
            Interrupted: SIGINT or SIGTERM came; the state is saved when there is a folder.
        """
        fabric = self.engine.fabric()
        batches = PairBatches(train, batch_size=self.batch_size, seed=seed, negatives=objective.negatives)
        steps = math.ceil(len(batches) / self.batches_per_propagation)
        planned = planned_epochs or self.max_epochs
        if self.max_steps is not None and planned_epochs is None:
            planned = min(planned, math.ceil(self.max_steps / steps))
        keeper = Keeper(folder, identity)
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        graph = graph.to(fabric.device)
        wrapped, stepper = fabric.setup(OnGraph(model, graph), optimizer(parameters))
        rates = [group["lr"] for group in stepper.param_groups]  # before a checkpoint brings those of its moment
        progress = keeper.resume(model, stepper.optimizer)
        loop = _Loop(self, fabric, model, wrapped, stepper, graph, objective, batches, keeper, progress)
        loop.seed, loop.steps, loop.planned, loop.rates = seed, steps, planned, rates
        loop.tracker, loop.view = tracker or NoTracker(), view or NoProgress()
        loop.taken_up = progress.steps if keeper.resumed else None
        with deterministic_algorithms(fabric.device), SignalWatch() as loop.watch, loop.view:
            loop.run(epochs or planned, validate)
        model.load_state_dict(keeper.best(model, progress))
        best = next((row for row in progress.history if row["epoch"] == progress.best_epoch), {})
        metrics = {name: value for name, value in best.items() if name not in ("epoch", "loss")} if validate else {}
        return FitResult(
            progress.epoch, progress.best_epoch, planned, metrics, progress.history, progress.seconds, loop.taken_up
        )


@dataclass(eq=False)
class _Loop:
    """The parts of one training while it runs."""

    settings: Trainer
    fabric: Fabric
    model: nn.Module
    wrapped: nn.Module
    optimizer: Any
    graph: Graph
    objective: ViewObjective
    batches: PairBatches
    keeper: Keeper
    progress: Progress
    seed: int = 0
    steps: int = 0
    planned: int = 0
    rates: Sequence[float] = ()
    tracker: Tracker = field(default_factory=NoTracker)
    view: ProgressView = field(default_factory=NoProgress)
    watch: SignalWatch = field(default_factory=SignalWatch)
    taken_up: int | None = None

    def run(self, epochs: int, validate: Validate | None) -> None:
        """Run what is left of ``epochs`` epochs, or until validation has been stale for long enough."""
        if self.is_over(epochs, validate):
            self.taken_up = None  # a training that was whole is not taken up
        elif self.taken_up is not None:
            self.view.taken_up(self.taken_up, self.steps)
        while not self.is_over(epochs, validate):
            self.view.epoch(self.progress.epoch, epochs, self.steps)
            self.wrapped.train()
            while self.progress.step < self.steps:
                self.train_step()
                if self.progress.step % self.settings.checkpoint_every == 0 and self.progress.step < self.steps:
                    self.save()
                if self.watch.received is not None:
                    self.save()
                    raise Interrupted(self.watch.received)
            self.end_epoch(epochs, validate)
            if self.watch.received is not None:
                raise Interrupted(self.watch.received)

    def is_over(self, epochs: int, validate: Validate | None) -> bool:
        """Say whether there is nothing left to train."""
        patience = self.settings.stopping.patience
        return self.progress.epoch >= epochs or bool(validate and patience and self.progress.stale >= patience)

    def train_step(self) -> None:
        """Take one optimiser step on keyed batches, with keyed draws inside the layers."""
        start = time.perf_counter()
        progress = self.progress
        seed_modules(self.seed, "modules", progress.epoch, progress.step, self.fabric.global_rank)
        share = self.settings.batches_per_propagation
        first = progress.step * share
        group = [self.batches.batch(progress.epoch, s) for s in range(first, min(first + share, len(self.batches)))]
        factor = self.settings.schedule.factor(progress.epoch * self.steps + progress.step, self.planned * self.steps)
        for rate, parameters in zip(self.rates, self.optimizer.param_groups, strict=True):
            parameters["lr"] = rate * factor
        self.optimizer.zero_grad()
        loss = float(training_step(self.fabric, self.wrapped, self.objective, group))
        if not math.isfinite(loss):
            raise TrainingDivergedError(
                f"The loss became {loss} in epoch {progress.epoch + 1}, step {progress.step + 1}. "
                f"{self.keeper.last_good()} Try a smaller learning rate, trainer.clip_norm=1 or a larger temperature."
            )
        if self.settings.clip_norm:
            self.fabric.clip_gradients(self.wrapped, self.optimizer, max_norm=self.settings.clip_norm)
        self.optimizer.step()
        progress.step += 1
        progress.steps += 1
        progress.loss_sum += loss
        progress.seconds += time.perf_counter() - start
        self.view.step(progress.step, loss)

    def end_epoch(self, epochs: int, validate: Validate | None) -> None:
        """Close the epoch: loss, validation where it is due, best model, log, checkpoint."""
        progress = self.progress
        progress.epoch += 1
        record = {"epoch": progress.epoch, "loss": progress.loss_sum / self.steps}
        progress.step, progress.loss_sum = 0, 0.0
        due = progress.epoch % self.settings.validate_every == 0 or progress.epoch == epochs
        if validate and due:
            self.check_weights()
            self.model.eval()
            metrics = validate(self.model)
            value = self.settings.stopping.value_of(metrics)
            record |= metrics
            if progress.best_value is None or value > progress.best_value + self.settings.stopping.min_delta:
                progress.best_value, progress.best_epoch, progress.stale = value, progress.epoch, 0
                self.keeper.keep_best(self.model, progress)
            else:
                progress.stale += 1
        elif not validate:
            progress.best_epoch = progress.epoch
        progress.history.append(record)
        self.keeper.log({**record, "seconds": round(progress.seconds, 3)})
        self.tracker.log({name: value for name, value in record.items() if name != "epoch"}, progress.epoch)
        self.view.end_epoch(record, progress.best_epoch)
        self.save()

    def save(self) -> None:
        """Write the checkpoint that a resume takes up."""
        self.check_weights()
        self.keeper.save(self.model, self.optimizer.optimizer, self.progress)

    def check_weights(self) -> None:
        """Raise :class:`TrainingDivergedError` where a weight is no finite number, before it is kept or ranked by."""
        for name, parameter in self.model.named_parameters():
            if not bool(parameter.detach().isfinite().all()):
                raise TrainingDivergedError(
                    f"{name} became infinite or NaN in epoch {self.progress.epoch + 1}, step {self.progress.step}. "
                    f"{self.keeper.last_good()} Try a smaller learning rate or trainer.clip_norm=1."
                )
