"""The rows of a table that hold the baselines of its task, whose values stand in every run's folder."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ragx.report.baselines import label_of
from ragx.report.tables.cells import Column, TableRow, cell_of
from ragx.report.tables.conditions import Run
from ragx.report.tables.rows import Found, Name

ALIKE = 1e-9
BEST = "best_achievable"


def baselines_in(selection: Found, columns: Sequence[Column]) -> list[str]:
    """Return the names of the baselines that runs of a table have values of, in their order."""
    runs = [
        run for dataset in dict.fromkeys(column.dataset for column in columns) for run in runs_of(selection, dataset)
    ]
    sides = [name.split("/") for run in runs for name, value in run.items() if value is not None]
    names = dict.fromkeys(parts[0] for parts in sides if len(parts) == 3)
    return [name for name in names if name != BEST]


def baseline_rows(selection: Found, columns: Sequence[Column], part: str, warnings: list[str]) -> list[TableRow]:
    """Return a row for each baseline, as it stands beside the runs that were refitted, or not, as most were.

    Args:
        selection: the rows of runs.
        columns: the columns of values.
        part: the part that is shown.
        warnings: takes what a reader must know.
    """
    runs: dict[str, list[Run]] = {}
    names = baselines_in(selection, columns)
    for dataset in dict.fromkeys(column.dataset for column in columns):
        every = runs_of(selection, dataset)
        usual, _ = Counter(run["refit"] for run in every).most_common(1)[0]
        if names and len({run["refit"] for run in every}) > 1:
            warnings.append(
                f"dataset {dataset}: some rows were refitted on train and validation and some were not, which makes a "
                f"difference of its own; {' and '.join(map(label_of, names))} is that of most runs."
            )
        runs[dataset] = [run for run in every if run["refit"] == usual]
    return [_row(name, stub_of(label_of(name), selection.headings), columns, part, runs, warnings) for name in names]


def _row(
    name: str,
    stub: tuple[Name, ...],
    columns: Sequence[Column],
    part: str,
    runs: Mapping[str, Sequence[Run]],
    warnings: list[str],
) -> TableRow:
    beside = {dataset: [run for run in every if _has(run, name)][:1] for dataset, every in runs.items()}
    row = TableRow(stub, name, beside)
    for column in columns:
        value = f"{name}/{part}/{column.metric}"
        values = [run[value] for run in runs[column.dataset] if run.get(value) is not None]
        if values and max(values) - min(values) > ALIKE:
            warnings.append(f"{column}: {row.label} differs between runs ({min(values)} to {max(values)}).")
        if cell := cell_of(beside[column.dataset], value):
            row.cells[column] = cell
    return row


def _has(run: Run, name: str) -> bool:
    return any(column.startswith(f"{name}/") and value is not None for column, value in run.items())


def runs_of(selection: Found, dataset: str) -> list[Run]:
    """Return all runs of a table on a dataset."""
    return [run for group in selection.groups for run in group.runs.get(dataset, ())]


def stub_of(label: str, headings: Sequence[str]) -> tuple[Name, ...]:
    """Return the names of a row that is called by one text alone."""
    return tuple(Name(heading, "" if index else label) for index, heading in enumerate(headings))
