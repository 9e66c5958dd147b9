"""A model trained by the one loop, whatever it learns from."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import nn

from ragx.data.problem import Problem
from ragx.learners.learner import Cost, Fitted, Settings, Stage, Validate
from ragx.learners.memory import check_fits, explain, is_enough
from ragx.models.training_setup import TrainingSetup
from ragx.parts import Part
from ragx.random import seed_modules
from ragx.training.options import Trainee
from ragx.training.state import FitResult
from ragx.training.trainer import Trainer
from ragx.typing import Tensor

MEASURED_STEPS = 2


class Trained:
    """Trains a model on what its setup makes of a problem; checkpoints, refits and costs are the same for every kind.

    Args:
        parts: the bound config.
        settings: seed and features.
        setup: what a training of the kind of model is made of.

    Raises:
        ValueError: features are asked for, and models of this kind take none.
    """

    def __init__(self, parts: Mapping[str, Part], settings: Settings, setup: type[TrainingSetup]) -> None:
        setup.check_features(parts, settings.features)
        self.parts, self.settings, self.setup = parts, settings, setup

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
        return self.setup.tables_read(self.settings.features)

    def check(self, problem: Problem[Any]) -> list[str]:
        """Check that the data has what the model learns from, and say for how many units it has.

        Raises:
            ValueError: something is missing.
        """
        return self._setup(problem).joins()

    def fit(self, problem: Problem[Any], stage: Stage) -> Fitted:
        """Train on the train part, or, given what was chosen there, as long on train and validation.

        Raises:
            DoesNotFitError: there is too little memory.
            TrainingDivergedError: a loss is not finite.
        """
        setup = self._setup(problem, stage.refit)
        check_fits(setup, self.device)
        seed_modules(self.settings.seed, "model")
        model = setup.model()
        for sentence in setup.sentences():
            stage.say(sentence)
        chosen = stage.chosen
        try:
            result = self.trainer.train(
                **self._trainee(setup, model, self.settings.seed),
                seed=self.settings.seed,
                validate=partial(_validate, setup, stage.validate) if stage.validate else None,
                folder=stage.folder,
                identity=stage.identity,
                epochs=chosen.best_epoch if chosen else None,
                planned_epochs=chosen.planned_epochs if chosen else None,
                tracker=stage.tracker,
                view=stage.view,
            )
        except Exception as error:
            raise explain(error, setup, self.device) from error
        if chosen:
            setup.adopt(model, chosen.choices)
        elif stage.validate:
            result = self._choose(setup, model, stage.validate, result)
        return _fitted(setup, model, result)

    def _choose(self, setup: TrainingSetup, model: nn.Module, validate: Validate, result: FitResult) -> FitResult:
        """Let validation choose what training does not teach, and return the result with the values of that choice."""
        seen: dict[float, dict[str, float]] = {}
        stopping = self.trainer.stopping

        def value_of(model: nn.Module) -> float:
            values = _validate(setup, validate, model)
            value = stopping.value_of(values)
            seen[value] = values
            return value

        choices = setup.choose(model, value_of, stopping.improves)
        if not seen:
            return result
        best = next(seen[value] for value in seen if not any(stopping.improves(other, value) for other in seen))
        return replace(result, best=best, choices=choices, largest=setup.largest(choices))

    def restore(self, problem: Problem[Any], weights: Mapping[str, Tensor], refit: bool) -> Fitted:
        """Return a trained model from its weights.

        Raises:
            ValueError: the weights do not fit the parts.
        """
        setup = self._setup(problem, refit)
        model = setup.model()
        try:
            model.load_state_dict(dict(weights))
        except (KeyError, RuntimeError, TypeError, AttributeError) as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"the checkpoint does not fit the run's config ({reason}).") from None
        return _fitted(setup, model.eval(), FitResult(0, 0, 0, {}, [], 0.0, None))

    def cost(self, problem: Problem[Any], validate: Validate) -> Cost:
        """Return what a training is expected to take, from a few of its steps and validations."""
        setup, trainer = self._setup(problem), self.trainer
        memory = setup.needed_bytes()
        if not is_enough(self.device, memory):
            return Cost(math.nan, memory)
        seed_modules(self.settings.seed, "model")
        model = setup.model()
        trainee = self._trainee(setup, model, seed=0)
        took = trainer.seconds_of_steps(MEASURED_STEPS + 1, **trainee)  # the first makes what the others find made
        validation = min(_seconds_of(validate, setup, model) for _ in range(MEASURED_STEPS))
        budget = trainer.budget(trainee["batches"])
        return Cost(budget.steps * min(took[1:]) + budget.num_validations * validation, memory)

    def _setup(self, problem: Problem[Any], refit: bool = False) -> TrainingSetup:
        return self.setup(self.parts, problem, refit=refit, features=self.settings.features)

    def _trainee(self, setup: TrainingSetup, model: nn.Module, seed: int) -> Trainee:
        device: torch.device = self.trainer.engine.fabric().device
        return {
            "model": model,
            "module": setup.module(model, device),
            "batches": setup.batches(self.trainer.batch_size, seed),
            "step": setup.step,
            "optimizer": lambda parameters: self.parts["optimizer"].build(params=parameters),
        }


def _validate(setup: TrainingSetup, validate: Validate, model: nn.Module) -> dict[str, float]:
    return validate(setup.predictor(model, "validation")) | setup.measures(model)


def _fitted(setup: TrainingSetup, model: nn.Module, result: FitResult) -> Fitted:
    return Fitted(
        predictor=setup.predictor(model, "validation"),
        weights=model.state_dict(),
        result=result,
        model=model,
        graph=setup.graph,
        knows_strangers=setup.knows_strangers(model),
        of_part=partial(setup.predictor, model) if setup.predicts_by_part else None,
    )


def _seconds_of(validate: Validate, setup: TrainingSetup, model: nn.Module) -> float:
    """Return the seconds of one validation."""
    began = time.perf_counter()
    validate(setup.predictor(model, "validation"))
    return time.perf_counter() - began
