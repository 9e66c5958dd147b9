"""The course of an audit: data, split, findings, a table to read and a file to keep."""

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.evaluation.audit import audit
from ragx.evaluation.findings import VERDICTS, Audit, Verdict
from ragx.learners.given import GIVEN
from ragx.parts import bind
from ragx.runner.commands.options import json_file
from ragx.runner.run.settings import check_folder
from ragx.runner.run.summary import print_data
from ragx.runs.files import write_json
from ragx.runs.looks import Looks

COLOURS = {"pass": "green", "warn": "yellow", "fail": "bold red"}


def run_audit(config: dict[str, Any]) -> Verdict:
    """Audit what a config names, print and write the findings, and return the verdict.

    Raises:
        ValueError: the config or the data is at fault, or the output cannot be written.
    """
    parts = bind(config, {name: GIVEN[name] for name in ("dataset", "split")})
    check_folder("runs", config["runs"])
    output = None if config["output"] is None else json_file("output", config["output"])
    console = Console(file=sys.stdout)
    dataset: Dataset = parts["dataset"].build()
    split: Split = parts["split"].build(dataset=dataset)
    print_data(console, dataset, split)
    looks = Looks(Path(config["runs"]))
    report = audit(dataset, split, on_open=lambda reason: _record(looks, split, reason))
    _show(console, report)
    if output is not None:
        write_json(output, report.as_dict())
        console.print(f"The findings as JSON: {output}", highlight=False, markup=False)
    return report.verdict


def _record(looks: Looks, split: Split, reason: str) -> None:
    """Note that the test part was read; an audit shows no result, so that the count of looks does not grow."""
    try:
        looks.record_audit(split, reason)
    except OSError as error:
        raise ValueError(f"runs: {looks.audits}: the file cannot be written ({error.strerror}).") from error


def _show(console: Console, report: Audit) -> None:
    """Print a table of the findings, the worst first."""
    table = Table(title=Text(f"Audit of {report.dataset}, split {report.split}"), title_justify="left")
    for name in ("", "question", "count", "found"):
        table.add_column(name, justify="right" if name == "count" else "left", overflow="fold")
    for finding in sorted(report.findings, key=lambda finding: VERDICTS.index(finding.verdict), reverse=True):
        text = Text(finding.message)
        if finding.examples:
            text.append("\n" + ", ".join(finding.examples), style="dim")
        if finding.advice:
            text.append(f"\n{finding.advice}", style="italic")
        verdict = Text(finding.verdict, style=COLOURS[finding.verdict])
        table.add_row(verdict, Text(finding.question), f"{finding.count:,}", text)
    console.print(table)
    counts = {verdict: sum(finding.verdict == verdict for finding in report.findings) for verdict in COLOURS}
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + ".", highlight=False)
