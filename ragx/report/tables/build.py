"""From runs to a table: means, ranks, gains, marks, published numbers, and what has to be said about them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ragx.checks import check, did_you_mean
from ragx.metrics.known import Metric
from ragx.metrics.name import usual_names
from ragx.metrics.recorded import agreed
from ragx.report.baselines import label_of
from ragx.report.tables.baselines import baseline_rows, baselines_in, runs_of, stub_of
from ragx.report.tables.cells import (
    MEASURED,
    PUBLISHED,
    Column,
    PublishedCells,
    Table,
    TableRow,
    add_gains,
    cell_of,
    rank_cells,
)
from ragx.report.tables.checks import check_comparable, conventions_of, doubtful_leads, missing_values
from ragx.report.tables.code import other_code
from ragx.report.tables.marks import add_p_values
from ragx.report.tables.notes import few_measured, notes_of
from ragx.report.tables.published import Published, PublishedRow
from ragx.report.tables.rows import Found
from ragx.report.tables.spec import TableSpec, check_metrics
from ragx.runs.row import recorded_of


def build_table(selection: Found, spec: TableSpec, published: Sequence[Published] = ()) -> Table:
    """Return the table of rows.

    Args:
        selection: the rows with their runs.
        spec: what the table is to show.
        published: numbers of others.

    Raises:
        ValueError: there are no runs, runs of one column are not comparable, a metric is known neither here nor to the
            runs, or the baseline is no row.
    """
    datasets = _datasets(selection, spec)
    for dataset in datasets:
        check_comparable(dataset, runs_of(selection, dataset), spec.part)
    spec = replace(spec, metrics=spec.metrics or _usual_metrics(selection, datasets, spec.part))
    known = _known(selection, datasets, spec)
    columns = [Column(dataset, metric) for dataset in datasets for metric in spec.metrics]
    warnings = list(selection.warnings)
    rows = [*baseline_rows(selection, columns, spec.part, warnings), *_measured(selection, columns, spec.part)]
    baseline = _baseline(rows, spec.baseline)
    warnings += missing_values(rows, columns, spec.part)
    for column in columns:
        rank_cells(rows, column, spec.digits, known)
    tests = _hold_against(rows, baseline, columns, spec.part, known, warnings) if baseline else []
    warnings += doubtful_leads(rows, baseline, columns, known)
    for dataset in datasets:
        warnings += [
            f"dataset {dataset}: {sentence}" for sentence in few_measured(runs_of(selection, dataset), spec.part)
        ]
    others = other_code([run for dataset in datasets for run in runs_of(selection, dataset)])
    for row in (row for row in rows if row.kind == MEASURED):
        row.other_code = any(str(run["folder"]) in others for members in row.runs.values() for run in members)
    used = [source for source in published if source.dataset in datasets]
    _add_published(rows, columns, used, spec.part)
    label = baseline.label if baseline else None
    table = Table(spec, selection.headings, columns, rows, label, [], list(dict.fromkeys(warnings)))
    return replace(table, notes=[*selection.notes, *notes_of(table, used, tests)])


def _hold_against(
    rows: Sequence[TableRow],
    baseline: TableRow,
    columns: Sequence[Column],
    part: str,
    known: Mapping[str, Metric],
    warnings: list[str],
) -> list[str]:
    """Give cells their gains and p-values, and return what a reader must know of the tests."""
    for column in columns:
        add_gains(rows, baseline, column, known)
        if column not in baseline.cells:
            warnings.append(f"{column}: the baseline {baseline.label} has no value, so there are no gains.")
    tested = add_p_values(rows, baseline, columns, part, known)
    warnings += tested.warnings
    return tested.notes


def _usual_metrics(selection: Found, datasets: Sequence[str], part: str) -> list[str]:
    """Return the few metrics that are shown where none are asked for."""
    runs = [run for dataset in datasets for run in runs_of(selection, dataset)]
    names = dict.fromkeys(name for run in runs for name, value in run.items() if value is not None)
    return usual_names(name.removeprefix(f"{part}/") for name in names if name.startswith(f"{part}/"))


def _known(selection: Found, datasets: Sequence[str], spec: TableSpec) -> dict[str, Metric]:
    """Return what is known of the table's metrics, of one's own as the runs recorded it.

    Raises:
        ValueError: a metric is known neither here nor to the runs, or two runs mean different ones by its name.
    """
    records = {str(run["folder"]): recorded_of(run) for dataset in datasets for run in runs_of(selection, dataset)}
    check_metrics(spec.metrics, {name: metric for recorded in records.values() for name, metric in recorded.items()})
    return {metric.name: metric for metric in (agreed(name, records) for name in spec.metrics)}


def _datasets(selection: Found, spec: TableSpec) -> list[str]:
    datasets = list(dict.fromkeys(dataset for group in selection.groups for dataset in group.runs))
    reasons = "".join(f"\n{line}" for line in selection.warnings)
    check(bool(datasets), f"There is nothing to show: no row has a finished run with {spec.part} values.{reasons}")
    for dataset in spec.datasets:
        known = f"there are runs on {', '.join(datasets)}"
        check(
            dataset in datasets, f"datasets: no row has a run on {dataset!r}; {known}.{did_you_mean(dataset, datasets)}"
        )
    return list(spec.datasets) or datasets


def _measured(selection: Found, columns: Sequence[Column], part: str) -> list[TableRow]:
    rows, taken = [], {label_of(name) for name in baselines_in(selection, columns)}
    for group in selection.groups:
        row = TableRow(group.stub, runs=group.runs, budget=group.budget, chosen=group.chosen)
        check(row.label not in taken, f"rows: {row.label} is a row of every table; call yours otherwise.")
        for column in columns:
            if cell := cell_of(group.runs.get(column.dataset, ()), f"{part}/{column.metric}"):
                row.cells[column] = cell
        rows.append(row)
    return rows


def _baseline(rows: Sequence[TableRow], asked: str | None) -> TableRow | None:
    """Return the row that others are held against: the one asked for, or the first baseline, if there is one."""
    beside = {row.kind: row for row in rows if row.kind != MEASURED}
    measured = {row.label: row for row in rows if row.kind == MEASURED}
    if asked is None:
        return next(iter(beside.values()), None)
    check(
        asked in beside or asked in measured,
        f"baseline: expected {' or '.join([*beside, 'the label of a row'])}, got {asked!r}."
        f"{did_you_mean(asked, [*beside, *measured])} Rows: {'; '.join(measured)}.",
    )
    return (measured | beside)[asked]


def _add_published(rows: list[TableRow], columns: Sequence[Column], used: Sequence[Published], part: str) -> None:
    """Put published values beside the row of their label, or into a row of their own."""
    by_label = {row.label: row for row in rows}
    splits: dict[str, Any] = {}
    for row in rows:
        for dataset, runs in row.runs.items():
            if runs:
                marks = [runs[0][name] for name in ("fingerprint", "published_fingerprint") if runs[0].get(name)]
                splits.setdefault(dataset, (marks, conventions_of(runs[0])))
    for published in used:
        for entry in published.rows:
            values = _values(entry, published.dataset, columns)
            if not values:
                continue
            if entry.label not in by_label:
                by_label[entry.label] = TableRow(
                    stub_of(entry.label, [name.heading for name in rows[0].stub]), PUBLISHED
                )
                rows.append(by_label[entry.label])
            cells: PublishedCells = by_label[entry.label].published
            cells.values |= values
            cells.sources[published.dataset] = entry.source
            known = splits.get(published.dataset, ((), None))
            cells.same_split[published.dataset] = published.same_split(entry, part, *known)


def _values(row: PublishedRow, dataset: str, columns: Sequence[Column]) -> dict[Column, float]:
    return {
        column: row.values[column.metric]
        for column in columns
        if column.dataset == dataset and column.metric in row.values
    }
