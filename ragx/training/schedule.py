"""Learning-rate schedules as pure functions of the step, so that resuming needs no state."""

import math
from dataclasses import dataclass
from typing import Literal

from ragx.checks import check, check_choice, check_fraction


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A factor on the learning rate: linear warm-up, then constant, or cosine or linear down to ``final``.

    Args:
        decay: ``"constant"``, ``"linear"`` or ``"cosine"``.
        warmup: fraction of all steps during which the factor rises from near 0 to 1.
        final: factor at the last step, for the decaying ones.
    """

    decay: Literal["constant", "linear", "cosine"] = "constant"
    warmup: float = 0.0
    final: float = 0.0

    def __post_init__(self) -> None:
        check_choice("schedule.decay", self.decay, ("constant", "linear", "cosine"))
        check_fraction("schedule.warmup", self.warmup)
        check(0 <= self.final <= 1, f"schedule.final: expected 0 to 1, got {self.final}.")

    def factor(self, step: int, total: int) -> float:
        """Return the factor at ``step``, counted from 0, of ``total`` steps."""
        warmup = round(self.warmup * total)
        if step < warmup:
            return (step + 1) / warmup
        if self.decay == "constant":
            return 1.0
        progress = min((step - warmup) / max(total - warmup, 1), 1.0)
        shape = 1 - progress if self.decay == "linear" else (1 + math.cos(math.pi * progress)) / 2
        return self.final + (1 - self.final) * shape
