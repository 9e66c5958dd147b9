"""Argument checks whose messages say what was expected, what came and what to do."""

import difflib
from collections.abc import Iterable

LONGEST_NAME = 255  # bytes, on most file systems


class RunError(RuntimeError):
    """What was asked for was right, and yet it failed in its own course."""


def check(condition: bool, message: str) -> None:
    """Raise ``ValueError(message)`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(message)


def check_choice(name: str, value: str, options: Iterable[str]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``options``, naming the nearest option."""
    known = list(options)
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}; got {value!r}.{did_you_mean(value, known)}")


def check_positive(name: str, value: float) -> None:
    """Raise ``ValueError`` unless ``value`` is greater than zero."""
    check(value > 0, f"{name}: expected a number greater than 0, got {value}.")


def check_fraction(name: str, value: float) -> None:
    """Raise ``ValueError`` unless ``0 <= value < 1``."""
    check(0 <= value < 1, f"{name}: expected a number from 0 up to but not including 1, got {value}.")


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the option nearest to ``name``, or an empty string if none is near."""
    near = difflib.get_close_matches(name, list(options), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def as_typed(name: str, value: str) -> str:
    """Return ``name=value`` as it is typed for text of any kind: in quotes for Hydra, and in others for the shell."""
    return f"\"{name}='" + value.replace("'", "\\'") + "'\""


def check_file_name(what: str, name: object) -> str:
    """Return a name before it becomes part of a path.

    Raises:
        ValueError: it does not stand for one file or folder in the folder where it is put.
    """
    fits = isinstance(name, str) and name.isprintable() and 0 < len(name.encode()) <= LONGEST_NAME
    if not isinstance(name, str) or not fits or name.startswith(".") or set(name) & set("/\\"):
        raise ValueError(
            f"{what}: expected a name of at most {LONGEST_NAME} bytes without slashes that does not begin with a dot, "
            f"got {str(name)[:LONGEST_NAME]!r}."
        )
    return name
