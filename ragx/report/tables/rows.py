"""Which runs stand behind which row of a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ragx.checks import check
from ragx.report.tables.conditions import Run, check_conditions, matches, plain, shown_option
from ragx.report.tables.spec import RowSpec, TableSpec

TELLING = ("fingerprint", "split", "refit", "features", "target_kind", "threads", "data", "rules")
"""What tells configurations apart beside their options."""


class Name(NamedTuple):
    """One of the texts that name a row, with its heading."""

    heading: str
    text: str


def label_of(stub: Sequence[Name]) -> str:
    """Return the texts that name a row as one; a number has its heading before it."""
    return ", ".join(
        f"{name.heading} {name.text}".strip() if _is_number(name.text) else name.text for name in stub if name.text
    )


def _is_number(text: str) -> bool:
    return isinstance(plain(text), int | float)


@dataclass(frozen=True)
class Group:
    """The runs behind one row.

    Args:
        stub: the texts that name the row.
        runs: by dataset, one run for every seed.
        budget: by dataset, the number of configurations that the row's was chosen from, where it is known.
        chosen: what was chosen beside the stub, as text.
    """

    stub: tuple[Name, ...]
    runs: Mapping[str, Sequence[Run]]
    budget: Mapping[str, int] = field(default_factory=dict)
    chosen: str = ""

    @property
    def label(self) -> str:
        """The stub as one text."""
        return label_of(self.stub)


@dataclass
class Found:
    """The rows of a table.

    Args:
        headings: those of the stub.
        groups: one for each row, in order.
        warnings: what is missing.
        notes: what has to be said about where the rows come from.
    """

    headings: tuple[str, ...]
    groups: list[Group]
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rows_by_conditions(runs: Sequence[Run], spec: TableSpec, budgets: Mapping[str, int]) -> Found:
    """Return the rows that a table picks by conditions.

    Args:
        runs: where they are looked for.
        spec: what the table is to show.
        budgets: number of configurations that a run's was chosen from, by name of the run folder, where it is known.

    Raises:
        ValueError: a condition names no option, or fits several configurations of one dataset.
    """
    selection = Found(("",), [])
    evaluated = without_superseded([run for run in runs if is_evaluated(run, spec.part)])
    for row in spec.rows:
        check_conditions(row.label, row.where, runs)
        fitting = [run for run in evaluated if matches(run, row.where)]
        chosen = by_dataset(row.label, fitting, selection.warnings)
        tried = {
            name: budgets[str(members[0]["folder"])]
            for name, members in chosen.items()
            if members[0]["folder"] in budgets
        }
        selection.groups.append(Group((Name("", row.label),), chosen, tried))
        if not fitting:
            selection.warnings.append(_nothing_fits(row, runs, spec.part))
    return selection


def is_evaluated(run: Run, part: str) -> bool:
    """Say whether a run has values of a part."""
    return any(name.startswith(f"{part}/") and value is not None for name, value in run.items())


def without_superseded(runs: Sequence[Run]) -> list[Run]:
    """Return the runs without those that newer code has run again since."""
    newer = {run["identity"] for run in runs if not run["kept"]}
    return [run for run in runs if not run["kept"] or run["identity"] not in newer]


def by_dataset(label: str, runs: Sequence[Run], warnings: list[str]) -> dict[str, list[Run]]:
    """Return the runs of a row by dataset, one for every seed.

    Raises:
        ValueError: there are several configurations of one dataset among them.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(str(run["dataset"]), []).append(run)
    return {name: of_one_cell(label, name, members, warnings) for name, members in groups.items()}


def of_one_cell(label: str, dataset: str, runs: Sequence[Run], warnings: list[str]) -> list[Run]:
    """Return the runs of one configuration by seed.

    Raises:
        ValueError: there are several configurations among them; the message says in what they differ.
    """
    cells: dict[str, list[Run]] = {}
    for run in runs:
        cells.setdefault(str(run["cell"]), []).append(run)
    some = [members[0] for members in cells.values()]
    check(
        len(cells) == 1,
        f"row {label}: {len(cells)} configurations of dataset {dataset} fit, where a row is one: {named(some)}. They "
        f"differ in {differences(some)}. Add a condition (where), or a label (labels), that tells them apart.",
    )
    seeds: dict[Any, Run] = {}
    for run in sorted(runs, key=lambda member: (member["seed"] is None, member["seed"])):
        first = seeds.setdefault(run["seed"], run)
        if first is not run:
            warnings.append(
                f"row {label}, dataset {dataset}: seed {run['seed']} stands in two folders, {first['folder']} and "
                f"{run['folder']}; the first is used."
            )
    return list(seeds.values())


def named(runs: Iterable[Run]) -> str:
    """Return the names of a few runs."""
    names = list(dict.fromkeys(str(run["name"]) for run in runs))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def differences(runs: Sequence[Run]) -> str:
    """Return the options, and what else counts, in which runs differ."""
    names = dict.fromkeys(name for run in runs for name in run if name.startswith("option.") or name in TELLING)
    parts = []
    for name in names:
        if name.startswith(("option.tracker", "option.diagnostics", "option.evaluation.final")):
            continue
        values = list(dict.fromkeys(str(run.get(name)) for run in runs))
        if len(values) > 1:
            parts.append(f"{name.removeprefix('option.')} ({', '.join(values[:4])}{', …' if len(values) > 4 else ''})")
    return "; ".join(parts[:6]) or "nothing that is recorded but their cells, which where: {cell: …} can choose from"


def _nothing_fits(row: RowSpec, runs: Sequence[Run], part: str) -> str:
    if fitting := [run for run in runs if matches(run, row.where)]:
        message = f"row {row.label}: {named(fitting)} fit, but none was evaluated on {part}; the row stays empty."
        way = (
            " The command of a finished run with evaluation.final=true opens its test part; part=validation needs none."
        )
        return message + way * (part == "test")
    present = {option: sorted({shown_option(run, option) for run in runs} - {""}) for option in row.where}
    choices = "; ".join(f"{option} is {' or '.join(values[:8]) or 'nowhere set'}" for option, values in present.items())
    return f"row {row.label}: no run fits its conditions; the row stays empty. Among all runs, {choices}."
