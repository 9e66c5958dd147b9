"""Checkpoints: one dictionary with all that a run needs to go on, written whole or not at all."""

from pathlib import Path
from typing import Any

import torch

from ragx.checks import check
from ragx.files import write_atomically

FORMAT = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write ``state`` atomically.

    Raises:
        ValueError: the file cannot be written; an earlier checkpoint of that name is kept.
    """
    try:
        write_atomically(path, lambda temporary: torch.save({"format": FORMAT, **state}, temporary))
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path}: the checkpoint could not be written ({error}); an earlier one is kept.") from error


def load_checkpoint(path: Path, identity: str | None = None) -> dict[str, Any]:
    """Return the state in ``path``, unpickling nothing but tensors and plain values.

    Args:
        path: file written by :func:`save_checkpoint`.
        identity: what the checkpoint must belong to, when given.

    Raises:
        ValueError: the file is missing, corrupted, of another format or of another run.
    """
    check(path.is_file(), f"{path}: expected a checkpoint, found none.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{path}: not a readable ragx checkpoint ({type(error).__name__}); delete it to start anew."
        ) from None
    known = isinstance(state, dict) and state.get("format") == FORMAT
    check(known, f"{path}: expected a ragx checkpoint of format {FORMAT}; delete it to start anew.")
    stored = state.get("identity")
    check(
        identity is None or stored == identity,
        f"{path}: this checkpoint is of run {stored!r}, not of {identity!r}: another model, split or setting made it.",
    )
    assert isinstance(state, dict)
    return state
