"""The tables of a sweep's page that hold its numbers: configurations and runs."""

from collections import Counter
from urllib.parse import quote

from ragx.metrics.direction import about, larger_is_better
from ragx.metrics.name import names_beside
from ragx.report.pages.html import MISSING, Column, Field, Html, element, number, sortable_table
from ragx.runs.row import recorded_of
from ragx.runs.sweeps.results import Configuration, SweepResults, SweepRun, are_numbers
from ragx.runs.sweeps.spread import Spread


def configuration_table(results: SweepResults) -> Html:
    """Return mean ± std over seeds of every configuration, the best first."""
    recorded = next((recorded_of(run.result) for run in results.runs if run.result), {})
    metrics = {results.metric: results.known} | {name: about(name, recorded) for name in _beside(results)}
    columns = [
        *_axis_columns(results),
        *(
            Column(
                _short(name), "number", best_first=larger_is_better(known), sorted_=name == results.metric, hint=name
            )
            for name, known in metrics.items()
        ),
        Column("seeds", "number", hint="runs with a result, of those planned"),
        Column("state"),
        Column("training s", "number", hint="time to train, mean ± std over seeds"),
        Column("peak MB", "number", hint="peak memory of the process, mean ± std over seeds"),
    ]
    rows = [
        [
            *_axis_fields(results, configuration),
            *(_mean(configuration.spread(name), 4) for name in metrics),
            Field(f"{configuration.quality.count} of {len(configuration.runs)}", configuration.quality.count),
            Field(_states(configuration)),
            _mean(configuration.spread("training_seconds"), 1),
            _mean(configuration.spread("peak_memory_mb"), 0),
        ]
        for configuration in results.configurations
    ]
    return sortable_table("configurations", "Mean ± standard deviation over seeds, on validation", columns, rows)


def _short(metric: str) -> str:
    return metric.partition("/")[2] or "validation value"


def _beside(results: SweepResults) -> list[str]:
    known = dict.fromkeys(name for run in results.runs for name, value in run.result.items() if value is not None)
    names = [name.removeprefix("validation/") for name in known if name.startswith("validation/")]
    return [f"validation/{name}" for name in names_beside(_short(results.metric), names)]


def _axis_columns(results: SweepResults) -> list[Column]:
    values = {axis: {configuration.options[axis] for configuration in results.configurations} for axis in results.axes}
    return [
        Column(axis, "number" if are_numbers(sorted(values[axis])) else "text", hint=name)
        for axis, name in results.axes.items()
    ]


def _axis_fields(results: SweepResults, configuration: Configuration) -> list[Field]:
    return [
        Field(value or MISSING, float(value) if are_numbers([value]) else None)
        for value in (configuration.options[axis] for axis in results.axes)
    ]


def _mean(spread: Spread, digits: int) -> Field:
    if not spread.count:
        return Field(MISSING)
    return Field(spread.spell(digits), spread.mean)


def _states(configuration: Configuration) -> Html:
    counts = Counter(run.state for run in configuration.runs)
    text = "done" if set(counts) == {"done"} else ", ".join(f"{count} {state}" for state, count in counts.items())
    return element("span", text, class_="bad" if counts["failed"] or counts["interrupted"] else None)


def run_table(results: SweepResults) -> Html:
    """Return every run by itself."""
    columns = [
        Column("run"),
        *_axis_columns(results),
        Column("seed", "number"),
        Column(_short(results.metric), "number", best_first=larger_is_better(results.known), hint=results.metric),
        Column("best epoch", "number"),
        Column("epochs", "number"),
        Column("training s", "number"),
        Column("whole run s", "number"),
        Column("peak MB", "number"),
        Column("state"),
        Column("how", hint="whether it ran in one piece, was continued, or was there already"),
    ]
    rows = [
        [
            Field(run_link(run)),
            *_axis_fields(results, configuration),
            Field(run.cell.planned.seed, run.cell.planned.seed),
            *(
                number(value := run.number(name), f"{value:,.{digits}f}" if value is not None else "")
                for name, digits in (
                    (results.metric, 4),
                    *(("best_epoch", 1), ("epochs", 1), ("training_seconds", 1)),
                    *(("seconds", 1), ("peak_memory_mb", 0)),
                )
            ),
            Field(element("span", run.state, class_="bad" if run.state in ("failed", "interrupted") else None)),
            Field(run.cell.how or MISSING),
        ]
        for configuration in results.configurations
        for run in configuration.runs
    ]
    return sortable_table("runs", "One configuration and one seed each, on validation", columns, rows)


def run_link(run: SweepRun, file: str = "") -> Html:
    """Return a link to the folder of a run, as seen from the folder of the sweep."""
    if not run.name:
        return Html(MISSING)
    return element("a", file or run.name, href=f"../../{quote(run.name)}/{quote(file)}")
