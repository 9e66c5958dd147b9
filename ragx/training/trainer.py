"""The settings of the one loop, and its doors: for a model on a graph, and for anything with batches and a step."""

import math
from dataclasses import dataclass, field
from typing import Unpack

from torch import nn

from ragx.checks import check, check_positive
from ragx.data.batches import PairBatches
from ragx.data.interactions import Interactions
from ragx.graph.graph import Graph
from ragx.objectives.base import ViewObjective
from ragx.training.budget import Budget, Epochs
from ragx.training.engine import Engine, deterministic_algorithms
from ragx.training.interruption import SignalWatch
from ragx.training.keeper import Keeper
from ragx.training.loop import Loop
from ragx.training.options import FitOptions, OptimizerFactory, Trainee, Training, check_names
from ragx.training.progress import NoProgress
from ragx.training.schedule import Schedule
from ragx.training.state import FitResult
from ragx.training.step import Batches, OnGraph, Sampler, training_step
from ragx.training.stopping import Stopping
from ragx.training.trackers import NoTracker


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """Settings of the loop; :meth:`fit` runs it.

    Args:
        max_epochs: epochs at most.
        max_steps: steps at most; None sets no bound. Where ``validations`` is None they are rounded up to whole epochs.
        batch_size: positive pairs in a mini-batch.
        batches_per_propagation: mini-batches that share one propagation and one optimiser step; the effective batch
            is that many times larger.
        validations: validations in all, after equal numbers of steps; None validates where epochs end.
        validate_every: epochs between validations, where ``validations`` is None.
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
    validations: int | None = None
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
        for name in ("max_steps", "validations", "clip_norm"):
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
        sampler: Sampler = PairBatches,
        **options: Unpack[FitOptions],
    ) -> FitResult:
        """Train ``model`` in place and leave it as it was after its best epoch, or, without validation, its last.

        Args:
            model: maps the graph to the final embeddings of all nodes.
            graph: graph of the train part.
            train: train part, whose pairs are the positives.
            objective: loss.
            optimizer: called with the parameters, such as ``functools.partial(torch.optim.Adam, lr=1e-3)``.
            sampler: makes the batches of ``train``, see :class:`ragx.training.Sampler`.
            **options: seed, validation, folder and more, see :class:`ragx.training.FitOptions`.

        Raises:
            TrainingDivergedError: a loss is not finite.
            Interrupted: SIGINT or SIGTERM came; the state is saved when there is a folder.
            TypeError: there is no such option.
        """
        device = self.engine.fabric().device
        return self.train(
            model=model,
            module=OnGraph(model, graph.to(device)),
            batches=sampler(
                train, batch_size=self.batch_size, seed=options.get("seed", 0), negatives=objective.negatives
            ),
            step=lambda fabric, module, group: training_step(fabric, module, objective, group),
            optimizer=optimizer,
            **options,
        )

    def train(self, **training: Unpack[Training]) -> FitResult:
        """Train a model in place, whatever its batches and steps are, as :meth:`fit` trains a model on a graph.

        Args:
            **training: see :class:`ragx.training.Training`.

        Raises:
            TrainingDivergedError: a loss is not finite.
            Interrupted: SIGINT or SIGTERM came; the state is saved when there is a folder.
            TypeError: an argument is missing or there is none of its name.
        """
        check_names(training, Training)
        keeper = Keeper(training.get("folder"), training.get("identity", ""))
        loop, model, validate = self._loop(training, keeper), training["model"], training.get("validate")
        whole = self.budget(training["batches"], training.get("planned_epochs"))
        budget = loop.budget = self.budget(
            training["batches"], training.get("epochs") or training.get("planned_epochs")
        )
        progress = loop.progress = keeper.resume(model, loop.optimizer.optimizer)
        loop.seed, loop.planned = training.get("seed", 0), whole.steps
        loop.tracker, loop.view = training.get("tracker") or NoTracker(), training.get("view") or NoProgress()
        loop.taken_up = progress.steps if keeper.resumed else None
        with deterministic_algorithms(loop.fabric.device), SignalWatch() as loop.watch, loop.view:
            loop.run(validate)
        model.load_state_dict(keeper.best(model, progress))
        best = next((row for row in progress.history if row["epoch"] == progress.best_epoch), {})
        metrics = {name: value for name, value in best.items() if name not in ("epoch", "step", "loss")}
        return FitResult(
            epochs=budget.epochs_of(progress.steps),
            best_epoch=progress.best_epoch,
            planned_epochs=budget.epochs_of(whole.steps),
            best=metrics if validate else {},
            history=progress.history,
            seconds=progress.seconds,
            resumed_at=loop.taken_up,
        )

    def seconds_of_steps(self, number: int, **trainee: Unpack[Trainee]) -> list[float]:
        """Return the seconds that each of the first steps of a training takes; the model is not what it was after it.

        Args:
            number: how many steps.
            **trainee: what is trained, as in :meth:`train`.
        """
        check_names(trainee, Trainee)
        loop = self._loop(trainee, Keeper(None, ""))
        loop.budget, took = self.budget(trainee["batches"]), []
        for _ in range(number):
            before = loop.progress.seconds
            loop.train_step()
            took.append(loop.progress.seconds - before)
        return took

    def budget(self, batches: Batches, epochs: Epochs | None = None) -> Budget:
        """Return how long a training on ``batches`` is at most.

        Args:
            batches: the batches of every epoch.
            epochs: an exact number of epochs, in place of ``max_epochs`` and ``max_steps``.
        """
        per_epoch = math.ceil(len(batches) / self.batches_per_propagation)
        if epochs is not None:
            steps = max(round(epochs * per_epoch), 1)
        elif self.max_steps is None:
            steps = self.max_epochs * per_epoch
        else:
            rounded = self.max_steps if self.validations else math.ceil(self.max_steps / per_epoch) * per_epoch
            steps = min(self.max_epochs * per_epoch, rounded)
        return Budget(steps, per_epoch, self.validations, 1 if self.validations else self.validate_every)

    def _loop(self, trainee: Trainee, keeper: Keeper) -> Loop:
        fabric, model, batches = self.engine.fabric(), trainee["model"], trainee["batches"]
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        wrapped, stepper = fabric.setup(trainee["module"], trainee["optimizer"](parameters))
        rates = [group["lr"] for group in stepper.param_groups]  # before a checkpoint brings those of its moment
        loop = Loop(self, fabric, model, wrapped, stepper, trainee["step"], batches, keeper)
        loop.rates = rates
        return loop
