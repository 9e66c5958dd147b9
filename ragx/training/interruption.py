"""Ends of a run other than the planned one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from ragx.checks import RunError


class Interrupted(BaseException):
    """A signal asked the run to stop; its state is saved. No ``except Exception`` on the way may go on instead."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.signal_number, self.exit_status = signal_number, 128 + signal_number

    def __reduce__(self) -> tuple[type["Interrupted"], tuple[int]]:
        return type(self), (self.signal_number,)


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Have SIGTERM raise :class:`Interrupted` where nothing else waits for it, as SIGINT raises KeyboardInterrupt."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # Python gives signals to the main thread only
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class TrainingDivergedError(RunError):
    """The loss is not a finite number."""


class SignalWatch:
    """While entered, SIGINT and SIGTERM are noted instead of ending the process at once; a second one ends it."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        try:
            self._previous = {number: signal.signal(number, self._note) for number in self.SIGNALS}
        except ValueError:
            self._previous = {}  # Python gives signals to the main thread only
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise Interrupted(number)
        self.received = number
