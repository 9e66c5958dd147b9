"""What the runner asks of anything that learns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ragx.checks import RunError
from ragx.data.problem import HeldOutPart, Problem
from ragx.training.progress import ProgressView
from ragx.training.state import FitResult
from ragx.training.trackers import Tracker
from ragx.typing import Tensor

Validate = Callable[[Any], dict[str, float]]
"""Gives the validation metrics of a predictor."""


class DoesNotFitError(RunError):
    """A training needs more memory than there is."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One fit within a run: on train, or, given what that chose, anew on train and validation.

    Args:
        folder: where checkpoints lie; an unfinished training there is taken up.
        identity: what the checkpoints belong to.
        validate: gives the validation metrics of a predictor; None for a refit, which has nothing left to validate on.
        chosen: what the first fit came to, for a refit.
        tracker: receives the curve; None where there is none to receive.
        view: shows how far a training is.
        say: prints a sentence.
    """

    folder: Path
    identity: str
    validate: Validate | None
    chosen: FitResult | None
    tracker: Tracker | None
    view: ProgressView
    say: Callable[[str], None]

    @property
    def refit(self) -> bool:
        """Whether validation is learned from too."""
        return self.chosen is not None


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitted:
    """What came of a fit.

    Args:
        predictor: what the task evaluates on validation, such as a scorer of users for items.
        weights: what is kept of it, and what two runs of one identity are compared by.
        result: the course of the training.
        model: the trained model; for a closed form its predictor.
        graph: the graph that the model works on, where it works on one.
        knows_strangers: whether it can tell who has no event in what it learned from, by features of theirs.
        of_part: gives the predictor for a part, where what it may look at is not the same in all of them.
    """

    predictor: Any
    weights: Mapping[str, Tensor]
    result: FitResult
    model: Any
    graph: Any = None
    knows_strangers: bool = False
    of_part: Callable[[HeldOutPart], Any] | None = None

    def predictor_for(self, part: HeldOutPart) -> Any:
        """Return what the task evaluates on a part."""
        return self.predictor if self.of_part is None or part == "validation" else self.of_part(part)


@dataclass(frozen=True)
class Cost:
    """The expected cost of a fit.

    Args:
        seconds: time at most, validations among it; NaN where it does not fit into memory, None where nobody can tell.
        memory: bytes of tensors.
    """

    seconds: float | None
    memory: int


class Learner(Protocol):
    """Something that fits a model to a problem."""

    @property
    def device(self) -> str:
        """Kind of device it computes on, such as ``"cpu"``."""

    @property
    def decisive(self) -> Mapping[str, Any]:
        """What decides its result beside the parts and the seed, such as the precision."""

    @property
    def tables_read(self) -> set[str]:
        """Tables of attributes that are learned from, as :attr:`ragx.tasks.Task.tables_read` names them."""

    def check(self, problem: Problem[Any]) -> list[str]:
        """Check, before any training, that the data has what is learned from, and say for how many units it has.

        Raises:
            ValueError: something is missing.
        """

    def fit(self, problem: Problem[Any], stage: Stage) -> Fitted:
        """Learn from the problem's train part, or in a refit from train and validation.

        Raises:
            DoesNotFitError: it needs more memory than there is.
        """

    def restore(self, problem: Problem[Any], weights: Mapping[str, Tensor], refit: bool) -> Fitted:
        """Return what a finished run had fitted, from the weights that it kept.

        Args:
            problem: the data of the run.
            weights: what lies in its ``model.pt``.
            refit: whether it had learned from validation too.

        Raises:
            ValueError: the weights do not fit.
        """

    def cost(self, problem: Problem[Any], validate: Validate) -> Cost:
        """Return what a fit is expected to take, from a few of its steps."""


@dataclass(frozen=True)
class Settings:
    """The settings of a learner beside the parts of the config.

    Args:
        seed: key of every draw.
        features: whether attributes of users and items become node features.
    """

    seed: int = 0
    features: bool = False
