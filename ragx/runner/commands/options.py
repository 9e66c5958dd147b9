"""Command lines of ``name=value`` for the commands that are no Hydra jobs."""

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from ragx.checks import check, did_you_mean
from ragx.runs.trusted import Trusted

Chosen = TypeVar("Chosen")
MOST_DIGITS = 18


def parse_options(kind: type[Chosen], arguments: Sequence[str], first: str | None = None) -> Chosen:
    """Return the options that a command line gives.

    Args:
        kind: dataclass of the options, whose fields are text; one without a default is required.
        arguments: the command line.
        first: option that an argument without a name is taken for.

    Raises:
        ValueError: an option is unknown, repeated, without name or value, or missing.
    """
    dataclass: Any = kind
    known = {field.name: field for field in fields(dataclass)}
    given: dict[str, str] = {}
    for argument in arguments:
        if first is not None and "=" not in argument:
            argument = f"{first}={argument}"
        name, equals, value = argument.partition("=")
        check(bool(name), f"{argument}: expected name=value with one of the options {', '.join(known)}.")
        check(
            name in known,
            f"{argument}: unknown option.{did_you_mean(name, known)} Options: {', '.join(known)}; each is name=value.",
        )
        check(bool(equals and value.strip()), f"{name}: a value is required; write {name}=…")
        check(name not in given, f"{name}: given twice.")
        given[name] = value.strip()
    for name, field in known.items():
        check(name in given or field.default is not MISSING, f"{name}: a value is required; write {name}=…")
    return kind(**given)


def truth(name: str, text: str) -> bool:
    """Return what ``true`` or ``false`` means.

    Raises:
        ValueError: it is neither.
    """
    check(text in ("true", "false"), f"{name}: expected true or false, got {text!r}.")
    return text == "true"


def trusted(text: str) -> Trusted:
    """Return whose code a run folder may name, from a list of modules such as ``[my_layers,my_models]``.

    Raises:
        ValueError: a name is none of a module.
    """
    return Trusted(filter(None, (name.strip() for name in text.removeprefix("[").removesuffix("]").split(","))))


def whole(name: str, text: str) -> int:
    """Return a whole number of at least 1.

    Raises:
        ValueError: it is something else.
    """
    fits = text.isdecimal() and len(text) <= MOST_DIGITS and int(text) >= 1
    check(fits, f"{name}: expected a whole number of at least 1, got {text!r}.")
    return int(text)
