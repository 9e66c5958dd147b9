"""The foot of a table: data, seeds, protocol, looks, budgets and code."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ragx.evaluation.measured import few_are_measured, measured_sentence
from ragx.evaluation.units import Counts, plural
from ragx.report.tables.cells import MEASURED, Table, TableRow
from ragx.report.tables.checks import conventions_of, rules_of, task_of, unit_of
from ragx.report.tables.conditions import Run
from ragx.report.tables.marks import mark_of
from ragx.report.tables.published import Published
from ragx.runs.looks import Readings, test_mark

MOST_NAMED = 8


def notes_of(table: Table, published: Sequence[Published], tests: Sequence[str]) -> list[str]:
    """Return the foot of a table.

    Args:
        table: all but its foot.
        published: the published numbers in it.
        tests: what a reader must know of the tests behind its marks; none where nothing was tested.
    """
    by_dataset = {
        dataset: [run for row in table.rows if row.kind == MEASURED for run in row.runs.get(dataset, ())]
        for dataset in dict.fromkeys(column.dataset for column in table.columns)
    }
    runs = [run for members in by_dataset.values() for run in members]
    notes = [_values(table, runs), *_marks(table, tests)]
    notes += [_data(dataset, members, table.spec.part) for dataset, members in by_dataset.items() if members]
    notes += [
        *_without_draws(table),
        *_protocol(runs),
        *_training(by_dataset, table.spec.part),
        *_budgets(table.measured),
    ]
    chosen = [f"{row.label}: {row.chosen}" for row in table.rows if row.chosen]
    notes += [f"Chosen on validation: {'; '.join(chosen)}."] if chosen else []
    notes.append(_code(table.rows, runs))
    for source in published:
        notes.append(f"Published numbers of {source.dataset}: {source.split}. {source.note}".strip())
    return notes


def _values(table: Table, runs: Sequence[Run]) -> str:
    seeds = sorted({int(run["seed"]) for run in runs if run["seed"] is not None})
    counted = f"seed{'s' * (len(seeds) != 1)} {_few(map(str, seeds))}" if seeds else "seeds that were not recorded"
    ranks = {cell.rank for row in table.measured for cell in row.cells.values()}
    legend = "; best in bold, second underlined, as printed" if "best" in ranks else ""
    return f"Values of the {table.spec.part} part: mean ± sample standard deviation over {counted}{legend}."


def _without_draws(table: Table) -> list[str]:
    """Return which closed forms have several seeds, which gave the same."""
    closed = [
        row
        for row in table.rows
        if row.kind == MEASURED and all(run.get("epochs") == 0 for runs in row.runs.values() for run in runs)
    ]
    equal = [row.label for row in closed if any(cell.spread.std == 0 for cell in row.cells.values())]
    return [f"Seeds that all gave the same values count as one: {_few(equal)}."] if equal else []


def _marks(table: Table, tests: Sequence[str]) -> list[str]:
    if table.baseline is None:
        return []
    if not tests:
        return [f"gain: against {table.baseline}; no row was tested against it."]
    marks = {mark_of(cell) for row in table.measured for cell in row.cells.values()} - {""}
    return [
        f"gain: against {table.baseline}. * p < .05, ** p < .01 better than {table.baseline}, ↓ and ↓↓ likewise worse"
        f"{'' if marks else '; no row has a mark'}.",
        *tests,
    ]


def _data(dataset: str, runs: Sequence[Run], part: str) -> str:
    counts = {name: _first(run[f"{name}_rows"] for run in runs) for name in ("train", "validation", "test")}
    sizes = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count is not None)
    units, unit = _first(run[f"{part}_units"] for run in runs), unit_of(runs[0])
    measured = measured_sentence(part, measured_of(runs, part), unit)
    split = _first(run["split"] for run in runs) or "of unknown name"
    fingerprints = _few(dict.fromkeys(str(run["fingerprint"]) for run in runs))
    parts = [f"{dataset}: split {split}, fingerprint {fingerprints}"]
    published = _first(run.get("published_fingerprint") for run in runs) if part == "test" else None
    parts += [f"published test part {published}"] if published else []
    parts += [f"{sizes} {'rows' if runs[0]['rules'] is None else 'interactions'}"] if sizes else []
    parts += [f"{units:,} {plural(unit)} evaluated"] if units is not None and not measured else []
    rules = dict.fromkeys(run["before_split"] for run in runs if run.get("before_split"))
    parts += [f"rules that let test events decide about train: {', '.join(rules)}"] if rules else []
    return f"{'; '.join(parts)}. {measured}".strip()


def measured_of(runs: Sequence[Run], part: str) -> dict[str, int | None]:
    """Return how many units the values of a part are made of: the fewest of any run."""
    columns = (f"{part}_units", f"{part}_units_held_out", "all_units")
    counted = [Counts(*(run.get(column) for column in columns)) for run in runs]
    whole = [counts._asdict() for counts in counted if None not in counts]
    return min(whole, key=lambda counts: counts["units"] or 0, default={})


def few_measured(runs: Sequence[Run], part: str) -> list[str]:
    """Return a warning where fewer than half of the units make the values of a part."""
    counts = measured_of(runs, part)
    return [measured_sentence(part, counts, unit_of(runs[0]))] if few_are_measured(counts) else []


def _protocol(runs: Sequence[Run]) -> list[str]:
    rankings, others = ([run for run in runs if (run["rules"] is None) == other] for other in (False, True))
    tasks = dict.fromkeys(f"Task: {task_of(run)}." for run in others)
    clauses = []
    for (name, cold_users), conventions in {rules_of(run): conventions_of(run) for run in rankings}.items():
        masked = {"seen": ", seen items masked", "nothing": ", no items masked"}
        cold = {"exclude": "left out", "popularity": "shown the most popular items", "model": "ranked by the model"}
        clauses.append(
            f"conventions {name}{masked.get(conventions.masked, '') if conventions else ''}, users without train "
            f"interactions {cold.get(str(cold_users), 'treated in an unknown way')}"
        )
    return [*([f"Protocol: ranking of the whole catalogue; {'; or '.join(clauses)}."] if clauses else []), *tasks]


def _training(by_dataset: Mapping[str, Sequence[Run]], part: str) -> list[str]:
    if part != "test":
        return []
    notes = []
    refits = {bool(run["refit"]) for runs in by_dataset.values() for run in runs}
    phrases = {True: "on train and validation, as long as validation had chosen", False: "on train alone"}
    if len(refits) == 1:
        notes.append(f"The tested models were trained {phrases[refits.pop()]}.")
    for runs in by_dataset.values():
        if runs:
            readings = Readings(*(max(run.get(name) or 0 for run in runs) for name in Readings._fields))
            notes.append(readings.sentence(test_mark(runs[0])))
    return notes


def _budgets(rows: Sequence[TableRow]) -> list[str]:
    tried = {row.label: sorted({*row.budget.values()}) for row in rows if row.kind == MEASURED}
    if not any(tried.values()):
        return []
    notes = []
    if unknown := [label for label, counts in tried.items() if not counts]:
        notes.append(f"Configurations tried is unknown for {_few(unknown)}.")
    distinct = {count for counts in tried.values() for count in counts}
    if len(distinct) == 1 and not unknown:
        count = distinct.pop()
        notes.append(f"Every row was chosen from {count} configuration{'s' * (count != 1)}: equal budgets.")
    elif len(distinct) > 1:
        budgets = [f"{label} {'/'.join(map(str, counts))}" for label, counts in tried.items() if counts]
        notes.append(f"Budgets are unequal: {_few(budgets)} configurations tried.")
    return notes


def _code(rows: Sequence[TableRow], runs: Sequence[Run]) -> str:
    sources = dict.fromkeys(str(run["source"]) for run in runs if run["source"])
    commits = dict.fromkeys(
        f"{run['commit'][:10]}{' with changes' if run['dirty'] else ''}" for run in runs if run["commit"]
    )
    parts = [f"source {_few(sources)}"] if sources else []
    parts += [f"commit {_few(commits)}"] if commits else []
    others = [row.label for row in rows if row.other_code]
    marked = f" ‡ made by other code than most rows: {_few(others)}." if others else ""
    return f"Code: {'; '.join(parts) or 'unknown'}.{marked}"


def _few(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)
