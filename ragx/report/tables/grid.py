"""A table as texts in cells: what all printed forms have in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ragx.report.tables.cells import Cell, Column, Rank, Table, TableRow
from ragx.report.tables.marks import mark_of

MISSING = "–"
OTHER_CODE = "‡"
TRIED, SOURCE, SAME_SPLIT = "tried", "source", "same split"
"""Headings of the columns behind the values."""


class Heading(NamedTuple):
    """The head of a column: a group that columns share, such as a dataset, and a name."""

    group: str
    name: str
    is_text: bool = False


class Shown(NamedTuple):
    """One cell: a text, and for a value its spread, its mark and its rank."""

    text: str = ""
    spread: str = ""
    mark: str = ""
    rank: Rank = ""


@dataclass(frozen=True)
class Grid:
    """A table as texts.

    Args:
        title: the caption.
        headings: one for each column.
        sections: rows, measured ones and published ones apart.
        notes: the foot.
        warnings: what a reader must know before believing it.
    """

    title: str
    headings: Sequence[Heading]
    sections: Sequence[Sequence[Sequence[Shown]]]
    notes: Sequence[str]
    warnings: Sequence[str]

    def groups(self) -> Iterator[tuple[str, int]]:
        """Return the groups of neighbouring columns, each with how many it spans."""
        last, count = self.headings[0].group, 0
        for heading in self.headings:
            if heading.group != last:
                yield last, count
                last, count = heading.group, 0
            count += 1
        yield last, count


def grid_of(table: Table, gains: bool = True) -> Grid:
    """Return a table as texts.

    Args:
        table: the table.
        gains: whether every value has a column of its gain beside it.
    """
    gains = gains and table.baseline is not None
    headings = [Heading("", name, is_text=True) for name in table.headings]
    for column in table.columns:
        headings.append(Heading(column.dataset, column.metric))
        headings += [Heading(column.dataset, "gain")] if gains else []
        headings += [Heading(column.dataset, "published")] if _has_published(table, column) else []
    tail = _tail(table)
    headings += [Heading("", name, is_text=name != TRIED) for name in tail]
    kinds = [[row for row in table.rows if (row.kind == "published") == last] for last in (False, True)]
    sections = [[_row(table, row, gains, tail) for row in rows] for rows in kinds if rows]
    return Grid(table.spec.title, headings, sections, table.notes, table.warnings)


def _has_published(table: Table, column: Column) -> bool:
    return any(column in row.published.values for row in table.rows)


def _tail(table: Table) -> list[str]:
    """Return the headings behind the values."""
    tail = [TRIED] if any(row.budget for row in table.rows) else []
    return tail + ([SOURCE, SAME_SPLIT] if any(row.published.values for row in table.rows) else [])


def _row(table: Table, row: TableRow, gains: bool, tail: Sequence[str]) -> list[Shown]:
    shown = [Shown(name.text) for name in row.stub]
    if row.other_code:
        shown[0] = Shown(row.stub[0].text, mark=OTHER_CODE)
    for column in table.columns:
        cell = row.cells.get(column)
        shown.append(_value(cell, table.spec.digits, MISSING if row.kind != "published" else ""))
        if gains:
            shown.append(Shown("" if cell is None or cell.gain is None else f"{100 * cell.gain:+.1f} %"))
        if _has_published(table, column):
            value = row.published.values.get(column)
            shown.append(Shown("" if value is None else f"{value:.{table.spec.digits}f}"))
    texts = {
        TRIED: "/".join(str(count) for count in sorted({*row.budget.values()})),
        SOURCE: "; ".join(dict.fromkeys(row.published.sources.values())),
        SAME_SPLIT: by_dataset(row.published.same_split),
    }
    return shown + [Shown(texts[name]) for name in tail]


def by_dataset(texts: dict[str, str]) -> str:
    """Return what is said of every dataset, once where it is the same of all."""
    if len(set(texts.values())) < 2:
        return next(iter(texts.values()), "")
    return ", ".join(f"{dataset}: {text}" for dataset, text in texts.items())


def _value(cell: Cell | None, digits: int, missing: str) -> Shown:
    if cell is None:
        return Shown(missing)
    spread = "" if cell.spread.count < 2 else f"± {cell.spread.std:.{digits}f}"
    return Shown(f"{cell.spread.mean:.{digits}f}", spread, mark_of(cell), cell.rank)
