"""The space of a search: options and what they may be."""

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import optuna

from ragx.checks import check

Distribution = optuna.distributions.BaseDistribution
KEYS = {"low", "high", "log", "step"}
PLAIN = (int, float, str, bool)
MEANING = ("true", "false", "null", "nan", "inf")
"""Words that a command line takes for something else than text."""


def distributions(space: Any) -> dict[str, Distribution]:
    """Return what every option is drawn from: a list of choices, or a range of whole or other numbers.

    Args:
        space: option → list of values, or ``{low, high}`` with ``log`` or ``step``; whole numbers make a whole range.
            An option that is null is left out.

    Raises:
        ValueError: the space is empty, or a range is at fault.
    """
    example = "such as optimizer.lr: {low: 0.001, high: 0.01}"
    given = {name: value for name, value in space.items() if value is not None} if isinstance(space, Mapping) else {}
    check(bool(given), f"search.space: expected at least one option, {example}; got {space!r}.")
    return {name: _distribution(f"search.space.{name}", value) for name, value in given.items()}


def _distribution(option: str, given: Any) -> Distribution:
    if isinstance(given, list):
        check(bool(given), f"{option}: expected at least one choice.")
        return optuna.distributions.CategoricalDistribution([_plain(choice) for choice in given])
    check(
        isinstance(given, Mapping) and {"low", "high"} <= given.keys() <= KEYS,
        f"{option}: expected a list of choices or low and high, with log or step; got {given!r}.",
    )
    low, high, log, step = given["low"], given["high"], given.get("log", False), given.get("step")
    ordered = _is_number(low) and _is_number(high) and low <= high
    check(ordered, f"{option}: {low!r} to {high!r} is no range.")
    check(isinstance(log, bool), f"{option}.log: expected true or false, got {log!r}.")
    check(not log or low > 0, f"{option}: a range on a logarithmic scale begins above 0, not at {low!r}.")
    check(not (log and step is not None), f"{option}: log and step do not go together.")
    check(step is None or (_is_number(step) and step > 0), f"{option}.step: expected a number above 0, got {step!r}.")
    if isinstance(low, int) and isinstance(high, int) and (step is None or isinstance(step, int)):
        return optuna.distributions.IntDistribution(low, _last(low, high, step), log=log, step=step or 1)
    return optuna.distributions.FloatDistribution(low, _last(low, high, step), log=log, step=step)


def _last(low: Any, high: Any, step: Any) -> Any:
    """Return the last value that steps reach, which Optuna would otherwise warn of."""
    if step is None:
        return high
    first, size = Decimal(str(low)), Decimal(str(step))
    last = first + (Decimal(str(high)) - first) // size * size
    return int(last) if isinstance(low, int) and isinstance(step, int) else float(last)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, PLAIN) or value is None else str(value)


def corners(space: Mapping[str, Distribution]) -> Iterator[dict[str, Any]]:
    """Give a few points of a space that together hold every choice and both ends of every range."""
    values = [_values(distribution) for distribution in space.values()]
    for index in range(max(map(len, values))):
        yield {name: among[min(index, len(among) - 1)] for name, among in zip(space, values, strict=True)}


def _values(distribution: Distribution) -> list[Any]:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return list(distribution.choices)
    return [distribution.low, distribution.high]  # type: ignore[attr-defined]


def configurations(space: Mapping[str, Distribution]) -> int | None:
    """Return how many configurations a space holds; None where it has a range without steps."""
    sizes = [_size(distribution) for distribution in space.values()]
    return None if None in sizes else math.prod(size for size in sizes if size is not None)


def _size(distribution: Distribution) -> int | None:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return len({spell(choice) for choice in distribution.choices})
    low, high, step = distribution.low, distribution.high, distribution.step  # type: ignore[attr-defined]
    return 1 if low == high else None if step is None else round((high - low) / step) + 1


def options_of(parameters: Mapping[str, Any]) -> list[str]:
    """Return drawn values as options of a command line."""
    return [f"{name}={spell(value)}" for name, value in parameters.items()]


def spell(value: Any) -> str:
    """Return a value so that a command line takes it for what it is."""
    if value is None:
        return "null"
    word = isinstance(value, str) and re.fullmatch(r"[a-z_./][\w./-]*", value, re.ASCII | re.IGNORECASE)
    if not isinstance(value, str) or value.startswith("[") or (word and value.lower() not in MEANING):
        return str(value)
    quoted = value.replace("'", "\\'")
    return f"'{quoted}'"
