"""Calls in a process of their own, which has glibc's own memory settings: as those have them who do not use ragx."""

from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import torch
from bench_common import CPU, seconds_of
from bench_outcome import Call, outcome_of

SECONDS = 600
Maker = Callable[[], Mapping[str, Call]]


class Apart:
    """Keeps calls in a process beside this one and times them there, one at a time, while this process waits.

    Args:
        maker: makes the calls by name there; it must be importable, such as a function of a module or a partial of one.
        threads: number of torch's threads there.
    """

    def __init__(self, maker: Maker, threads: int) -> None:
        self.maker, self.threads = maker, threads

    def __enter__(self) -> Self:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, self.maker, self.threads), daemon=True)
        self.process.start()
        theirs.close()
        self.names: list[str] = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self.process.join(10)
        self.process.kill()

    def seconds(self, name: str) -> float:
        """Return how long a call takes there, after one that warms up."""
        self.connection.send(("seconds", name))
        return float(self._answer())

    def value(self, name: str) -> torch.Tensor:
        """Return what a call gives there."""
        self.connection.send(("value", name))
        value: torch.Tensor = self._answer()
        return value

    def outcome(self, name: str) -> torch.Tensor:
        """Return what the calls there have come to, see ``bench_outcome.outcome_of``."""
        self.connection.send(("outcome", name))
        outcome: torch.Tensor = self._answer()
        return outcome

    def _answer(self) -> Any:
        try:
            if self.connection.poll(SECONDS):
                return self.connection.recv()
        except EOFError:
            self.process.join(10)
        raise RuntimeError(f"The process beside this one gave no answer; its exit code is {self.process.exitcode}.")


def _serve(connection: Connection, maker: Maker, threads: int) -> None:
    torch.set_num_threads(threads)
    calls = maker()
    connection.send(list(calls))
    while True:
        try:
            wish, name = connection.recv()
        except EOFError:
            return
        call = calls[name]
        if wish == "outcome":
            connection.send(outcome_of(call))
            continue
        value = call()
        connection.send(value if wish == "value" else seconds_of(call, CPU))
