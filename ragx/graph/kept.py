"""What is made of tensors once, and made again once one of them has changed."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import torch

from ragx.typing import Tensor

Made = TypeVar("Made")


class Kept:
    """Values that are made of tensors and kept for as long as these are the same tensors and hold the same numbers.

    A change in place is seen by torch's count of them (``Tensor._version``); one through ``Tensor.data``, or through an
    array that shares the memory, is not counted by torch and not seen. Nothing is kept of inference tensors, which
    count nothing, nor in inference mode, whose tensors training could not use, nor under ``torch.compile``, which asks
    for no counts.
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, tuple[list[tuple[Tensor, int]], Any]] = {}

    def get(self, key: Hashable, tensors: Sequence[Tensor], make: Callable[[], Made]) -> Made:
        """Return the value of a key, made where there is none of just these tensors.

        Args:
            key: what the value is called.
            tensors: what it is made of.
            make: makes it.
        """
        if torch.compiler.is_compiling():
            return make()
        if torch.is_inference_mode_enabled() or any(tensor.is_inference() for tensor in tensors):
            return make()
        state = [(tensor, tensor._version) for tensor in tensors]
        if key not in self._values or not _is_same(self._values[key][0], state):
            self._values[key] = state, make()
        return self._values[key][1]  # type: ignore[no-any-return]

    @property
    def values(self) -> list[Any]:
        """All that is kept."""
        return [value for _, value in self._values.values()]


def _is_same(one: Sequence[tuple[Tensor, int]], other: Sequence[tuple[Tensor, int]]) -> bool:
    return len(one) == len(other) and all(
        mine is theirs and version == count for (mine, version), (theirs, count) in zip(one, other, strict=True)
    )
