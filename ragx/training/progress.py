"""What a person sees of a training while it runs."""

import sys
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class ProgressView(Protocol):
    """Something that shows how far a training is."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *_: object) -> None:
        """Show no more."""

    def taken_up(self, step: int, steps: int) -> None:
        """Show that training goes on behind step ``step``, counted over epochs of ``steps`` steps."""

    def epoch(self, epoch: int, epochs: int, steps: int) -> None:
        """Show that epoch ``epoch``, counted from 0, of ``epochs`` begins, with ``steps`` steps."""

    def step(self, step: int, loss: float) -> None:
        """Show that ``step`` steps of the epoch are done."""

    def end_epoch(self, record: dict[str, float], best_epoch: int) -> None:
        """Show what an epoch came to."""

    def share(self, what: str, done: float) -> None:
        """Show how much of a fit without epochs is done, from 0 to 1, and what is being calculated."""


class NoProgress:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def taken_up(self, step: int, steps: int) -> None:
        """Do nothing."""

    def epoch(self, epoch: int, epochs: int, steps: int) -> None:
        """Do nothing."""

    def step(self, step: int, loss: float) -> None:
        """Do nothing."""

    def end_epoch(self, record: dict[str, float], best_epoch: int) -> None:
        """Do nothing."""

    def share(self, what: str, done: float) -> None:
        """Do nothing."""


class TerminalProgress:
    """A bar with loss, metric and time left on a terminal; one line for each validation elsewhere.

    Args:
        monitor: the metric to show.
        title: what is trained.
        console: where to write; standard error by default.
    """

    def __init__(self, monitor: str, title: str = "training", console: Console | None = None) -> None:
        self.monitor, self.title = monitor, title
        self.console = console or Console(file=sys.stderr)
        self.best = 0.0
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task(title, state="")
        self.done = 0

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def taken_up(self, step: int, steps: int) -> None:
        """Write a line."""
        position = f"epoch {step // steps + 1}, step {step % steps}"
        self.console.print(f"{self.title}: taken up at step {step} ({position})", highlight=False)

    def epoch(self, epoch: int, epochs: int, steps: int) -> None:
        """Move the bar to the start of an epoch."""
        self.epochs, self.done = epochs, epoch * steps
        self.bar.update(self.task, total=epochs * steps, completed=self.done)
        self.bar.update(self.task, description=f"{self.title}, epoch {epoch + 1} of at most {epochs}")

    def step(self, step: int, loss: float) -> None:
        """Move the bar on."""
        state = f"loss {loss:.4f}" + (f"  best {self.monitor} {self.best:.4f}" if self.best else "")
        self.bar.update(self.task, completed=self.done + step, state=state)

    def end_epoch(self, record: dict[str, float], best_epoch: int) -> None:
        """Remember the best value; away from a terminal, write a line."""
        value = record.get(self.monitor)
        if value is not None and best_epoch == record["epoch"]:
            self.best = value
        if not self.console.is_terminal:
            shown = (
                "" if value is None else f"  {self.monitor} {value:.4f}{' *' if best_epoch == record['epoch'] else ''}"
            )
            epoch = int(record["epoch"])
            self.console.print(f"{self.title}: epoch {epoch} of {self.epochs}  loss {record['loss']:.4f}{shown}")

    def share(self, what: str, done: float) -> None:
        """Move the bar; away from a terminal, write a line."""
        self.bar.update(self.task, total=1.0, completed=done, description=f"{self.title}, {what}")
        if not self.console.is_terminal:
            self.console.print(f"{self.title}: {what}, {done:.0%} done", highlight=False)
