"""The space of a search: options and what they may be."""

from collections.abc import Mapping
from typing import Any

import optuna

from ragx.checks import check

KEYS = {"low", "high", "log", "step"}


def distributions(space: Mapping[str, Any]) -> dict[str, optuna.distributions.BaseDistribution]:
    """Return what every option is drawn from: a list of choices, or a range of whole or other numbers.

    Args:
        space: option → list of values, or ``{low, high}`` with ``log`` or ``step``; whole numbers make a whole range.

    Raises:
        ValueError: the space is empty, or a range is at fault.
    """
    check(bool(space), "search.space: expected at least one option, such as optimizer.lr: {low: 0.001, high: 0.01}.")
    return {name: _distribution(name, given) for name, given in space.items()}


def _distribution(name: str, given: Any) -> optuna.distributions.BaseDistribution:
    if isinstance(given, list):
        check(bool(given), f"search.space.{name}: expected at least one choice.")
        return optuna.distributions.CategoricalDistribution([_plain(each) for each in given])
    check(
        isinstance(given, Mapping) and {"low", "high"} <= given.keys() <= KEYS,
        f"search.space.{name}: expected a list of choices or low and high, with log or step; got {given!r}.",
    )
    low, high, log = given["low"], given["high"], bool(given.get("log", False))
    numbers = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (low, high))
    check(numbers and low <= high and not (log and low <= 0), f"search.space.{name}: {low!r} to {high!r} is no range.")
    check(not (log and "step" in given), f"search.space.{name}: log and step do not go together.")
    if isinstance(low, int) and isinstance(high, int):
        return optuna.distributions.IntDistribution(low, high, log=log, step=given.get("step", 1))
    return optuna.distributions.FloatDistribution(low, high, log=log, step=given.get("step"))


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)


def options_of(parameters: Mapping[str, Any]) -> list[str]:
    """Return drawn values as options of a command line."""
    return [f"{name}={'null' if value is None else value}" for name, value in parameters.items()]
