"""The one loop: rounds of steps, validation, the best model kept, checkpoints that a resume takes up."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from ragx.random import seed_modules
from ragx.training.budget import Budget
from ragx.training.interruption import Interrupted, SignalWatch, TrainingDivergedError
from ragx.training.keeper import Keeper
from ragx.training.progress import NoProgress, ProgressView
from ragx.training.schedule import Schedule
from ragx.training.state import Progress, measured
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
    """The parts of one training while it runs: ``settings`` say how, ``step`` what a group of batches gives.

    The learning rate is laid out for ``planned`` steps, of which a refit may run a part.
    """

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
    budget: Budget = field(default_factory=lambda: Budget(1, 1))
    planned: int = 1
    rates: Sequence[float] = ()
    tracker: Tracker = field(default_factory=NoTracker)
    view: ProgressView = field(default_factory=NoProgress)
    watch: SignalWatch = field(default_factory=SignalWatch)
    taken_up: int | None = None

    def run(self, validate: Validate | None) -> None:
        """Run what is left of the budget, or until validation has been stale for long enough."""
        if self.is_over(validate):
            self.taken_up = None  # a training that was whole is not taken up
        elif self.taken_up is not None:
            self.view.taken_up(self.taken_up, self.budget)
        while not self.is_over(validate):
            end = self.budget.steps_after(self.progress.rounds + 1)
            self.view.begin_round(self.progress.steps, self.budget)
            self.wrapped.train()
            while self.progress.steps < end:
                self.train_step()
                if self.step_of_epoch % self.settings.checkpoint_every == 0 and self.progress.steps < end:
                    self.save()
                if self.watch.received is not None:
                    self.save()
                    raise Interrupted(self.watch.received)
            self.end_round(validate)
            if self.watch.received is not None:
                raise Interrupted(self.watch.received)

    def is_over(self, validate: Validate | None) -> bool:
        """Say whether there is nothing left to train."""
        patience = self.settings.stopping.patience
        stale = bool(validate and patience and self.progress.stale >= patience)
        return stale or self.progress.rounds >= self.budget.rounds

    @property
    def step_of_epoch(self) -> int:
        """Steps taken since the epoch under way began."""
        return self.progress.steps % self.budget.per_epoch

    def train_step(self) -> None:
        """Take one optimiser step on keyed batches, with keyed draws inside the layers."""
        start = time.perf_counter()
        progress = self.progress
        epoch, step = divmod(progress.steps, self.budget.per_epoch)
        seed_modules(self.seed, "modules", epoch, step, self.fabric.global_rank)
        share = self.settings.batches_per_propagation
        first = step * share
        group = [self.batches.batch(epoch, s) for s in range(first, min(first + share, len(self.batches)))]
        factor = self.settings.schedule.factor(progress.steps, self.planned)
        for rate, parameters in zip(self.rates, self.optimizer.param_groups, strict=True):
            parameters["lr"] = rate * factor
        self.optimizer.zero_grad()
        loss = float(self.step(self.fabric, self.wrapped, group))
        if not math.isfinite(loss):
            raise TrainingDivergedError(
                f"The loss became {loss} in epoch {epoch + 1}, step {step + 1}. "
                f"{self.keeper.last_good()} Try a smaller learning rate, trainer.clip_norm=1 or a larger temperature."
            )
        if self.settings.clip_norm:
            self.fabric.clip_gradients(self.wrapped, self.optimizer, max_norm=self.settings.clip_norm)
        self.optimizer.step()
        progress.steps += 1
        progress.loss_sum += loss
        progress.seconds += time.perf_counter() - start
        self.view.step(progress.steps, loss)

    def end_round(self, validate: Validate | None) -> None:
        """Close the round: loss, validation where it is due, best model, log, checkpoint."""
        progress, budget = self.progress, self.budget
        rounds, epoch = progress.rounds + 1, budget.epochs_of(progress.steps)
        loss = progress.loss_sum / (progress.steps - budget.steps_after(progress.rounds))
        record = {"epoch": epoch, "loss": loss}
        if budget.validations is not None:
            record = {"epoch": epoch, "step": progress.steps, "loss": loss}
        progress.loss_sum = 0.0
        if validate and budget.is_due(rounds):
            self.check_weights()
            self.model.eval()
            metrics = validate(self.model)
            value = self.settings.stopping.value_of(metrics)
            record |= metrics
            if self.settings.stopping.improves(value, progress.best_value):
                progress.best_value, progress.best_epoch, progress.stale = value, epoch, 0
                self.keeper.keep_best(self.model, progress)
            else:
                progress.stale += 1
        elif not validate:
            progress.best_epoch = epoch
        progress.history.append(record)
        self.keeper.log({**record, "seconds": round(progress.seconds, 3)})
        self.tracker.log(*measured(record))
        self.view.end_round(record, progress.best_epoch)
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
                    f"{name} became infinite or NaN {self._position()}. "
                    f"{self.keeper.last_good()} Try a smaller learning rate or trainer.clip_norm=1."
                )

    def _position(self) -> str:
        epoch, step = divmod(max(self.progress.steps - 1, 0), self.budget.per_epoch)
        return f"in epoch {epoch + 1}, step {step + 1}"
