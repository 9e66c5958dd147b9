"""Has every shape that ragx annotates checked at every call, where pytest is run with ``-p tests.checked_shapes``.

The annotations say more than a type checker sees: which axes of which arguments are of one length. Other annotations
are left to the static checker, so that what refuses wrong types by itself goes on doing so.
"""

import functools
import typing
from collections.abc import Callable
from typing import Any

from beartype import beartype
from beartype.roar import BeartypeException
from jaxtyping import AbstractArray, install_import_hook

PACKAGES = ("ranking", "layers", "kernels", "models", "objectives", "graph")


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose annotated shapes are checked; the function itself where they cannot be read."""
    named = getattr(function, "__annotations__", {})
    shapes = {name: hint for name, hint in named.items() if _is_shape(hint)}
    if not shapes:
        return function

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        return function(*arguments, **options)

    call.__annotations__ = shapes
    try:
        guarded: Callable[..., Any] = beartype(call)
    except BeartypeException:
        return function
    return guarded


def _is_shape(hint: Any) -> bool:
    members = typing.get_args(hint) or (hint,)
    return any(isinstance(member, type) and issubclass(member, AbstractArray) for member in members)


install_import_hook([f"ragx.{package}" for package in PACKAGES], "tests.checked_shapes.checked")
