"""A finished run evaluated once more, under other metrics, groups or conventions, without training."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.checks import check
from ragx.former_names import TARGET
from ragx.learners.parts import build_task, groups_of
from ragx.metrics.own import own_in, path_of
from ragx.parts import bind
from ragx.runner.command_line import plain_command
from ragx.runner.commands.options import NOBODY, JsonFile, Names, Part, Wholes, Word, parse_options
from ragx.runner.run.evaluating import Evaluation, add_results
from ragx.runner.run.opening import check_stored_model, stored_model_differs
from ragx.runner.run.settings import check_threads
from ragx.runner.run.summary import print_measured, results_table
from ragx.runs.files import read_run, write_json
from ragx.runs.find import find_run
from ragx.runs.layout import RECORD
from ragx.runs.looks import Looks
from ragx.runs.protocol import stored_evaluation, without_own_metrics, without_own_monitor
from ragx.runs.trusted import Trusted
from ragx.serving.run import Run, load_run
from ragx.tasks.task import Task
from ragx.testing.metric import check_own_metrics

ASKED = ("metrics", "cutoffs", "conventions", "groups", "cold_users")
"""Options of the protocol."""
DECILES = {
    "activity": "activity: tenths of the users, 0 those with the fewest items.",
    "popularity": "popularity: tenths of the items, 0 those with the fewest train interactions.",
}
HELP = """ragx evaluate run=<folder> metrics=[recall,ndcg] cutoffs=[20,50] groups=[activity]

run=<folder>        a finished run, or as much of its path or identity as no other finished run begins with
part=validation     or test: opens the test part, which counts as a look
metrics=[…]         as the run had them by default, like all that follow; my_metrics.first_hit is one of your own
cutoffs=[…]         lengths of the lists
conventions=trec    lightgcn, recbole, trec, pyg or repeat_buying; evaluation=trec, as ragx run has it, is the same
groups=[…]          activity, popularity, columns of the table of users
cold_users=exclude  or popularity, or model
output=found.json   write everything that was found
trust=[my_layers]   modules of your own that the run names: their code is run, that of others is not

Nothing is trained, and the run's folder stays as it is."""


@dataclass(frozen=True)
class Options:
    """What was asked for; what is None stays as the run had it."""

    run: str
    part: Part = "validation"
    metrics: Names = None
    cutoffs: Wholes = None
    conventions: Word = None
    groups: Names = None
    cold_users: Word = None
    output: JsonFile = None
    trust: Trusted = NOBODY


def evaluate_run(arguments: Sequence[str]) -> None:
    """Print, and write where the command line says so, what a part says of a finished run.

    Raises:
        ValueError: the options or the run is at fault, or the output cannot be written; no part was opened then.
    """
    options = parse_options(Options, [_short(argument) for argument in arguments], first="run")
    trust, folder = options.trust, find_run(options.run)
    record, metrics = read_run(folder)
    check(
        options.part == "test" or not record["refit"],
        f"{folder}: this run was refitted on train and validation, so that it has learned the validation part; the "
        "values from before stand in its metrics.json, and part=test evaluates it on test.",
    )
    config = record["config"]
    stored = stored_evaluation(config, metrics) or {}
    own = _task(record, without_own_metrics(stored), trust)
    asked = _task(record, stored | _asked(options), _with_asked(trust, options))
    check_own_metrics(asked.metrics)
    if threads := record.get("provenance", {}).get("machine", {}).get("threads"):
        check_threads(f"{folder / RECORD}: threads", threads)
        torch.set_num_threads(threads)
    run = load_run(folder, trust=trust.modules)
    console = Console(file=sys.stdout)
    if options.part == "test":
        check_stored_model(_evaluation(run, own), run.metrics, folder)
    elif changed := stored_model_differs(_evaluation(run, own), run.metrics):
        message = f"{changed}: the file, the code or the machine is not the one of the run. What follows is of now."
        console.print(message, style="yellow", highlight=False, markup=False, soft_wrap=True)
    report = {"run": str(record["name"]), "part": options.part, "fingerprint": run.split.fingerprint}
    report |= _measure(_evaluation(run, asked), options.part, folder, str(record["identity"]))
    _show(console, report, folder, everything=bool(options.metrics or options.cutoffs))
    if options.output:
        write_json(options.output, {"evaluation": stored | _asked(options), **report})
        console.print(f"Everything that was found: {options.output}", highlight=False, markup=False, soft_wrap=True)


def _short(argument: str) -> str:
    """Return an option of the protocol as this command calls it, where it is given as ``ragx run`` takes it."""
    if argument.startswith("evaluation="):
        return f"conventions={argument.removeprefix('evaluation=')}"
    return argument.removeprefix("evaluation.")


def _asked(options: Options) -> dict[str, Any]:
    """Return the options of the protocol that the command line gives."""
    return {name: value for name in ASKED if (value := getattr(options, name)) is not None}


def _with_asked(trust: Trusted, options: Options) -> Trusted:
    """Return whose code may be run: a metric that the command line itself names needs no further word."""
    own = own_in("metrics", options.metrics or [])
    return Trusted([*trust.modules, *(path_of(name).rpartition(".")[0] for name in own)])


def _task(record: Mapping[str, Any], evaluation: dict[str, Any], trust: Trusted) -> Task:
    """Return the task of a run, its rankings evaluated as it is asked for.

    Raises:
        ValueError: the protocol is at fault, or options of it are given and the task has none.
    """
    config = without_own_monitor(record["config"]) | {"evaluation": evaluation}
    groups = {
        name: given for name, given in groups_of(config, trust).items() if name in ("task", "split", "evaluation")
    }
    check(
        "evaluation" in groups or set(evaluation) <= {"final"},
        f"{', '.join(set(evaluation) - {'final'})}: expected no option of a ranking's evaluation, as the task of this "
        f"run is {config['task'][TARGET]}; leave them out.",
    )
    task: Task = build_task(bind(config, groups, trust), record)
    return task


def _evaluation(run: Run, task: Task) -> Evaluation:
    fitted = run.fitted
    assert fitted is not None  # as every loaded run has it
    return Evaluation(task=task, problem=run.split, fitted=fitted, refit=run.refit)


def _measure(evaluation: Evaluation, part: str, folder: Path, identity: str) -> dict[str, Any]:
    """Return what a part says; the test part opens once everything else is known to go well."""
    report: dict[str, Any] = {}
    report["notes"] = evaluation.check()
    if part == "validation":
        add_results(report, part, evaluation.on_validation())
        return report
    evaluation.model_on_validation()
    looks, problem = Looks(folder.parent), evaluation.problem
    reason = f"evaluation of {folder.name} on request"
    results = evaluation.on_test(reason=reason, on_open=lambda why: looks.record(problem, identity, why))
    add_results(report, part, results)
    readings = looks.readings(problem)
    return report | readings._asdict() | {"sentence": readings.sentence(problem.test_mark)}


def _show(console: Console, report: dict[str, Any], folder: Path, *, everything: bool) -> None:
    part = report["part"]
    console.print(results_table(folder.name, report, [part], list(report[part]) if everything else None))
    for name, reports in report["groups"][part].items():
        console.print(_groups_table(name, reports))
        if name in DECILES:
            console.print(DECILES[name], highlight=False)
    for note in report["notes"]:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    print_measured(console, report["counts"])
    if "sentence" in report:
        console.print(report["sentence"], highlight=False, markup=False, soft_wrap=True)


def _groups_table(name: str, reports: Mapping[str, Any]) -> Table:
    """Return the means of every metric by group."""
    table = Table(title=Text(f"by {name}"), title_justify="left")
    for heading in (name, "users", *reports):
        table.add_column(heading, justify="right", overflow="fold")
    of_one: Mapping[str, Any] = next(iter(reports.values()), {"groups": [], "users": []})
    means = [report["mean"] for report in reports.values()]
    for group, users, *row in zip(of_one["groups"], of_one["users"], *means, strict=True):
        table.add_row(Text(str(group)), f"{users:,}", *(f"{mean:.4f}" for mean in row))
    return table


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(evaluate_run, HELP)
