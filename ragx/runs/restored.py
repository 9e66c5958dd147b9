"""A finished run taken up again: its problem, and what it had fitted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragx.data.problem import Problem
from ragx.learners.learner import Fitted, Settings
from ragx.learners.parts import build_learner
from ragx.parts import Part
from ragx.runs.files import read_run
from ragx.runs.layout import WEIGHTS
from ragx.runs.recorded_data import check_unchanged, recorded_data
from ragx.training.checkpoint import load_checkpoint


@dataclass(frozen=True, eq=False)
class Restored:
    """What a finished run is made of.

    Args:
        record: what ``run.json`` holds.
        metrics: what ``metrics.json`` holds.
        problem: its data.
        fitted: what it had fitted.
    """

    record: dict[str, Any]
    metrics: dict[str, Any]
    problem: Problem[Any]
    fitted: Fitted

    @property
    def refit(self) -> bool:
        """Whether the model learned from validation too."""
        return bool(self.record["refit"])


def stored_model(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights of a finished run and the ids of their rows.

    Args:
        folder: the run.
        record: what its ``run.json`` holds.

    Raises:
        ValueError: the file is missing, corrupted, or of another run.
    """
    return load_checkpoint(folder / WEIGHTS, str(record["identity"]))


def restored_run(folder: Path, parts: dict[str, Part], problem: Problem[Any] | None = None) -> Restored:
    """Return the run in a folder with the model that lies there.

    Args:
        folder: the run.
        parts: its bound config.
        problem: its data where it is at hand; it is read by default.

    Raises:
        ValueError: the data is not there or no longer what the run was made on, or the model does not fit the parts.
    """
    record, metrics = read_run(folder)
    state = stored_model(folder, record)
    if problem is None or "schema" not in record:
        problem = recorded_data(folder, record, parts, state)
    else:
        check_unchanged(folder, record, parts, problem, state)
    settings = Settings(int(record["seed"]), bool(record.get("features", False)))
    try:
        fitted = build_learner(parts, settings).restore(problem, state["model"], bool(record["refit"]))
    except ValueError as error:
        raise ValueError(f"{folder / WEIGHTS}: {error}") from None
    return Restored(record, metrics, problem, fitted)
