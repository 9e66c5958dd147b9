"""Fits models that one calculation gives: no optimiser, no epochs, no curve."""

import inspect
import time
from collections.abc import Mapping
from typing import Any, get_type_hints

import torch

from ragx.checks import check
from ragx.data.problem import Problem
from ragx.learners.learner import Cost, DoesNotFitError, Fitted, Settings, Stage, Validate
from ragx.models.closed_form import ClosedForm
from ragx.models.progress import progress_shown_by
from ragx.parts import Part
from ragx.random import seed_modules
from ragx.ranking.memory import free_memory
from ragx.training.state import FitResult
from ragx.typing import Tensor

MOST_KEPT = 64 * 2**20
"""Bytes of weights up to which they are kept with a run; beyond, what loads it fits again."""


class ByClosedForm:
    """Fits a closed form to a problem.

    Args:
        parts: the bound config.
        settings: seed; a closed form takes no features.

    Raises:
        ValueError: features are asked for.
    """

    device = "cpu"

    def __init__(self, parts: Mapping[str, Part], settings: Settings) -> None:
        name = parts["model"].name
        check(not settings.features, f"model.features: {name} takes no features of users and items.")
        self.model: ClosedForm = parts["model"].build()
        self.settings = settings

    @property
    def decisive(self) -> Mapping[str, Any]:
        """Nothing decides beside the options of the model."""
        return {}

    @property
    def tables_read(self) -> set[str]:
        """Nothing beside the parts of the problem."""
        return set()

    def check(self, problem: Problem[Any]) -> list[str]:
        """Check nothing: a fit says by itself what it cannot learn from."""
        return []

    def fit(self, problem: Problem[Any], stage: Stage) -> Fitted:
        """Fit to the train part, or in a refit to train and validation.

        Raises:
            DoesNotFitError: there is too little memory.
        """
        train = problem.learned_from(stage.refit)
        _check_kind(self.model, train)
        needed, free = self.model.needed_bytes(train), free_memory()
        if needed > free:
            raise DoesNotFitError(
                f"The fit of {type(self.model).__name__} needs about {needed / 2**30:.2f} GiB of memory, and "
                f"{free / 2**30:.2f} GiB is free. Fewer items, as by dataset.rules.filters, would fit."
            )
        with stage.view, progress_shown_by(stage.view.share):
            fitted = self._fitted(train)
        best = stage.validate(fitted.predictor) if stage.validate else {}
        return Fitted(
            predictor=fitted.predictor,
            weights=fitted.weights,
            result=FitResult(0, 0, 0, best, [], fitted.result.seconds, None),
            model=fitted.model,
        )

    def restore(self, problem: Problem[Any], weights: Mapping[str, Tensor], refit: bool) -> Fitted:
        """Fit again, which gives what the run had.

        Args:
            problem: the data of the run.
            weights: what the run kept, which the fit is held against.
            refit: whether it had learned from validation too.

        Raises:
            ValueError: the fit gives other weights.
        """
        fitted = self._fitted(problem.learned_from(refit))
        same = all(name in fitted.weights and weights[name].shape == fitted.weights[name].shape for name in weights)
        check(same, "the fit gives weights of other names or shapes than the run kept.")
        return fitted

    def cost(self, problem: Problem[Any], validate: Validate) -> Cost:
        """Return the memory of a fit; nobody knows its time before it is done."""
        return Cost(None, self.model.needed_bytes(problem.train))

    def _fitted(self, train: Any) -> Fitted:
        seed_modules(self.settings.seed, "model")
        began = time.perf_counter()
        predictor = self.model.fit(train)
        seconds = time.perf_counter() - began
        weights: Mapping[str, Tensor] = getattr(predictor, "weights", {})
        size = sum(weight.numel() * weight.element_size() for weight in weights.values())
        return Fitted(
            predictor=predictor,
            weights={name: torch.as_tensor(weight) for name, weight in weights.items()} if size <= MOST_KEPT else {},
            result=FitResult(0, 0, 0, {}, [], seconds, None),
            model=predictor,
        )


def _check_kind(model: ClosedForm, train: Any) -> None:
    """Check that a model learns from what the task gives, where its ``fit`` says what that is.

    Raises:
        ValueError: it learns from something else.
    """
    hints = get_type_hints(type(model).fit)
    hints.pop("return", None)
    expected = next(iter(hints.values()), Any)
    if expected is not Any and inspect.isclass(expected) and not isinstance(train, expected):
        raise ValueError(
            f"model: {type(model).__name__} learns from {expected.__name__}, and the task gives "
            f"{type(train).__name__}; choose a model or a task that fits the other."
        )
