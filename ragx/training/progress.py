"""What a person sees of a training while it runs."""

import sys
import time
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ragx.training.budget import Budget, Epochs

WARM, MEASURED = 3, 20
"""Steps that are not measured, since the first ones make what the others find made, and steps that are."""
WORTH_SAYING = 60.0
"""Seconds from which on the expected time of a training is said."""


class ProgressView(Protocol):
    """Something that shows how far a training is."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *_: object) -> None:
        """Show no more."""

    def taken_up(self, step: int, budget: Budget) -> None:
        """Show that training goes on behind step ``step`` of the budget."""

    def begin_round(self, step: int, budget: Budget) -> None:
        """Show that a round begins behind step ``step`` of the budget."""

    def step(self, step: int, loss: float) -> None:
        """Show that ``step`` steps are done."""

    def end_round(self, record: dict[str, float], best_epoch: Epochs) -> None:
        """Show what a round came to."""

    def share(self, what: str, done: float) -> None:
        """Show how much of a fit without epochs is done, from 0 to 1, and what is being calculated."""


class NoProgress:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def taken_up(self, step: int, budget: Budget) -> None:
        """Do nothing."""

    def begin_round(self, step: int, budget: Budget) -> None:
        """Do nothing."""

    def step(self, step: int, loss: float) -> None:
        """Do nothing."""

    def end_round(self, record: dict[str, float], best_epoch: Epochs) -> None:
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
        self.taken, self.since, self.is_expected = 0, 0.0, False

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def taken_up(self, step: int, budget: Budget) -> None:
        """Write a line."""
        epoch, within = divmod(step, budget.per_epoch)
        position = f"epoch {epoch + 1}, step {within}"
        self.console.print(f"{self.title}: taken up at step {step} ({position})", highlight=False)

    def begin_round(self, step: int, budget: Budget) -> None:
        """Move the bar to the start of a round."""
        self.budget = budget
        self.taken = 0
        self.bar.update(self.task, total=budget.steps, completed=step)
        at = f"step {step:,} of at most {budget.steps:,}"
        if budget.validations is None:
            at = f"epoch {step // budget.per_epoch + 1} of at most {budget.rounds}"
        self.bar.update(self.task, description=f"{self.title}, {at}")

    def step(self, step: int, loss: float) -> None:
        """Move the bar on; after the first steps, say how long the rest will take, where that is long."""
        state = f"loss {loss:.4f}" + (f"  best {self.monitor} {self.best:.4f}" if self.best else "")
        self.bar.update(self.task, completed=step, state=state)
        self.taken += 1
        if self.taken == WARM:
            self.since = time.perf_counter()
        elif self.taken == WARM + MEASURED and not self.is_expected:
            left, took = self.budget.steps - step, (time.perf_counter() - self.since) / MEASURED
            self.is_expected = True
            if left * took >= WORTH_SAYING:
                text = f"{self.title}: {left:,} steps are left, which take about {left * took / 60:.0f} min at most"
                self.console.print(f"{text}, validations apart", highlight=False)

    def end_round(self, record: dict[str, float], best_epoch: Epochs) -> None:
        """Remember the best value; away from a terminal, write a line."""
        value, is_best = record.get(self.monitor), best_epoch == record["epoch"]
        if value is not None and is_best:
            self.best = value
        if not self.console.is_terminal:
            shown = "" if value is None else f"  {self.monitor} {value:.4f}{' *' if is_best else ''}"
            at = f"epoch {int(record['epoch'])} of {self.budget.rounds}"
            if "step" in record:
                at = f"step {int(record['step']):,} of {self.budget.steps:,} (epoch {record['epoch']:.1f})"
            self.console.print(f"{self.title}: {at}  loss {record['loss']:.4f}{shown}", highlight=False)

    def share(self, what: str, done: float) -> None:
        """Move the bar; away from a terminal, write a line."""
        self.bar.update(self.task, total=1.0, completed=done, description=f"{self.title}, {what}")
        if not self.console.is_terminal:
            self.console.print(f"{self.title}: {what}, {done:.0%} done", highlight=False)
