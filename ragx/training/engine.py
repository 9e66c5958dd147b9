"""The training engine: where a run computes and in which precision."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ragx.checks import check_choice
from ragx.compiler import set_deterministic

if TYPE_CHECKING:
    from lightning_fabric import Fabric

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

    @property
    def device_kind(self) -> str:
        """The kind of device that ``"auto"`` comes to here."""
        return "cuda" if self.device != "cpu" and torch.cuda.is_available() else "cpu"

    def fabric(self) -> "Fabric":
        """Return a Fabric on one device."""
        from lightning_fabric import Fabric  # which only training needs

        reuse_freed_memory()
        precision: Any = self.precision
        return Fabric(accelerator=self.device, devices=1, precision=precision)


def reuse_freed_memory() -> None:
    """Have glibc keep what large tensors free, for the process: every step asks for the same sizes again.

    Given back and asked for anew, such memory costs page faults of the order of a product. Elsewhere than on glibc
    nothing is done.
    """
    trim_threshold, most_maps = -1, -4  # numbers of mallopt's M_TRIM_THRESHOLD and M_MMAP_MAX
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(trim_threshold, 2**30)
    mallopt(most_maps, 0)


@contextmanager
def deterministic_algorithms(device: torch.device) -> Iterator[None]:
    """Have torch use deterministic algorithms on a CPU, and put its settings back afterwards."""
    if device.type != "cpu":  # elsewhere some of what a user's layer calls has no such form
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    switches: Any = torch.utils.deterministic  # a module that is a class at run time
    fill = switches.fill_uninitialized_memory
    set_deterministic(True)
    switches.fill_uninitialized_memory = False  # it costs a pass over every fresh tensor
    try:
        yield
    finally:
        set_deterministic(*before)
        switches.fill_uninitialized_memory = fill
