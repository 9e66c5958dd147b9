"""How far a fit is, told to whoever shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, float], None]


def _hear_nothing(what: str, share: float) -> None:
    """Show nothing."""


_listener: ContextVar[Listener] = ContextVar("listener", default=_hear_nothing)


def tell_progress(what: str, share: float) -> None:
    """Say how far a longer fit is; in a run it is shown.

    Args:
        what: what is being calculated.
        share: how much of the fit is done, from 0 to 1.
    """
    _listener.get()(what, share)


@contextmanager
def progress_shown_by(listener: Listener) -> Iterator[None]:
    """Give what is told within to ``listener``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
