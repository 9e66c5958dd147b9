"""Metrics of one's own: functions or classes that declare what ragx must know of them, named by their dotted paths."""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from ragx.checks import check, did_you_mean
from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName
from ragx.parts import METRICS

Declared = TypeVar("Declared", bound=Callable[..., Any])
ATTRIBUTE = "ragx_metric"
NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


def metric(
    *, larger_is_better: bool | None, unit: str = "", takes_cutoff: bool = True
) -> Callable[[Declared], Declared]:
    """Declare a function, or a class whose instances are called, as a metric: ``@metric(larger_is_better=False)``.

    It is called with the hits [U, min(K, I)], which in a catalogue of I < K items has fewer columns than the cut-off K,
    the counts of relevant items [U], K and the conventions, as those of ``ragx.evaluation.metrics`` are, and returns
    one value a user. ``ragx.testing.check_metric`` says whether it can be
    measured.

    Args:
        larger_is_better: its direction: what stopping, sweeps and tables take for the better value; None where neither
            more nor less is better by itself, so that nothing is chosen by it.
        unit: what its values are counted in, such as ``"places"`` or ``"EUR"``; empty for a bare number.
        takes_cutoff: whether it looks at the first K ranks. One without a cut-off is given the ranking of the whole
            catalogue, and K is the number of items.
    """
    known = larger_is_better is None or isinstance(larger_is_better, bool)
    check(known, f"larger_is_better: expected True, False or None, got {larger_is_better!r}.")
    check(isinstance(unit, str), f"unit: expected text such as 'EUR', got {unit!r}.")

    def declare(given: Declared) -> Declared:
        named = Metric(
            getattr(given, "__name__", ""), larger_is_better=larger_is_better, unit=unit, takes_cutoff=takes_cutoff
        )
        setattr(given, ATTRIBUTE, named)
        return given

    return declare


def declared(function: object) -> Metric | None:
    """Return what a function, a class or an instance of it declares as a metric; None where it declares nothing."""
    declaration = getattr(function, ATTRIBUTE, None)
    return declaration if isinstance(declaration, Metric) else None


def declaration_of(path: str, function: object) -> Metric:
    """Return what a metric declares.

    Args:
        path: its name, for the message.
        function: the metric.

    Raises:
        ValueError: it declares nothing.
    """
    known = declared(function)
    if known is None:
        raise ValueError(
            f"{path}: expected a metric that says which value is the better one; write "
            "@ragx.metrics.metric(larger_is_better=True), or False, above it."
        )
    return known


def dotted_path(function: Callable[..., Any]) -> str:
    """Return the dotted path that a metric of one's own, a function or class, is named by; a notebook has one too.

    Raises:
        ValueError: it cannot be found by it, as what is defined within a function cannot; or it declares nothing.
    """
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    declaration_of(name or type(function).__name__, function)
    at_the_top = getattr(sys.modules.get(module), name, None) is function
    check(at_the_top, f"metrics: expected a function or class at the top of its module, got {name or repr(function)}.")
    return f"{module}.{name}"


def is_own(name: object) -> bool:
    """Say whether a name of a metric, with or without a cut-off, is the dotted path of one's own."""
    return isinstance(name, str) and "." in name


def path_of(name: str) -> str:
    """Return the dotted path in the name of a metric of one's own, without its cut-off."""
    return MetricName.read(name).metric


def own_in(option: str, value: Any) -> list[str]:
    """Return the metrics of one's own, with their cut-offs, that an option of a config names."""
    texts = value if isinstance(value, list | tuple) else [value]
    return [text for text in texts if is_own(text)] if option in METRICS else []


def located(path: str) -> tuple[Metric, Callable[..., Any]]:
    """Return what a metric of one's own declares, and the metric itself, which is imported.

    Args:
        path: its dotted path, such as ``"my_metrics.first_hit"``; in names and results it goes by the last part.

    Raises:
        ValueError: it is not there, declares nothing, or goes by the name of a metric of ragx.
    """
    module_name, _, name = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(
            f"{path}: cannot import {module_name!r} ({error}). The current folder is importable."
        ) from error
    attribute = getattr(module, name, None)
    check(callable(attribute), f"{path}: {module_name} has no metric {name!r}.{did_you_mean(name, dir(module))}")
    known = declaration_of(path, attribute)
    check(NAME.fullmatch(name) is not None, f"{path}: expected a name of letters, digits and '_', got {name!r}.")
    alike = {_plain(known): known for known in KNOWN}.get(_plain(name))
    check(alike is None, f"{path}: {alike} is a metric of ragx; call yours by another name.")
    return replace(known, name=name, path=path), _made(path, attribute)


def check_distinct(metrics: Iterable[Metric]) -> None:
    """Check that metrics of one name, which results cannot tell apart, are one metric.

    Raises:
        ValueError: two are not.
    """
    paths: dict[str, str] = {}
    for metric in metrics:
        other = paths.setdefault(metric.name, metric.path)
        check(other == metric.path, f"metrics: {other} and {metric.path} both go by {metric.name}; rename one of them.")


def own_or_known(name: str) -> Metric:
    """Return what is known of a metric that is named with its code at hand: one's own by its path, others by name.

    Raises:
        ValueError: a metric of one's own is not there, or declares nothing.
    """
    metric = path_of(name)
    return located(metric)[0] if is_own(metric) else KNOWN.get(metric, Metric(metric))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _made(path: str, attribute: Any) -> Callable[..., Any]:
    made: Any = attribute
    if inspect.isclass(attribute):
        try:
            made = attribute()
        except TypeError as error:
            raise ValueError(
                f"{path}: expected a class that is made without arguments ({error}); give them defaults, or name an "
                "instance."
            ) from error
    check(callable(made), f"{path}: expected a class with __call__(hits, counts, k, conventions), which it lacks.")
    return made  # type: ignore[no-any-return]
