"""Whether a value out of a config is what a type hint asks for, also where it is a member of a list or mapping."""

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

from beartype import BeartypeConf
from beartype.door import is_bearable

Members = list[Any] | tuple[Any, ...] | dict[str, Any]
NUMBERS = BeartypeConf(is_pep484_tower=True)


def fits(value: Any, hint: Any) -> bool:
    """Say whether a value is what a hint asks for, every member of a list or mapping included."""
    if isinstance(value, bool) and hint in (int, float, int | None, float | None):
        return False
    if isinstance(value, (list, tuple, dict)) and (inner := inner_hints(value, hint)) is not None:
        return any(all(fits(member, own) for member in _members(value)) for own in inner)
    try:
        return bool(is_bearable(value, hint, conf=NUMBERS))
    except Exception:
        return True  # a hint beyond beartype's reach is left to the constructor


def inner_hints(value: Members, hint: Any) -> list[Any] | None:
    """Return what the members of a list or mapping may be, where the hint says it: beartype looks at one alone."""
    hints = []
    for choice in typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,):
        origin, arguments = typing.get_origin(choice), typing.get_args(choice)
        if isinstance(origin, type) and isinstance(value, origin) and not issubclass(origin, tuple) and arguments:
            hints.append(arguments[-1])
    return hints or None


def _members(value: Members) -> Sequence[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def spell(hint: Any) -> str:
    """Return a hint in words."""
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(str(choice) for choice in typing.get_args(hint))
    return hint.__name__ if inspect.isclass(hint) else str(hint).replace("typing.", "").replace("collections.abc.", "")


def hints_of(target: Callable[..., Any]) -> dict[str, Any]:
    """Return the type hints of a class's arguments or of a function, none where they cannot be read."""
    function = target.__init__ if inspect.isclass(target) else target
    try:
        return typing.get_type_hints(function)
    except Exception:
        return {}  # hints that name what is not there are left to the constructor
