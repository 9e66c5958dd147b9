"""What a training keeps: the checkpoint to resume from, the best model and the log."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ragx.checks import check
from ragx.training.checkpoint import load_checkpoint, save_checkpoint
from ragx.training.layout import BEST, CURVE, LAST, has_checkpoint
from ragx.training.state import Progress
from ragx.training.trackers import JsonLines


class Keeper:
    """Keeps the state of a training in a folder, or, without one, the best model in memory.

    Args:
        folder: holds ``last.pt`` (all state), ``best.pt`` (model alone) and ``curve.jsonl``.
        identity: what the checkpoints belong to; one of another identity is refused.
    """

    def __init__(self, folder: Path | None, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self.resumed = False
        self._best: dict[str, Any] | None = None
        self._lines: JsonLines | None = None

    def resume(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
        """Put model and optimiser where the last checkpoint was, and return how far that is.

        Where the best model so far was lost, the training begins anew: nothing else gives it back.
        """
        progress = Progress()
        if self.folder is None:
            return progress
        if has_checkpoint(self.folder):
            state = load_checkpoint(self.folder / LAST, self.identity)
            with _named(self.folder / LAST):
                if self._has_best(Progress.read(state["progress"])):
                    model.load_state_dict(state["model"])
                    optimizer.load_state_dict(state["optimizer"])
                    progress, self.resumed = Progress.read(state["progress"]), True
        self._lines = JsonLines(self.folder / CURVE, keep=progress.log_size)
        return progress

    def save(self, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
        """Write the state of everything."""
        if self.folder is None:
            return
        if self._lines:
            self._lines.flush()
            progress.log_size = self._lines.size
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": asdict(progress)}
        save_checkpoint(self.folder / LAST, {"identity": self.identity, **state})

    def keep_best(self, model: nn.Module, progress: Progress) -> None:
        """Keep the model as the best so far."""
        if self.folder is None:
            self._best = copy.deepcopy(model.state_dict())
            return
        state = {"model": model.state_dict(), "epoch": progress.best_epoch}
        save_checkpoint(self.folder / BEST, {"identity": self.identity, **state})

    def best(self, model: nn.Module, progress: Progress) -> dict[str, Any]:
        """Return the state of the best model, or of the present one where none was chosen."""
        if self.folder is None:
            return self._best or model.state_dict()
        if progress.best_value is None:
            self.keep_best(model, progress)
        path = self.folder / BEST
        with _named(path):
            state = load_checkpoint(path, self.identity)
            kept, weights = state["epoch"], state["model"]
        check(
            kept == progress.best_epoch,
            f"{path}: expected the model of epoch {progress.best_epoch}, got that of epoch {kept}, which other code "
            f"kept before this training was taken up; delete {self.folder} to start anew.",
        )
        return weights  # type: ignore[no-any-return]

    def _has_best(self, progress: Progress) -> bool:
        """Say whether the best model is there, as far as one was chosen; a later one is, where a kill came between."""
        if self.folder is None or progress.best_value is None:
            return True
        try:
            kept = load_checkpoint(self.folder / BEST, self.identity).get("epoch")
        except ValueError:
            return False
        return isinstance(kept, int | float) and kept >= progress.best_epoch

    def log(self, record: dict[str, Any]) -> None:
        """Append a record to the curve."""
        if self._lines:
            self._lines.write(record)

    def last_good(self) -> str:
        """Say which checkpoint holds the last good state."""
        last = self.folder / LAST if self.folder else None
        return f"The last good checkpoint is {last}." if last and last.is_file() else "No checkpoint was written yet."


def finished_curve(folder: Path) -> list[dict[str, float]]:
    """Return the records of the epochs that a training in ``folder`` would not run again."""
    if not has_checkpoint(folder):
        return []
    with _named(folder / LAST):
        history: list[dict[str, float]] = load_checkpoint(folder / LAST)["progress"]["history"]
    return history


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of which file it is that something is missing from, or of another shape than the run asks for."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise ValueError(f"{path}: the checkpoint does not fit the run ({reason}); delete it to start anew.") from None
