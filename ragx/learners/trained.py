"""A model of nodes, trained on a graph by the one loop."""

import math
import time
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

from ragx.data.features import feature_joins
from ragx.data.interactions import Interactions
from ragx.data.negatives import TrainPairs
from ragx.data.problem import Problem
from ragx.data.split import Split
from ragx.evaluation.diagnostics import Diagnostics
from ragx.graph.graph import Graph
from ragx.learners.learner import Cost, Fitted, Settings, Stage, Validate
from ragx.learners.memory import check_fits, explain, is_enough, needed_bytes
from ragx.learners.node_models import Parts, build_model, features_for
from ragx.models.node_model import NodeModel
from ragx.objectives.base import ViewObjective
from ragx.random import seed_modules
from ragx.training.state import FitResult
from ragx.training.step import OnGraph, training_step
from ragx.training.trainer import Trainer
from ragx.typing import Tensor

PARTS = ("graph", "layer", "objective", "sampler", "optimizer", "trainer", "diagnostics")
"""The groups of a config that it is made of, beside the model."""
SHOWN, MEASURED_STEPS = 3, 2


class Trained:
    """Trains a model of nodes on the graph of a split's evidence.

    Args:
        parts: the bound config.
        settings: seed and features.
    """

    def __init__(self, parts: Parts, settings: Settings) -> None:
        self.parts, self.settings = parts, settings

    @cached_property
    def trainer(self) -> Trainer:
        """The settings of the loop."""
        trainer: Trainer = self.parts["trainer"].build()
        return trainer

    @property
    def device(self) -> str:
        """Kind of device the loop runs on."""
        return self.trainer.engine.device_kind

    @property
    def decisive(self) -> Mapping[str, Any]:
        """Precision and device."""
        return {"precision": self.trainer.engine.precision, "device": self.device}

    @property
    def tables_read(self) -> set[str]:
        """The tables that features are made of, where they are asked for."""
        return {"users", "items"} if self.settings.features else set()

    def check(self, problem: Problem[Any]) -> list[str]:
        """Say how many users and items have the features that are asked for.

        Raises:
            ValueError: none has.
        """
        return feature_joins(problem.dataset, self._split(problem).evidence) if self.settings.features else []

    def fit(self, problem: Problem[Any], stage: Stage) -> Fitted:
        """Train on the train part, or, given what was chosen there, as long on train and validation.

        Raises:
            DoesNotFitError: there is too little memory.
            TrainingDivergedError: a loss is not finite.
        """
        split = self._split(problem)
        graph, features = self._graph(split, stage.refit)
        check_fits(self.parts, self.device, graph, features)
        seed_modules(self.settings.seed, "model")
        model = build_model(self.parts, graph, features)
        objective: ViewObjective = self.parts["objective"].build()
        train = split.learned_from(stage.refit)
        _name_users_left_out(train, objective, stage)
        chosen = stage.chosen
        try:
            result = self.trainer.fit(
                model=model,
                graph=graph,
                train=train,
                objective=objective,
                sampler=lambda interactions, **options: self.parts["sampler"].build(train=interactions, **options),
                optimizer=lambda parameters: self.parts["optimizer"].build(params=parameters),
                seed=self.settings.seed,
                validate=partial(self._validate, graph, stage.validate) if stage.validate else None,
                folder=stage.folder,
                identity=stage.identity,
                epochs=chosen.best_epoch if chosen else None,
                planned_epochs=chosen.planned_epochs if chosen else None,
                tracker=stage.tracker,
                view=stage.view,
            )
        except Exception as error:
            raise explain(error, self.parts, self.device, graph, features) from error
        return _fitted(model, graph, result)

    def restore(self, problem: Problem[Any], weights: Mapping[str, Tensor], refit: bool) -> Fitted:
        """Return a trained model from its weights.

        Raises:
            ValueError: the weights do not fit the parts.
        """
        graph, features = self._graph(self._split(problem), refit)
        model = build_model(self.parts, graph, features)
        try:
            model.load_state_dict(dict(weights))
        except (KeyError, RuntimeError, TypeError, AttributeError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"the checkpoint does not fit the run's config ({reason}).") from None
        return _fitted(model.eval(), graph, FitResult(0, 0, 0, {}, [], 0.0, None))

    def cost(self, problem: Problem[Any], validate: Validate) -> Cost:
        """Return what a training is expected to take, from a few of its steps and validations."""
        split = self._split(problem)
        graph, features = self._graph(split, refit=False)
        memory = needed_bytes(self.parts, graph, features)
        if not is_enough(self.device, memory):
            return Cost(math.nan, memory)
        seed_modules(self.settings.seed, "model")
        trainer, objective = self.trainer, self.parts["objective"].build()
        model = build_model(self.parts, graph, features)
        batches = self.parts["sampler"].build(
            train=split.train, batch_size=trainer.batch_size, seed=0, negatives=objective.negatives
        )
        graph = graph.to(trainer.engine.fabric().device)
        took = trainer.seconds_of_steps(
            MEASURED_STEPS + 1,  # the first one makes what the others find made
            model=model,
            module=OnGraph(model, graph),
            batches=batches,
            step=lambda fabric, module, group: training_step(fabric, module, objective, group),
            optimizer=lambda parameters: self.parts["optimizer"].build(params=parameters),
        )
        validation = min(_seconds_of(validate, model, graph) for _ in range(MEASURED_STEPS))
        steps = trainer.steps_of(batches)
        most = trainer.max_epochs
        epochs = min(most, math.ceil(trainer.max_steps / steps) if trainer.max_steps else most)
        return Cost(epochs * (steps * min(took[1:]) + validation / trainer.validate_every), memory)

    def _split(self, problem: Problem[Any]) -> Split:
        if not isinstance(problem, Split):
            raise ValueError(
                f"model: {self.parts['model'].name} learns from users and items, and the task gives "
                f"{type(problem.train).__name__}; choose a model that learns from those, such as a closed form."
            )
        return problem

    def _graph(self, split: Split, refit: bool) -> tuple[Graph, Tensor | None]:
        """Return the graph that the model works on, and the features of its nodes."""
        evidence = split.evidence_and_validation if refit else split.evidence
        graph: Graph = self.parts["graph"].build(interactions=evidence)
        return graph, features_for(split.dataset, evidence, self.settings.features)

    def _validate(self, graph: Graph, validate: Validate, model: Any) -> dict[str, float]:
        diagnostics: Diagnostics = self.parts["diagnostics"].build()
        return validate(model.scorer(graph)) | diagnostics.measure(model, graph)


def _fitted(model: NodeModel, graph: Graph, result: FitResult) -> Fitted:
    return Fitted(
        predictor=model.scorer(graph),
        weights=model.state_dict(),
        result=result,
        model=model,
        graph=graph,
        knows_strangers=model.features is not None,
    )


def _seconds_of(validate: Validate, model: NodeModel, graph: Graph) -> float:
    """Return the seconds of one validation."""
    began = time.perf_counter()
    validate(model.scorer(graph))
    return time.perf_counter() - began


def _name_users_left_out(train: Interactions, objective: ViewObjective, stage: Stage) -> None:
    """Name the users who have every item, so that an objective that draws negatives cannot learn from their pairs."""
    if objective.negatives is None:
        return
    left_out = objective.negatives.sampler(TrainPairs.of(train)).users_without
    if len(left_out):
        names = ", ".join(map(repr, train.users.outside(left_out[:SHOWN].numpy())))
        stage.say(
            f"No negative can be drawn for {len(left_out):,} of {train.num_users:,} users, who have every item: "
            f"{names}. Their pairs stay in the graph and are left out of the objective."
        )
