"""The tables of a sweep's page that say why: what differs, what failed and what was left out."""

from collections import Counter

from ragx.report.pages.html import MISSING, Column, Field, Html, element, sortable_table
from ragx.report.pages.tables import run_link
from ragx.runs.sweeps.results import SweepResults, in_order

MOST_VALUES = 12


def differences_table(results: SweepResults) -> Html | None:
    """Return the options that differ between configurations, each value with how many have it; None where none do."""
    counts: dict[str, Counter[str]] = {}
    judged = [configuration for configuration in results.configurations if configuration.done]
    names = dict.fromkeys(
        name for configuration in judged for name in configuration.done[0].result if name.startswith("option.")
    )
    for name in names:
        values = Counter(str(configuration.done[0].result.get(name) or MISSING) for configuration in judged)
        if len(values) > 1:
            counts[name.removeprefix("option.")] = values
    rows = [
        [
            Field(element("code", name)),
            Field(element("span", "swept" if name in results.axes.values() else "follows from a choice")),
            Field(_values(values)),
        ]
        for name, values in counts.items()
    ]
    columns = [Column("option"), Column("why"), Column("values, and how many configurations have them", long=True)]
    caption = "Options that differ; all others are the same everywhere"
    return sortable_table("differences", caption, columns, rows) if rows else None


def _values(counts: Counter[str]) -> str:
    shown = [f"{value} ({counts[value]})" for value in in_order(list(counts))]
    return ", ".join(shown[:MOST_VALUES]) + (f" and {len(shown) - MOST_VALUES} more" if shown[MOST_VALUES:] else "")


def failure_table(results: SweepResults) -> Html | None:
    """Return the runs that failed or were broken off, with their last error; None where there are none."""
    runs = results.record.folder.parents[1]
    rows = [
        [
            Field(element("span", run.state, class_="bad")),
            Field(f"{configuration.label()}, seed {run.cell.planned.seed}"),
            Field(run.cell.attempts, run.cell.attempts),
            Field(run.cell.error or MISSING),
            Field(run_link(run, "error.txt" if (runs / run.name / "error.txt").is_file() else "")),
        ]
        for configuration in results.configurations
        for run in configuration.runs
        if run.state in ("failed", "interrupted")
    ]
    columns = [
        Column("state"),
        Column("run"),
        Column("attempts", "number"),
        Column("last error", long=True),
        Column("folder"),
    ]
    return sortable_table("failures", "Runs that failed or were broken off", columns, rows) if rows else None


def dropped_table(results: SweepResults) -> Html | None:
    """Return the combinations that cannot be, with the reason; None where there are none."""
    rows = [
        [Field(str(combination.get("cell", ""))), Field(str(combination.get("reason", "")))]
        for combination in results.record.settings.get("dropped", [])
    ]
    columns = [Column("combination", long=True), Column("why it cannot be", long=True)]
    return sortable_table("dropped", "Combinations that were left out of the plan", columns, rows) if rows else None
