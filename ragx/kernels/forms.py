"""Which form of an operation runs on which device: a small table of measurements, and a way to force one form."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ragx.checks import check_choice

FORMS: dict[str, tuple[str, ...]] = {
    "weighted_sum": ("embedding_bag", "csr", "reference"),
    "edge_product": ("sampled", "reference"),
}

# The CPU's are measured by scripts/bench_kernels.py, CUDA's are not yet; other devices take the plain reference.
FASTEST: dict[str, dict[str, str]] = {
    "cpu": {"weighted_sum": "embedding_bag", "edge_product": "sampled"},
    "cuda": {"weighted_sum": "embedding_bag", "edge_product": "sampled"},
}

_forced: dict[str, str] = {}


def form_of(operation: str, device: torch.device) -> str:
    """Return the form of ``operation`` that runs on ``device``: the forced one, else the fastest measured."""
    return _forced.get(operation) or FASTEST.get(device.type, {}).get(operation, "reference")


@contextmanager
def use_form(operation: str, form: str) -> Iterator[None]:
    """Force one form of an operation within a ``with`` block, on every device and thread.

    A backward pass takes the form in force while it runs, so keep it inside the block too.

    Args:
        operation: ``"weighted_sum"`` or ``"edge_product"``.
        form: one of the operation's forms in ``FORMS``.

    Raises:
        ValueError: the operation or the form is not known.
    """
    check_choice("operation", operation, FORMS)
    check_choice(f"form of {operation}", form, FORMS[operation])
    before = _forced.get(operation)
    _forced[operation] = form
    try:
        yield
    finally:
        _forced.pop(operation)
        if before is not None:
            _forced[operation] = before
