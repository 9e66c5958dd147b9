"""What a finished run says of its task: the question, the units it was asked of, the baselines, and their files."""

from collections.abc import Mapping
from typing import Any

from ragx.checks import check_file_name

MODEL = "model"
OF_TASK_APART = ("monitor", "baselines")
"""Options of a task that leave the question as it is: the first is the loop's, the others stand beside a run."""

RULES = ("conventions", "cold_users")
"""Options of an evaluation of rankings that reach what is learned, since they choose the best model."""

OLD_UNIT = "user"
"""The unit of runs of earlier versions, which asked for nothing but rankings and did not write it."""


def question_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the task in the config of a run without what leaves its question as it is; empty where none stands."""
    task: Any = config.get("task")
    given = task if isinstance(task, Mapping) else {}
    return {name: value for name, value in given.items() if name not in OF_TASK_APART}


def is_closed_form(metrics: Mapping[str, Any]) -> bool:
    """Say whether the model of a run was fitted by one calculation, without epochs and, unless it draws, by no luck."""
    return (metrics.get("fit") or {}).get("epochs") == 0


def unit_of(metrics: Mapping[str, Any]) -> str:
    """Return what the values of a run are of, such as ``"user"`` or ``"customer"``.

    Raises:
        ValueError: what ``metrics.json`` holds is no name.
    """
    unit = metrics.get("unit", OLD_UNIT)
    check_file_name("metrics.json: unit", unit)
    return str(unit)


def baselines_of(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the baselines beside a run.

    Raises:
        ValueError: what ``metrics.json`` holds is no name.
    """
    names = list(metrics.get("baseline") or {})
    for name in names:
        check_file_name("metrics.json: baseline", name)
    return names


def per_unit_file(unit: str, name: str, part: str) -> str:
    """Return the name of the file of one predictor's values, such as ``per_customer_last_month_test.parquet``.

    Args:
        unit: what the values are of.
        name: ``"model"`` or a baseline.
        part: ``"validation"`` or ``"test"``.
    """
    return f"per_{unit}{_side(name)}_{part}.parquet"


def per_unit_column(name: str, part: str) -> str:
    """Return the column of the results table that names this file, such as ``per_unit_last_month_test``."""
    return f"per_unit{_side(name)}_{part}"


def _side(name: str) -> str:
    return "" if name == MODEL else f"_{name}"
