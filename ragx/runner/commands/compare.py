"""Comparing finished runs: seeds of one configuration together, a table with Holm's correction, a sentence for each."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.checks import check
from ragx.evaluation.comparison import Comparison, notes_on_tests
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.per_user_table import KEYS
from ragx.evaluation.significance import compare_table
from ragx.evaluation.units import plural
from ragx.former_names import TARGET
from ragx.metrics.name import usual_name
from ragx.metrics.recorded import agreed
from ragx.report.tables.output import write_table
from ragx.runner.command_line import plain_command
from ragx.runner.commands.compared_runs import (
    Compared,
    baseline_cell,
    by_label,
    check_comparable,
    read_compared,
    run_folders,
)
from ragx.runner.commands.id_lists import id_list
from ragx.runner.commands.options import NOBODY, Part, TableFile, parse_options
from ragx.runner.commands.paired_values import values_of_units
from ragx.runner.run.summary import print_measured
from ragx.runs.looks import Looks, Readings, test_mark
from ragx.runs.task import is_closed_form
from ragx.runs.trusted import Trusted

UNITS = "units"
WIDTH, MOST_TOLD = 200, 5
HELP = """ragx compare runs=[a,b,c] baseline=a metric=ndcg@20 part=test

runs=[…]          finished runs, each as much of its path or identity as no other finished run begins with, or folders
                  of runs; seeds of one configuration count as one model
baseline=a        the run, or one of its seeds, that the others are held against, or a baseline of its task by name
metric=ndcg@20    a metric that every user has a value of, or another unit of the task, such as mae; ndcg@20 by default,
                  or else what the runs were chosen by
part=test         or validation
output=out.csv    write the table as .parquet, .csv, .json or .jsonl
trust=[my_rules]  modules of your own whose protocol the runs name"""


Runs = Annotated[list[str], lambda name, text: id_list(name, text) if text.startswith("[") else [text]]


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    runs: Runs
    baseline: str
    metric: str = ""
    part: Part = "test"
    output: TableFile = None
    trust: Trusted = NOBODY


def compare_runs(arguments: Sequence[str]) -> None:
    """Print how runs differ from a baseline, and write the table where the command line says so.

    Raises:
        ValueError: the options or a run is at fault, or the runs are not comparable.
    """
    options = parse_options(Options, arguments)
    trust = options.trust
    reads = [read_compared(folder, trust) for folder in run_folders(options.runs)]
    beside = options.baseline if any(options.baseline in read.baselines for read in reads) else None
    cell = None if beside else baseline_cell(options.baseline, reads, trust)
    check_comparable(reads, options.part)
    groups = by_label(reads)
    baseline = beside or next(label for label, seeds in groups.items() if seeds[0].cell == cell)
    runs, options = _runs(groups, values_of_units(groups, options.part, beside), options)
    check(len(runs) > 1, f"runs: expected another configuration beside the baseline, got {baseline} alone.")
    comparisons = compare_table(runs, baseline, options.metric)
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = WIDTH
    _show(console, comparisons, runs, baseline, options)
    print_measured(console, {options.part: reads[0].counts.get(options.part, {})}, reads[0].unit)
    for note in _notes(groups, runs, comparisons, options.part):
        console.print(Text(note, style="dim"), soft_wrap=True)
    if options.output:
        write_table(_rows(comparisons), options.output)
        console.print(f"{len(comparisons):,} rows: {options.output}", highlight=False, markup=False)


def _runs(
    groups: Mapping[str, Sequence[Compared]], tables: Mapping[str, Mapping[int, pl.DataFrame]], options: Options
) -> tuple[dict[str, PerUnitRun], Options]:
    """Return the values of units as they are compared, and the options with the metric, where none was asked for."""
    reads = [read for of_label in groups.values() for read in of_label]
    some = reads[0]
    if not options.metric:
        table = next(iter(next(iter(tables.values())).values()))
        usual = usual_name((name for name in table.columns if name not in KEYS), some.metrics.get("monitor"))
        options = replace(options, metric=usual or "")
    known = agreed(options.metric, {str(read.folder): read.recorded for read in reads})
    runs = {}
    for label, values in tables.items():
        run = PerUnitRun(values, some.rules, str(some.record["fingerprint"]), known={known.name: known}, unit=some.unit)
        closed = label not in groups or all(is_closed_form(read.metrics) for read in groups[label])
        runs[label] = run.without_draws() if closed else run
    return runs, options


def _show(
    console: Console,
    comparisons: Mapping[str, Comparison],
    runs: Mapping[str, PerUnitRun],
    baseline: str,
    options: Options,
) -> None:
    title = Text(f"{options.metric} on the {options.part} part, against {baseline}")
    table = Table(title=title, title_justify="left")
    table.add_column("")
    over = plural(runs[baseline].unit)
    names = [name.replace(UNITS, over) for name in _P_VALUES.values()]
    for name in ("seeds", "mean", "difference", "95 %", "effect size", *names):
        table.add_column(name, justify="right")
    mean = float(runs[baseline].matrix(options.metric).mean())
    table.add_row(Text(baseline), str(len(runs[baseline].per_unit)), f"{mean:.4f}")
    for label, comparison in comparisons.items():
        value, spread = f"{comparison.difference.value:+.4f}", comparison.difference.spell("+.4f")
        numbers = (
            str(comparison.num_seeds[0]),
            f"{comparison.mean:.4f}",
            value,
            spread,
            f"{comparison.effect_size:.2f}",
        )
        table.add_row(Text(label), *numbers, *(_p_value(getattr(comparison, name)) for name in _P_VALUES))
    console.print(table)
    console.print(f"Against {baseline}:", highlight=False, markup=False, soft_wrap=True)
    for label, comparison in comparisons.items():
        console.print(f"{label}: {comparison.sentence()}.", highlight=False, markup=False, soft_wrap=True)


def _notes(
    groups: Mapping[str, Sequence[Compared]],
    runs: Mapping[str, PerUnitRun],
    comparisons: Mapping[str, Comparison],
    part: str,
) -> list[str]:
    some = next(iter(groups.values()))[0]
    splits = dict.fromkeys(str(read.record["fingerprint"]) for reads in groups.values() for read in reads)
    count = len(next(iter(runs.values())).units)
    notes = [f"Split {' and '.join(splits)}, {count:,} of {count:,} {plural(some.unit)} paired."]
    notes[0] += f" Conventions: {some.rules.spell()}." if some.rules else ""
    if part == "test":
        folders = {read.folder.resolve().parent for reads in groups.values() for read in reads}
        mark = test_mark(some.record)
        notes.append(Looks(*sorted(folders)).by_test_part().get(mark, Readings()).sentence(mark))
    notes += [*notes_on_tests([*comparisons.items()]), *_told_apart(groups)]
    for label, reads in groups.items():
        if len(reads) > len(runs[label].per_unit):
            notes.append(f"{label}: its {len(reads)} seeds gave the same values, without draws, and count as one.")
        if len({read.record.get("source") for read in reads}) > 1:
            notes.append(f"{label}: its seeds were run by different code.")
    return notes


def _told_apart(groups: Mapping[str, Sequence[Compared]]) -> list[str]:
    """Return for every configuration the options that are not the same in all of them."""
    options = {label: dict(_options(reads[0].record["config"])) for label, reads in groups.items()}
    names = dict.fromkeys(name for chosen in options.values() for name in chosen)
    unequal = [name for name in names if len({str(chosen.get(name)) for chosen in options.values()}) > 1]
    differing = {
        label: [f"{name}={chosen[name]}" for name in unequal if name in chosen] for label, chosen in options.items()
    }
    return [
        f"{label}: {', '.join(listed[:MOST_TOLD])}{', …' * (len(listed) > MOST_TOLD)}."
        for label, listed in differing.items()
        if listed
    ]


def _options(config: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _options(value, f"{path}{name}.")
        elif name == TARGET:
            yield path.rstrip("."), str(value).rpartition(".")[2]
        elif not path.startswith("tracker"):
            yield f"{path}{name}", value


_P_VALUES = {
    "p_units": f"p over {UNITS}",
    "p_seeds": "p over seeds",
    "p_both": "p over both",
    "p_adjusted": "p after Holm",
}


def _p_value(value: float | None) -> str:
    return "–" if value is None else "< .001" if value < 0.001 else f"{value:.3f}"


def _rows(comparisons: Mapping[str, Comparison]) -> pl.DataFrame:
    names = ("metric", "mean", "baseline_mean", "effect_size", *_P_VALUES)
    rows = []
    for label, comparison in comparisons.items():
        own = {name.replace("p_units", f"p_{plural(comparison.unit)}"): getattr(comparison, name) for name in names}
        finite = None if not np.isfinite(comparison.effect_size) else comparison.effect_size
        value, low, high, few = comparison.difference
        rows.append(
            {"run": label, **own, "effect_size": finite, "seed_test": comparison.seed_test, "family": comparison.family}
            | {"difference": value, "low": low, "high": high, "few": few}
            | {
                "seeds": comparison.num_seeds[0],
                "baseline_seeds": comparison.num_seeds[1],
                "sentence": comparison.sentence(),
            }
        )
    return pl.DataFrame(rows)


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(compare_runs, HELP)
