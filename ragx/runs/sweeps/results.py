"""A sweep and its results, joined: the configurations that were tried, each with the runs of its seeds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ragx.metrics.direction import direction
from ragx.metrics.known import Metric
from ragx.runs.sweeps.record import CellState, SweepRecord
from ragx.runs.sweeps.spread import Spread, spread
from ragx.runs.task import OLD_UNIT


@dataclass(frozen=True)
class SweepRun:
    """One run of a sweep.

    Args:
        cell: what was planned, and where it stands.
        result: its row of the results table; empty where it has none.
    """

    cell: CellState
    result: Mapping[str, Any]

    @property
    def state(self) -> str:
        """Where it stands; a process that died after the last result had been written has still done its work."""
        return "done" if self.result and self.cell.state in ("interrupted", "waiting") else self.cell.state

    @property
    def name(self) -> str:
        """The name of its folder, or nothing before there is one."""
        return self.cell.folder.name if self.cell.folder else ""

    def number(self, column: str) -> float | None:
        """Return a number of the result; None where there is none, since it is missing or the run failed."""
        value = self.result.get(column) if self.state == "done" else None
        return None if value is None else float(value)


@dataclass(frozen=True)
class Configuration:
    """One combination of options, with the runs of all its seeds.

    Args:
        options: what was chosen for every axis of the sweep, as text.
        runs: one for each seed.
        metric: the column that holds what it is judged by.
        known: what is known of that metric.
    """

    options: dict[str, str]
    runs: tuple[SweepRun, ...]
    metric: str
    known: Metric

    @cached_property
    def quality(self) -> Spread:
        """What it is judged by, over its seeds."""
        return self.spread(self.metric)

    @property
    def merit(self) -> float:
        """Its mean with the sign by which more is better."""
        return direction(self.known) * self.quality.mean

    def spread(self, column: str) -> Spread:
        """Return mean and spread of a column over the seeds that are done."""
        return spread(run.number(column) for run in self.runs)

    @property
    def done(self) -> list[SweepRun]:
        """The runs that have a result."""
        return [run for run in self.runs if run.state == "done" and run.result]

    @property
    def data(self) -> tuple[str, ...]:
        """The data it was judged on: data set and fingerprint of the split; several where runs disagree."""
        return tuple(sorted({f"{run.result['dataset']}, split {run.result['fingerprint']}" for run in self.done}))

    def label(self, axes: Iterable[str] | None = None) -> str:
        """Return its options as one text, or those of some axes alone."""
        shown = [f"{name}={self.options[name]}" for name in (self.options if axes is None else axes)]
        return ", ".join(shown) or "the only configuration"


@dataclass(frozen=True)
class SweepResults:
    """A sweep with its results.

    Args:
        record: the folder of the sweep.
        metric: the column that configurations are judged by, such as ``validation/ndcg@20``.
        known: what the runs recorded of that metric.
        axes: the options that differ, as short names, each with its full name.
        planned: all configurations in the order of the plan.
        warnings: what was passed over when the results were read.
    """

    record: SweepRecord
    metric: str
    known: Metric
    axes: dict[str, str]
    planned: tuple[Configuration, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def heading(self) -> str:
        """The metric as plots and texts name it, such as ``validation ndcg@20``."""
        return self.metric.replace("/", " ")

    @property
    def unit(self) -> str:
        """What the values of the runs are of."""
        return next((str(unit) for run in self.runs if (unit := run.result.get("unit"))), OLD_UNIT)

    @property
    def axis_label(self) -> str:
        """The heading with the unit of its values, such as ``validation first_hit@20 (places)``."""
        return f"{self.heading} ({self.known.unit})" if self.known.unit else self.heading

    @cached_property
    def configurations(self) -> list[Configuration]:
        """All configurations, the best first, those without a result last."""
        return sorted(
            self.planned, key=lambda configuration: -configuration.merit if configuration.quality.count else math.inf
        )

    @property
    def runs(self) -> list[SweepRun]:
        """All runs, by configuration."""
        return [run for configuration in self.configurations for run in configuration.runs]

    @property
    def judged(self) -> list[Configuration]:
        """The configurations that have a value to be judged by."""
        return [configuration for configuration in self.configurations if configuration.quality.count]

    def by_data(self) -> dict[tuple[str, ...], list[Configuration]]:
        """Return the judged configurations by the data they were judged on, since no other may be compared."""
        groups: dict[tuple[str, ...], list[Configuration]] = {}
        for configuration in self.judged:
            groups.setdefault(configuration.data, []).append(configuration)
        return groups

    def values(self, axis: str, among: Sequence[Configuration]) -> list[str]:
        """Return the values of an axis: numbers by size, others in the order of the plan."""
        planned = dict.fromkeys(configuration.options[axis] for configuration in self.planned)
        present = {configuration.options[axis] for configuration in among}
        return in_order([value for value in planned if value in present])

    def varied(self, among: Sequence[Configuration]) -> list[str]:
        """Return the axes along which some configurations differ."""
        return [axis for axis in self.axes if len({configuration.options[axis] for configuration in among}) > 1]


def best_of(among: Iterable[Configuration]) -> Configuration:
    """Return the best of judged configurations."""
    return max(among, key=lambda configuration: configuration.merit)


def are_numbers(values: Sequence[str]) -> bool:
    """Say whether all values are finite numbers, so that they have an order and distances."""
    try:
        return bool(values) and all(math.isfinite(float(value)) for value in values)
    except ValueError:
        return False


def in_order(values: Sequence[str]) -> list[str]:
    """Return values by size where all are numbers, and else as they come."""
    return sorted(values, key=float) if are_numbers(values) else list(values)
