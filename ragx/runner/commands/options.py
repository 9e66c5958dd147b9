"""Command lines of ``name=value`` for the commands that are no Hydra jobs, whose options a dataclass types."""

import math
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from ragx.checks import check, check_choice, did_you_mean
from ragx.report.tables.output import check_format
from ragx.runner.run.settings import check_folder
from ragx.runs.trusted import Trusted

Chosen = TypeVar("Chosen")
MOST_DIGITS = 18
NOBODY = Trusted()
"""Trusts the code of ragx alone."""


def parse_options(kind: type[Chosen], arguments: Sequence[str], first: str | None = None) -> Chosen:
    """Return the options that a command line gives.

    Args:
        kind: dataclass of the options; what a field is annotated with says how its text is read, and a field without a
            default is required.
        arguments: the command line.
        first: option that an argument without a name is taken for.

    Raises:
        ValueError: an option is unknown, repeated, without name or value, missing, or its text is not of its type.
    """
    hints = typing.get_type_hints(kind, include_extras=True)
    given = _given(hints, arguments, first)
    dataclass: Any = kind
    for field in fields(dataclass):
        optional = field.default is not MISSING or field.default_factory is not MISSING
        check(field.name in given or optional, f"{field.name}: a value is required; write {field.name}=…")
    return kind(**{name: _read(hints[name], name, text) for name, text in given.items()})


def split_options(kind: type, arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that are options of a dataclass, and all others, which another command takes."""
    names = {field.name for field in fields(kind)}
    own = [argument for argument in arguments if argument.partition("=")[0] in names]
    return own, [argument for argument in arguments if argument.partition("=")[0] not in names]


def _given(known: Collection[str], arguments: Sequence[str], first: str | None) -> Mapping[str, str]:
    """Return the texts of a command line by the names of their options."""
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
    return given


def _read(hint: Any, name: str, text: str) -> Any:
    """Return what the text of an option means, by what its field is annotated with."""
    if typing.get_origin(hint) is Literal:
        check_choice(name, text, typing.get_args(hint))
        return text
    if typing.get_origin(hint) is Annotated:
        return hint.__metadata__[0](name, text)
    return READERS[hint](name, text)


def truth(name: str, text: str) -> bool:
    """Return what ``true`` or ``false`` means.

    Raises:
        ValueError: it is neither.
    """
    check(text in ("true", "false"), f"{name}: expected true or false, got {text!r}.")
    return text == "true"


def whole(name: str, text: str) -> int:
    """Return a whole number of at least 1.

    Raises:
        ValueError: it is something else.
    """
    fits = text.isdecimal() and len(text) <= MOST_DIGITS and int(text) >= 1
    check(fits, f"{name}: expected a whole number of at least 1, got {text!r}.")
    return int(text)


def key(name: str, text: str) -> int:
    """Return the key of a draw, a whole number of at least 0.

    Raises:
        ValueError: it is something else.
    """
    check(text.isdecimal() and len(text) <= MOST_DIGITS, f"{name}: expected a whole number, got {text!r}.")
    return int(text)


def not_negative(name: str, text: str) -> float:
    """Return a number of at least 0.

    Raises:
        ValueError: it is something else.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    check(number >= 0, f"{name}: expected a number of at least 0, got {text!r}.")
    return number


def names(name: str, text: str) -> list[str]:
    """Return the names in a list such as ``[recall,ndcg]``, or the one that stands alone."""
    return [part.strip() for part in text.removeprefix("[").removesuffix("]").split(",") if part.strip()]


def trusted(name: str, text: str) -> Trusted:
    """Return whose code a run folder may name, from a list of modules such as ``[my_layers,my_models]``.

    Raises:
        ValueError: a name is none of a module.
    """
    return Trusted(names(name, text))


def json_file(name: str, file: Any) -> Path:
    """Return the path of a JSON file, once it is known that it can be written.

    Raises:
        ValueError: its ending is another, or a folder is in its place or in its way.
    """
    check(isinstance(file, str) and file.endswith(".json"), f"{name}: expected a file ending in .json, got {file!r}.")
    check_folder(name, str(Path(file).parent))
    check(not Path(file).is_dir(), f"{name}: expected a file, but {file} is a folder.")
    return Path(file)


READERS: Mapping[Any, Callable[[str, str], Any]] = {
    str: lambda name, text: text,
    Path: lambda name, text: Path(text),
    bool: truth,
    int: whole,
    Trusted: trusted,
    list[str]: names,
    list[int]: lambda name, text: [whole(name, number) for number in names(name, text)],
}
"""How the text of an option is read by its type."""
Part = Literal["validation", "test"]
JsonFile = Annotated[Path | None, json_file]
TableFile = Annotated[Path | None, lambda name, text: check_format(text)]
Word = Annotated[str | None, READERS[str]]
Names = Annotated[list[str] | None, READERS[list[str]]]
Wholes = Annotated[list[int] | None, READERS[list[int]]]
NotNegative = Annotated[float, not_negative]
