"""The training engine: where a run computes and in which precision."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric

from ragx.checks import check_choice

PRECISIONS = ("32-true", "64-true", "bf16-mixed", "bf16-true")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A choice of device and precision for Lightning Fabric.

    Args:
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        precision: ``"32-true"``, ``"64-true"``, ``"bf16-mixed"`` or ``"bf16-true"``.
    """

    device: str = "auto"
    precision: str = "32-true"

    def __post_init__(self) -> None:
        check_choice("engine.device", self.device, ("auto", "cpu", "cuda"))
        check_choice("engine.precision", self.precision, PRECISIONS)

    def fabric(self) -> Fabric:
        """Return a Fabric on one device."""
        precision: Any = self.precision
        return Fabric(accelerator=self.device, devices=1, precision=precision)


@contextmanager
def deterministic_algorithms() -> Iterator[None]:
    """Have torch use deterministic algorithms, and put its settings back afterwards."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # it costs a pass over every fresh tensor
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.utils.deterministic.fill_uninitialized_memory = fill
