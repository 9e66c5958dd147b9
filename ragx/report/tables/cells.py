"""What a table is made of: columns, cells and rows, and which cells are the best."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from ragx.metrics.direction import Recorded, about, direction, is_better
from ragx.metrics.known import KNOWN
from ragx.report.tables.conditions import Run
from ragx.report.tables.rows import Name, label_of
from ragx.report.tables.spec import TableSpec
from ragx.runs.sweeps.spread import Spread, spread
from ragx.runs.task import MODEL

Rank = Literal["", "best", "second"]
MEASURED, PUBLISHED = "measured", "published"


class Column(NamedTuple):
    """One metric on one dataset."""

    dataset: str
    metric: str

    def __str__(self) -> str:
        return f"{self.metric} on {self.dataset}"


@dataclass(frozen=True)
class Cell:
    """What the seeds of a row gave.

    Args:
        spread: mean and sample standard deviation over seeds.
        rank: whether it is the best or the second of its column.
        gain: by what share of the baseline's mean it is better; below 0 where it is worse.
        p_value: of the comparison with the baseline, the largest over users, seeds and both, after Holm's
            correction over the table.
    """

    spread: Spread
    rank: Rank = ""
    gain: float | None = None
    p_value: float | None = None


@dataclass
class PublishedCells:
    """What others published: values by column, sources and "same split" by dataset."""

    values: dict[Column, float] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    same_split: dict[str, str] = field(default_factory=dict)


@dataclass
class TableRow:
    """A row.

    Args:
        stub: the texts that name it.
        kind: ``"measured"`` of runs, the name of a baseline in the same runs, or ``"published"`` of published values
            alone.
        runs: by dataset, one run for every seed.
        cells: what they gave, by column.
        budget: by dataset, the number of configurations tried.
        chosen: what was chosen beside the stub.
        published: what others published of it.
        other_code: whether its code is not that of most rows.
    """

    stub: tuple[Name, ...]
    kind: str = MEASURED
    runs: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    cells: dict[Column, Cell] = field(default_factory=dict)
    budget: Mapping[str, int] = field(default_factory=dict)
    chosen: str = ""
    published: PublishedCells = field(default_factory=PublishedCells)
    other_code: bool = False

    @property
    def side(self) -> str:
        """Whose values stand in it: ``"model"`` or the name of a baseline."""
        return MODEL if self.kind in (MEASURED, PUBLISHED) else self.kind

    @property
    def label(self) -> str:
        """The stub as one text."""
        return label_of(self.stub)


@dataclass(frozen=True)
class Table:
    """A table, before it has a form.

    Args:
        spec: what was asked for.
        headings: those of the stub.
        columns: the columns of values.
        rows: measured rows first.
        baseline: label of the row that gains are against; None where runs have no baseline and no row was named.
        notes: the foot.
        warnings: what a reader must know before believing it.
    """

    spec: TableSpec
    headings: tuple[str, ...]
    columns: Sequence[Column]
    rows: Sequence[TableRow]
    baseline: str | None
    notes: Sequence[str]
    warnings: Sequence[str]

    @property
    def measured(self) -> list[TableRow]:
        """The rows with values that were measured here."""
        return [row for row in self.rows if row.kind != PUBLISHED]


def cell_of(runs: Sequence[Run], name: str) -> Cell | None:
    """Return what runs gave in a column of the results table; None where none has a value."""
    summary = spread(run.get(name) for run in runs)
    return Cell(summary) if summary.count else None


def rank_cells(rows: Iterable[TableRow], column: Column, digits: int, known: Recorded = KNOWN) -> None:
    """Mark the best cell of a column and the second, judged as they are printed.

    Cells that print alike share their place; after two that are best, none is second. A metric without a
    direction, such as average popularity, has no best. ``known`` has the metrics of one's own.
    """
    metric = about(column.metric, known)
    if metric.larger_is_better is None:
        return
    present = [row for row in rows if column in row.cells]
    printed = [round(row.cells[column].spread.mean, digits) for row in present]
    for row, value in zip(present, printed, strict=True):
        better = sum(is_better(metric, other, value) for other in printed)
        rank: Rank = "best" if better == 0 else "second" if better == 1 else ""
        row.cells[column] = replace(row.cells[column], rank=rank)


def add_gains(rows: Iterable[TableRow], baseline: TableRow, column: Column, known: Recorded = KNOWN) -> None:
    """Give every cell of a column but the baseline's its relative gain; ``known`` has the metrics of one's own."""
    base = baseline.cells.get(column)
    if base is None or not base.spread.mean:
        return
    for row in rows:
        if row is not baseline and column in row.cells:
            cell = row.cells[column]
            more = cell.spread.mean / base.spread.mean - 1
            row.cells[column] = replace(cell, gain=direction(about(column.metric, known)) * more)
