"""From runs to a table: means, ranks, gains, marks, published numbers, and what has to be said about them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ragx.checks import check, did_you_mean
from ragx.metrics.known import Metric
from ragx.metrics.recorded import agreed
from ragx.report.tables.cells import Column, PublishedCells, Table, TableRow, add_gains, cell_of, rank_cells
from ragx.report.tables.checks import check_comparable, conventions_of, doubtful_leads, missing_values
from ragx.report.tables.code import other_code
from ragx.report.tables.conditions import Run
from ragx.report.tables.marks import add_p_values
from ragx.report.tables.notes import few_measured, notes_of
from ragx.report.tables.published import Published, PublishedRow
from ragx.report.tables.rows import Found, Name
from ragx.report.tables.spec import MOST_POPULAR, TableSpec, check_metrics
from ragx.runs.row import recorded_of

POPULAR = "MostPop"
ALIKE = 1e-9


def build_table(found: Found, spec: TableSpec, published: Sequence[Published] = ()) -> Table:
    """Return the table of rows.

    Args:
        found: the rows with their runs.
        spec: what the table is to show.
        published: numbers of others.

    Raises:
        ValueError: there are no runs, runs of one column are not comparable, a metric is known neither here nor to the
            runs, or the baseline is no row.
    """
    datasets = _datasets(found, spec)
    for dataset in datasets:
        check_comparable(dataset, _runs(found, dataset), spec.part)
    known = _known(found, datasets, spec)
    columns = [Column(dataset, metric) for dataset in datasets for metric in spec.metrics]
    warnings = list(found.warnings)
    rows = [_popular(found, columns, spec.part, warnings), *_measured(found, columns, spec.part)]
    baseline = _baseline(rows, spec.baseline)
    warnings += missing_values(rows, columns, spec.part)
    for column in columns:
        rank_cells(rows, column, spec.digits, known)
        add_gains(rows, baseline, column, known)
        if column not in baseline.cells:
            warnings.append(f"{column}: the baseline {baseline.label} has no value, so there are no gains.")
    tested = add_p_values(rows, baseline, columns, spec.part, known)
    warnings += tested.warnings
    warnings += doubtful_leads(rows, baseline, columns, known)
    for dataset in datasets:
        warnings += [f"dataset {dataset}: {said}" for said in few_measured(_runs(found, dataset), spec.part)]
    others = other_code([run for dataset in datasets for run in _runs(found, dataset)])
    for row in rows[1:]:
        row.other_code = any(str(run["folder"]) in others for each in row.runs.values() for run in each)
    used = [each for each in published if each.dataset in datasets]
    _add_published(rows, columns, used, spec.part)
    table = Table(spec, found.headings, columns, rows, baseline.label, [], list(dict.fromkeys(warnings)))
    return replace(table, notes=[*found.notes, *notes_of(table, used, tested.notes)])


def _runs(found: Found, dataset: str) -> list[Run]:
    return [run for group in found.groups for run in group.runs.get(dataset, ())]


def _known(found: Found, datasets: Sequence[str], spec: TableSpec) -> dict[str, Metric]:
    """Return what is known of the table's metrics, of one's own as the runs recorded it.

    Raises:
        ValueError: a metric is known neither here nor to the runs, or two runs mean different ones by its name.
    """
    records = {str(run["folder"]): recorded_of(run) for dataset in datasets for run in _runs(found, dataset)}
    check_metrics(spec.metrics, {name: metric for recorded in records.values() for name, metric in recorded.items()})
    return {metric.name: metric for metric in (agreed(name, records) for name in spec.metrics)}


def _datasets(found: Found, spec: TableSpec) -> list[str]:
    there = list(dict.fromkeys(dataset for group in found.groups for dataset in group.runs))
    reasons = "".join(f"\n{line}" for line in found.warnings)
    check(bool(there), f"There is nothing to show: no row has a finished run with {spec.part} values.{reasons}")
    for dataset in spec.datasets:
        known = f"there are runs on {', '.join(there)}"
        check(dataset in there, f"datasets: no row has a run on {dataset!r}; {known}.{did_you_mean(dataset, there)}")
    return list(spec.datasets) or there


def _popular(found: Found, columns: Sequence[Column], part: str, warnings: list[str]) -> TableRow:
    """Return the row of the most popular items, whose values stand in every run's folder."""
    row = TableRow(_stub(POPULAR, found.headings), "most_popular")
    runs: dict[str, list[Run]] = {}
    for dataset in dict.fromkeys(column.dataset for column in columns):
        every = _runs(found, dataset)
        usual, _ = Counter(run["refit"] for run in every).most_common(1)[0]
        if len({run["refit"] for run in every}) > 1:
            warnings.append(
                f"dataset {dataset}: some rows were refitted on train and validation and some were not, which makes a "
                f"difference of its own; {POPULAR} is that of most runs."
            )
        runs[dataset] = [next(run for run in every if run["refit"] == usual)]
    for column in columns:
        name = f"{MOST_POPULAR}/{part}/{column.metric}"
        alike = [run for run in _runs(found, column.dataset) if run["refit"] == runs[column.dataset][0]["refit"]]
        values = [run[name] for run in alike if run.get(name) is not None]
        if values and max(values) - min(values) > ALIKE:
            warnings.append(f"{column}: {POPULAR} differs between runs ({min(values)} to {max(values)}).")
        if cell := cell_of(runs[column.dataset], name):
            row.cells[column] = cell
    row.runs = runs
    return row


def _stub(label: str, headings: Sequence[str]) -> tuple[Name, ...]:
    """Return the names of a row that is called by one text alone."""
    return tuple(Name(heading, "" if place else label) for place, heading in enumerate(headings))


def _measured(found: Found, columns: Sequence[Column], part: str) -> list[TableRow]:
    rows = []
    for group in found.groups:
        row = TableRow(group.stub, runs=group.runs, budget=group.budget, chosen=group.chosen)
        check(row.label != POPULAR, f"rows: {POPULAR} is a row of every table; call yours otherwise.")
        for column in columns:
            if cell := cell_of(group.runs.get(column.dataset, ()), f"{part}/{column.metric}"):
                row.cells[column] = cell
        rows.append(row)
    return rows


def _baseline(rows: Sequence[TableRow], name: str) -> TableRow:
    labels = [MOST_POPULAR, *(row.label for row in rows[1:])]
    check(
        name in labels,
        f"baseline: expected {MOST_POPULAR} or the label of a row, got {name!r}.{did_you_mean(name, labels)} Rows: "
        f"{'; '.join(labels[1:])}.",
    )
    return rows[labels.index(name)]


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
        for each in published.rows:
            values = _values(each, published.dataset, columns)
            if not values:
                continue
            if each.label not in by_label:
                by_label[each.label] = TableRow(_stub(each.label, [name.heading for name in rows[0].stub]), "published")
                rows.append(by_label[each.label])
            cells: PublishedCells = by_label[each.label].published
            cells.values |= values
            cells.sources[published.dataset] = each.source
            known = splits.get(published.dataset, ((), None))
            cells.same_split[published.dataset] = published.same_split(each, part, *known)


def _values(row: PublishedRow, dataset: str, columns: Sequence[Column]) -> dict[Column, float]:
    return {
        column: row.values[column.metric]
        for column in columns
        if column.dataset == dataset and column.metric in row.values
    }
