"""Which form of an operation runs on which device: a small table, and two ways to force a form."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import torch

from ragx.checks import check, check_choice
from ragx.kernels.native import has_compiler

VARIABLE = "RAGX_FORMS"

FORMS: dict[str, tuple[str, ...]] = {
    "weighted_sum": ("native", "embedding_bag", "csr", "reference"),
    "edge_product": ("sampled", "reference"),
    "edge_attention": ("native", "composed", "reference"),
    "segment_sum": ("embedding_bag", "torch", "reference"),
    "segment_max": ("scatter", "torch", "reference"),
    "segment_mean": ("scatter", "torch", "reference"),
    "batch_softmax": ("native", "torch", "reference"),
}

# The CPU's are the fastest that scripts/bench_kernels.py measured. What was measured of CUDA's is in docs/speed.md: the
# compressed rows are two to four times as fast as the embedding bag, but do not give the same bits each time, without
# which a run that was cut off would not end as if it had not been. Any other device takes the reference.
FASTEST: dict[str, dict[str, str]] = {
    "cpu": {
        "weighted_sum": "native",
        "edge_product": "sampled",
        "edge_attention": "native",
        "segment_sum": "embedding_bag",
        "segment_max": "torch",
        "segment_mean": "torch",
        "batch_softmax": "native",
    },
    "cuda": {
        "weighted_sum": "embedding_bag",
        "edge_product": "sampled",
        "edge_attention": "composed",
        "segment_sum": "embedding_bag",
        "segment_max": "scatter",
        "segment_mean": "scatter",
        "batch_softmax": "torch",
    },
}

_forced: dict[str, str] = {}


def form_of(operation: str, device: torch.device) -> str:
    """Return the form of ``operation`` that runs on ``device``.

    It is the one of the innermost :func:`use_form`, else the one of the environment variable ``RAGX_FORMS``, such as
    ``RAGX_FORMS=weighted_sum=csr,edge_product=reference``, else the one in ``FASTEST``. Where that needs what is not
    there, torch-scatter for ``"scatter"`` or a C compiler for ``"native"``, the second of ``FORMS`` stands in.

    Raises:
        ValueError: the environment variable does not name operations and forms of them.
    """
    asked = _forced.get(operation) or _from_environment(os.environ.get(VARIABLE, "")).get(operation)
    if asked:
        return asked
    form = FASTEST.get(device.type, {}).get(operation, "reference")
    missing = (form == "scatter" and not has_scatter()) or (form == "native" and not has_compiler())
    return FORMS[operation][1] if missing else form


@contextmanager
def use_form(operation: str, form: str) -> Iterator[None]:
    """Force one form of an operation within a ``with`` block, on every device and thread.

    A backward pass takes the form in force while it runs, so keep it inside the block too. For a whole run there is the
    environment variable of :func:`form_of`.

    Args:
        operation: one of ``FORMS``, such as ``"weighted_sum"``.
        form: one of the operation's forms in ``FORMS``.

    Raises:
        ValueError: the operation or the form is not known, or the form needs what is not installed.
    """
    _check_form("operation", operation, form)
    before = _forced.get(operation)
    _forced[operation] = form
    try:
        yield
    finally:
        _forced.pop(operation)
        if before is not None:
            _forced[operation] = before


@cache
def has_scatter() -> bool:
    """Say whether torch-scatter is installed and fits this torch."""
    try:
        import torch_scatter  # noqa: F401
    except (ImportError, OSError):  # the latter where it was built for another torch
        return False
    return True


@cache
def _from_environment(text: str) -> Mapping[str, str]:
    forms: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        operation, separator, form = (part.strip() for part in pair.partition("="))
        check(
            bool(separator and operation and form),
            f"{VARIABLE}: expected operation=form, separated by commas, such as weighted_sum=csr; got {pair!r}.",
        )
        _check_form(f"{VARIABLE}: operation", operation, form)
        forms[operation] = form
    return forms


def _check_form(name: str, operation: str, form: str) -> None:
    check_choice(name, operation, FORMS)
    check_choice(name.replace("operation", f"form of {operation}"), form, FORMS[operation])
    check(
        form != "scatter" or has_scatter(),
        f"form of {operation}: scatter needs torch-scatter, which is not installed; "
        "pip install --no-build-isolation torch-scatter, or take the form torch.",
    )
    check(
        form != "native" or has_compiler(),
        f"form of {operation}: native needs a C compiler, cc or the one that CC names, and none works here; install "
        f"one, or take the form {FORMS[operation][1]}.",
    )
