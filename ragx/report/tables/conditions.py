"""Conditions on the options of runs, by which a table picks its rows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ragx.checks import did_you_mean

Run = Mapping[str, Any]
"""A row of the results table, see :func:`ragx.runs.results.collect`."""

NAMED = ("dataset", "split")
"""Parts that have a name of their own: that of the data, not of the function that read it."""
CLASS = "._target_"


def check_conditions(label: str, where: Mapping[str, Any], runs: Sequence[Run]) -> None:
    """Raise ``ValueError`` if a condition names an option that none of the runs has."""
    known = dict.fromkeys(name for run in runs for name in run)
    for option in where:
        if runs and not any(name in known for name in _columns(option)):
            options = [name.removeprefix("option.").removesuffix(CLASS) for name in known if "/" not in name]
            raise ValueError(f"row {label}: no run has an option {option!r}.{did_you_mean(option, options)}")


def matches(run: Run, where: Mapping[str, Any]) -> bool:
    """Say whether a run meets all conditions.

    A condition names an option (``layer.heads: 2``), a part by its class (``layer: LightConv``, or the dotted path), a
    dataset or a split by its name or its class (``dataset: gowalla``), or a column of the results table (``seed: 0``).
    A list of values asks for one of them.
    """
    return all(
        any(_is_one_of(run.get(name), wanted, name) for name in _columns(option)) for option, wanted in where.items()
    )


def option_of(run: Run, option: str) -> Any:
    """Return the value of an option, or of a column; None where there is none."""
    return next((run[name] for name in _columns(option) if run.get(name) is not None), None)


def shown_option(run: Run, option: str) -> str:
    """Return an option as it is shown: a number, a word or a name, or that of a class without its module."""
    shown = next((name for name in _columns(option) if run.get(name) is not None), None)
    if shown is None:
        return ""
    return str(run[shown]).rpartition(".")[2] if shown.endswith(CLASS) else str(run[shown])


def _columns(option: str) -> tuple[str, ...]:
    columns = (f"option.{option}", f"option.{option}{CLASS}", option)
    return columns[::-1] if option in NAMED else columns


def _is_one_of(value: Any, wanted: Any, column: str) -> bool:
    if isinstance(wanted, list):
        return any(_is_one_of(value, choice, column) for choice in wanted)
    if value is None:
        return False
    is_option = column.startswith("option.")
    if is_option and isinstance(value, str) and "." in value and value.rpartition(".")[2] == wanted:
        return True
    ours, theirs = plain(value), plain(wanted)
    return isinstance(ours, bool) == isinstance(theirs, bool) and bool(ours == theirs)


def plain(value: Any) -> Any:
    """Return the value that a text stands for, or the text itself."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
