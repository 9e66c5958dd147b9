"""The contract between the one loop and a kind of model: what a training of it is made of."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import nn

from ragx.checks import check
from ragx.data.batches import Batches
from ragx.data.problem import HeldOutPart, Problem
from ragx.parts import Part
from ragx.typing import Float, Tensor

ValueOf = Callable[[nn.Module], float]
IsBetter = Callable[[float, float | None], bool]
COPIES = 4  # a parameter, its gradient and the two moments of Adam


class TrainingSetup(ABC):
    """What a training is made of for one kind of model, given a config and a problem.

    The loop, its checkpoints, resuming, refits, restoring and costs are :class:`ragx.learners.Trained`'s and hold for
    every kind; a subclass says what differs, and a class of models names it as ``training_setup``, see
    :class:`Trainable`. Nothing is built when it is made: a finished run is restored by :meth:`model` and
    :meth:`predictor` alone, and has no parts but ``task``, ``dataset``, ``split``, ``graph``, ``layer`` and ``model``.

    Args:
        parts: the bound config.
        problem: the data.
        refit: whether validation is learned from too.
        features: whether attributes of users and items are wanted as features.

    Raises:
        ValueError: the problem is of another kind than the model learns from, or it takes no features.
    """

    groups: ClassVar[tuple[str, ...]] = ("optimizer", "trainer")
    """The groups of a config that it is made of, beside dataset, task and model; others are not looked at."""

    given: ClassVar[tuple[str, ...]] = ()
    """Arguments that :meth:`model` gives the model's constructor, and that no config may set."""

    asked: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Attributes and methods that the part of a group must have, by group; they are checked before any data is read."""

    predicts_by_part: ClassVar[bool] = True
    """Whether the predictor of one part is not that of another; where it is, one is made for all."""

    graph: Any = None
    """The graph that the model works on, where it works on one."""

    def __init__(
        self, parts: Mapping[str, Part], problem: Problem[Any], *, refit: bool = False, features: bool = False
    ) -> None:
        self.check_features(parts, features)
        self.parts, self.problem, self.refit, self.features = parts, problem, refit, features

    @cached_property
    def train(self) -> Any:
        """What is learned from: the train part, in a refit train and validation."""
        return self.problem.learned_from(self.refit)

    @abstractmethod
    def model(self) -> nn.Module:
        """Return the untrained model, its weights drawn from torch's generator as it stands."""

    @abstractmethod
    def batches(self, batch_size: int, seed: int) -> Batches:
        """Return the batches of an epoch; batch s of epoch e depends on (seed, e, s) alone, so that a resume is exact.

        Args:
            batch_size: what a batch holds at most, such as rows, pairs or histories.
            seed: key of every draw.
        """

    @abstractmethod
    def predictor(self, model: nn.Module, part: HeldOutPart) -> Any:
        """Return what the task evaluates on a part, the model as in evaluation.

        Beside what was learned from, it may look at ``self.problem.input(part)`` and at nothing else.

        Args:
            model: what :meth:`model` gave, trained.
            part: what the predictor is asked about.
        """

    def loss(self, module: nn.Module, batch: Any) -> Float[Tensor, ""]:
        """Return the mean loss of one batch, which :meth:`step` asks for unless it is another.

        Args:
            module: what :meth:`module` gave, as the engine set it up.
            batch: one of :meth:`batches`, on the device of the engine.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither loss nor a step of its own")

    def step(self, fabric: Any, module: nn.Module, batches: Sequence[Any]) -> Float[Tensor, ""]:
        """Add the gradients of the mean loss over batches, and return that loss; see :class:`ragx.training.Step`."""
        losses = []
        for batch in batches:
            loss = self.loss(module, fabric.to_device(batch)) / len(batches)
            fabric.backward(loss)
            losses.append(loss.detach())
        return torch.stack(losses).sum()

    def module(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Return what steps call: the model, or a module around it with what it works on."""
        return model

    def measures(self, model: nn.Module) -> dict[str, float]:
        """Return what is measured of the model beside the task's metrics at every validation; nothing by default."""
        return {}

    def choose(self, model: nn.Module, value_of: ValueOf, is_better: IsBetter) -> Mapping[str, float]:
        """Choose on validation, after a training, what training does not teach the model; nothing by default.

        Args:
            model: the trained model, which is left as chosen.
            value_of: the monitored validation value of a model.
            is_better: says whether a value is better than another.

        Returns:
            The choices by name, which :meth:`adopt` is given in a refit.
        """
        return {}

    def adopt(self, model: nn.Module, choices: Mapping[str, float]) -> None:
        """Give a model what was chosen for another; by default nothing is."""
        check(not choices, f"{type(self).__name__}: it has nothing to choose, got {', '.join(choices)}.")

    def largest(self, choices: Mapping[str, float]) -> list[str]:
        """Return the names of choices that are the largest tried; none by default."""
        return []

    def knows_strangers(self, model: nn.Module) -> bool:
        """Say whether the model can tell who has no event in what it learned from, by features of theirs."""
        return False

    def joins(self) -> list[str]:
        """Check that the data has what is learned from, and say for how many units it has; nothing by default."""
        return []

    def sentences(self) -> list[str]:
        """Return what is said before a training begins, such as who is left out of it."""
        return []

    def needed_bytes(self) -> int:
        """Return about how many bytes of tensors a training takes: by default parameters with gradients and moments."""
        return COPIES * sum(parameter.numel() * parameter.element_size() for parameter in _measured(self))

    def advice(self, free: int) -> str:
        """Say what would fit into so many free bytes."""
        return "Narrower or fewer layers would fit."

    @classmethod
    def check_features(cls, parts: Mapping[str, Part], features: bool) -> None:
        """Check that features are asked for only where a model may take them.

        Raises:
            ValueError: they are asked for, and models of this kind take none.
        """
        check(not features, f"model.features: {parts['model'].name} takes no features of users and items.")

    @classmethod
    def tables_read(cls, features: bool) -> set[str]:
        """Return the tables of attributes that are learned from; none by default."""
        return set()

    @classmethod
    def small_model(cls, parts: Mapping[str, Part], features: bool) -> nn.Module | None:
        """Return the model for next to no data, so that its mistakes show before any is read; None where none can be.

        Args:
            parts: the bound config.
            features: whether it is to take features.
        """
        return None

    @classmethod
    def try_step(cls, parts: Mapping[str, Part], features: bool) -> None:
        """Take one step on next to no data.

        Raises:
            PartsError: a part raises, or gives what does not fit; the message names the part.
        """
        return


class Trainable(nn.Module):
    """A model that says by its class what a training of it is made of.

    Models of nodes (:class:`ragx.models.NodeModel`), which learn on a graph of users and items, need not say it.
    """

    training_setup: ClassVar[type[TrainingSetup]]


def _measured(setup: TrainingSetup) -> list[nn.Parameter]:
    """Return the parameters of a model without memory, or, where it tries itself out, of one with."""
    try:
        with torch.device("meta"):
            return [*setup.model().parameters()]
    except (RuntimeError, NotImplementedError):
        with torch.random.fork_rng(devices=[]):
            return [*setup.model().parameters()]
