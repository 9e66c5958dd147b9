"""The final evaluation of a finished run: all that can fail is done before the seal of the test part is broken."""

import math
import time
from pathlib import Path
from typing import Any

from ragx.checks import check
from ragx.runner.run.cell import Cell
from ragx.runner.run.evaluating import Evaluation, add_results, keep_per_unit
from ragx.runs.files import read_run, write_json
from ragx.runs.layout import METRICS, WEIGHTS
from ragx.runs.looks import Kind, Looks
from ragx.runs.restored import restored_run


def is_opened(folder: Path) -> bool:
    """Say whether a finished run has values of the test part."""
    return "test" in read_run(folder)[1]


def open_test(cell: Cell, kind: Kind = "look") -> dict[str, Any]:
    """Evaluate the stored model of a finished run on test, and return what its ``metrics.json`` holds from then on.

    Args:
        cell: the run.
        kind: what the reading counts as.

    Raises:
        ValueError: the stored model is not the one that was evaluated on validation, or nobody could be measured; the
            test part stays sealed then.
    """
    began = time.perf_counter()
    evaluation, metrics = rehearse(cell)
    looks, problem = Looks(cell.runs), cell.problem
    results = evaluation.on_test(
        reason=f"final evaluation of {cell.name}",
        on_open=lambda reason: looks.record(problem, cell.identity, reason, kind),
    )
    add_results(metrics, "test", results)
    metrics |= {"task": cell.plain["task"], "evaluation": cell.plain.get("evaluation", {})}
    metrics["seconds"] = round(metrics["seconds"] + time.perf_counter() - began, 1)
    metrics |= looks.readings(problem)._asdict()
    keep_per_unit(cell.folder, cell.task.unit, "test", results, problem.fingerprint)
    write_json(cell.folder / METRICS, metrics)
    return metrics


def rehearse(cell: Cell) -> tuple[Evaluation, dict[str, Any]]:
    """Load the stored model, hold its validation values against the run's, and return both.

    Raises:
        ValueError: the model cannot be loaded, or gives other values.
    """
    run = restored_run(cell.folder, cell.parts, cell.problem)
    evaluation = Evaluation(task=cell.task, problem=run.problem, fitted=run.fitted, refit=run.refit)
    check_stored_model(evaluation, run.metrics, cell.folder)
    return evaluation, run.metrics


def check_stored_model(evaluation: Evaluation, metrics: dict[str, Any], folder: Path) -> None:
    """Check that a stored model ranks validation as it did when the run ended.

    Raises:
        ValueError: a value is another one; the message says which.
    """
    changed = stored_model_differs(evaluation, metrics)
    check(
        not changed,
        f"{folder / WEIGHTS}: {changed}; the test part stays sealed. The file, the code or the machine is not the "
        "one of the run: run it again with reuse=never.",
    )


def stored_model_differs(evaluation: Evaluation, metrics: dict[str, Any]) -> str:
    """Return in words what validation value of a stored model is not that of its run, or an empty text."""
    expected: dict[str, float] | None = metrics.get("stored_model")
    if expected is None and "refit" not in metrics:
        expected = metrics["validation"]
    if expected is None:
        return ""  # version 0.1.0 did not measure a refitted model on validation
    for name, value in evaluation.model_on_validation().values.items():
        then = expected.get(name, math.nan)
        if value != then and not (math.isnan(value) and math.isnan(then)):
            return f"the stored model has {name} {value} on validation, where the run had {then}"
    return ""
