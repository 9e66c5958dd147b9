"""How long a training is: its steps, the rounds that they are divided into, and after which of them it validates."""

import math
from dataclasses import dataclass

Epochs = int | float
"""A number of epochs, whole where it is; a training that validates within epochs counts parts of them."""


@dataclass(frozen=True)
class Budget:
    """The steps of a training in rounds, each of which ends with a record of its loss and, where due, a validation.

    Args:
        steps: steps in all.
        per_epoch: steps of an epoch.
        validations: rounds of equal length that the steps are divided into; None ends a round with every epoch.
        validate_every: rounds from one validation to the next; the last round ends with one.
    """

    steps: int
    per_epoch: int
    validations: int | None = None
    validate_every: int = 1

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return math.ceil(self.steps / self.per_epoch) if self.validations is None else min(self.validations, self.steps)

    @property
    def num_validations(self) -> int:
        """Number of rounds that end with a validation."""
        return math.ceil(self.rounds / self.validate_every)

    def steps_after(self, rounds: int) -> int:
        """Return how many steps lie behind a training that has ended ``rounds`` rounds."""
        if self.validations is None:
            return min(rounds * self.per_epoch, self.steps)
        return self.steps * rounds // self.rounds

    def is_due(self, rounds: int) -> bool:
        """Say whether a validation ends round ``rounds``, counted from 1."""
        return rounds % self.validate_every == 0 or rounds >= self.rounds

    def epochs_of(self, steps: int) -> Epochs:
        """Return how many epochs ``steps`` steps are, to the fourth digit where they are not whole."""
        whole, rest = divmod(steps, self.per_epoch)
        return round(steps / self.per_epoch, 4) if rest else whole
