"""What a person reads at the beginning and at the end of a run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.data.dataset import Dataset
from ragx.data.problem import Problem
from ragx.data.sentences import kinds_sentence, step_sentences
from ragx.evaluation.measured import few_are_measured, measured_sentence
from ragx.evaluation.units import Counts, plural
from ragx.metrics.direction import about, is_better, larger_is_better
from ragx.metrics.name import usual_name, usual_names
from ragx.metrics.recorded import read_record_of
from ragx.report.baselines import label_of
from ragx.runner.run.speaker import Speaker
from ragx.runs.layout import CURVE_PLOT, METRICS
from ragx.runs.looks import Readings, test_mark
from ragx.runs.task import OLD_UNIT, is_closed_form, unit_of
from ragx.training.state import fit_numbers, fit_sentence

LOUD = "bold yellow"


def print_data(console: Console | Speaker, dataset: Dataset, problem: Problem[Any]) -> None:
    """Print counts after every step and by kind of event, notes of reading, the parts and their fingerprint."""
    for sentence in step_sentences(dataset, problem):
        console.print(sentence, style="dim", markup=False)
    for note in (*dataset.notes, *dataset.joins):
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    if kinds := kinds_sentence(dataset):
        console.print(kinds, highlight=False, markup=False)
    parts = ", ".join(f"{count:,} {part}" for part, count in problem.sizes.items())
    label, fingerprint = (dataset.name, "bold"), (problem.fingerprint, "bold")
    console.print(Text.assemble(label, f": {problem.contents}; split {problem.name} ", fingerprint, f": {parts}"))
    left = {name.replace("_", " "): count for name, count in problem.notes.items() if count}
    if left:
        counts = ", ".join(f"{count:,} {name}" for name, count in left.items())
        console.print(f"  {counts}", highlight=False, markup=False)


def print_summary(console: Console | Speaker, folder: Path) -> None:
    """Print the results in a run folder as a table."""
    metrics = json.loads((folder / METRICS).read_text())
    parts = [part for part in ("validation", "test") if part in metrics]
    console.print(results_table(folder.name, metrics, parts))
    _print_notes(console, metrics, folder)


def results_table(
    title: str, metrics: dict[str, Any], parts: Sequence[str], names: Sequence[str] | None = None
) -> Table:
    """Return the values of the model beside those of what it is held against.

    Args:
        title: title of the table.
        metrics: what ``metrics.json`` holds.
        parts: ``"validation"``, ``"test"`` or both.
        names: the metrics; by default the few that there is always room for, and what the run was chosen by.
    """
    usual = [*usual_names(metrics[parts[0]]), metrics.get("monitor")]
    shown = names or [name for name in metrics[parts[0]] if name in usual]
    heading = title if names is None else f"{title}, {' and '.join(parts)}"
    table = Table(title=Text(heading), title_justify="left", min_width=len(heading))
    table.add_column("")
    for part in parts:
        for name in shown:  # all metrics side by side leave no room for the part's name
            table.add_column(f"{part}\n{name}" if names is None else name, justify="right", overflow="fold")
    rows = {"model": metrics, **{label_of(name): values for name, values in metrics["baseline"].items()}}
    if "best_achievable" in metrics:
        rows["best achievable"] = metrics["best_achievable"]
    for label, row in rows.items():
        table.add_row(label, *(f"{row[part][name]:.4f}" for part in parts for name in shown))
    return table


def print_measured(
    console: Console | Speaker, counts_of_parts: Mapping[str, Mapping[str, int]], unit: str = OLD_UNIT
) -> None:
    """Print of every part how many units its values are made of, loudly where these are few."""
    for part, counts in counts_of_parts.items():
        if sentence := measured_sentence(part, counts, unit):
            console.print(
                Text(sentence, style=LOUD if few_are_measured(counts) else ""), highlight=False, soft_wrap=True
            )


def _print_notes(console: Console | Speaker, metrics: dict[str, Any], folder: Path) -> None:
    print_measured(console, metrics.get("counts", {}), unit_of(metrics))
    part = "test" if "test" in metrics else "validation"
    if "best_achievable" in metrics:
        name = usual_name(metrics[part], metrics.get("monitor")) or ""
        achievable = metrics["best_achievable"][part][name]
        if achievable and larger_is_better(about(name, read_record_of(metrics.get("metrics")))):
            share = metrics[part][name] / achievable
            console.print(f"{share:.1%} of the achievable {part} {name} was reached.", highlight=False)
        for sentence in above_best(metrics, part):
            console.print(sentence, highlight=False)
    fit = metrics["fit"]
    seconds = fit["seconds"] + metrics.get("refit", {}).get("seconds", 0.0)
    refit = ", refitted on train + validation" if "refit" in metrics else ""
    stages = [("training", fit), ("refit", metrics.get("refit", {}))]
    resumed = [f", {name} taken up at step {stage['resumed_at']}" for name, stage in stages if stage.get("resumed_at")]
    taken_up = "".join(resumed)
    console.print(
        f"{fit_sentence(fit)}{refit}{taken_up}; {seconds:.0f} s of training, {metrics['seconds']:.0f} s in all, "
        f"{metrics['peak_memory_mb']:,} MB at most.",
        highlight=False,
    )
    if "looks" in metrics:
        readings = Readings(*(metrics.get(name, 0) for name in Readings._fields))
        console.print(readings.sentence(test_mark(metrics["split"])))
    else:
        console.print(
            "The test part stays sealed; evaluation.final=true opens it for this finished run, without training."
        )
    tables = sorted(path.stem for path in folder.glob("*.parquet") if not path.stem.startswith("per_"))
    curve = ["curve"] if (folder / CURVE_PLOT).is_file() else []
    kept = "record" if is_closed_form(metrics) else "checkpoint"
    message = f"{', '.join(['Results', *curve, *tables])} and {kept}: {folder}"
    console.print(message, highlight=False, markup=False, soft_wrap=True)


def above_best(metrics: dict[str, Any], part: str) -> list[str]:
    """Say which shown values lie above the best achievable ones, which are the best in expectation alone."""
    best, count = metrics["best_achievable"][part], Counts.of(metrics.get("counts", {}).get(part, {})).units or 0
    baselines = {label_of(name): values[part] for name, values in metrics["baseline"].items()}
    sides = {"the model": metrics[part], **baselines}
    pairs = [(side, name, values[name]) for side, values in sides.items() for name in usual_names(best)]
    known = read_record_of(metrics.get("metrics"))
    above = [f"{side} ({name})" for side, name, value in pairs if is_better(about(name, known), value, best[name])]
    if not above:
        return []
    return [
        f"Above the best achievable: {', '.join(above)}. It knows what is expected, which is best on average; what "
        f"{count:,} {plural(unit_of(metrics))} happened to do can go another way."
    ]


def summary_line(metrics: dict[str, Any]) -> dict[str, Any]:
    """Return the final numbers as flat names, for trackers."""
    sides = {"": metrics, **{f"{name}/": values for name, values in metrics["baseline"].items()}}
    sides |= {"best_achievable/": metrics["best_achievable"]} if "best_achievable" in metrics else {}
    flat = {
        f"{side}{part}/{name}": value
        for side, results in sides.items()
        for part in ("validation", "test")
        for name, value in results.get(part, {}).items()
    }
    flat |= fit_numbers(metrics["fit"]) | {"fingerprint": metrics["split"]["fingerprint"]}
    for part, counts in metrics.get("counts", {}).items():
        if sentence := measured_sentence(part, counts, unit_of(metrics)):
            flat |= {f"{part}/{name}": count for name, count in counts.items()} | {f"{part}/measured": sentence}
    return flat
