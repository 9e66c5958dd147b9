"""What timed calls have come to: how far a training has moved its weights, held against another's."""

from collections.abc import Callable

import torch

Call = Callable[[], torch.Tensor]
MOST_APART = 1e-3
"""How far two trainings may be apart in weights, over how far they moved: rounding alone makes them differ."""


class Training:
    """Steps of a training, each of which returns its loss; what they come to is how far they moved the weights.

    Args:
        step: takes one step.
        weights: what is trained.
    """

    def __init__(self, step: Call, weights: torch.Tensor) -> None:
        self.step, self.weights, self.start = step, weights, weights.detach().clone()

    def __call__(self) -> torch.Tensor:
        """Take a step and return its loss."""
        return self.step()

    @property
    def moved(self) -> torch.Tensor:
        """How far the weights are from where they began."""
        return self.weights.detach() - self.start


def outcome_of(call: Call) -> torch.Tensor:
    """Return how far a training has moved its weights, or, of any other call, what it gives."""
    return call.moved if isinstance(call, Training) else call()


def check_outcome(outcome: torch.Tensor, expected: torch.Tensor, name: str) -> None:
    """Raise ``AssertionError`` unless two sides have come to the same within rounding, by norm."""
    apart = float((outcome - expected).norm() / expected.norm().clamp(min=1e-12))
    assert apart <= MOST_APART, f"{name}: ended {apart:.1e} apart, over how far ours moved; at most {MOST_APART:.0e}."
