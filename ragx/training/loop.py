"""The one loop: epochs of steps, validation, the best model kept, checkpoints that a resume takes up."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from ragx.random import seed_modules
from ragx.training.interruption import Interrupted, SignalWatch, TrainingDivergedError
from ragx.training.keeper import Keeper
from ragx.training.progress import NoProgress, ProgressView
from ragx.training.schedule import Schedule
from ragx.training.state import Progress
from ragx.training.step import Batches, Step
from ragx.training.stopping import Stopping
from ragx.training.trackers import NoTracker, Tracker

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Validate = Callable[[nn.Module], dict[str, float]]


class Settings(Protocol):
    """What the loop asks of a :class:`ragx.training.Trainer`."""

    @property
    def batches_per_propagation(self) -> int:
        """Batches that share one step."""

    @property
    def checkpoint_every(self) -> int:
        """Steps between checkpoints."""

    @property
    def validate_every(self) -> int:
        """Epochs between validations."""

    @property
    def clip_norm(self) -> float | None:
        """Largest norm of the gradient."""

    @property
    def schedule(self) -> Schedule:
        """Learning-rate schedule."""

    @property
    def stopping(self) -> Stopping:
        """Early stopping."""


@dataclass(eq=False)
class Loop:
    """The parts of one training while it runs: ``settings`` say how, ``step`` what a group of batches gives."""

    settings: Settings
    fabric: "Fabric"
    model: nn.Module
    wrapped: nn.Module
    optimizer: Any
    step: Step
    batches: Batches
    keeper: Keeper
    progress: Progress = field(default_factory=Progress)
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
        loss = float(self.step(self.fabric, self.wrapped, group))
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
            if self.settings.stopping.improves(value, progress.best_value):
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
