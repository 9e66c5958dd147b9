"""Where every run of a sweep comes from, and the command that reproduces it."""

import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ragx.report.pages.html import MISSING, Column, Field, Html, element, joined, sortable_table
from ragx.report.pages.tables import run_link
from ragx.runs.looks import Readings
from ragx.runs.sweeps.reading import from_json
from ragx.runs.sweeps.results import SweepResults, SweepRun

UNKNOWN = "unknown"


def reproduce_command(name: str, runs: Path) -> str:
    """Return the command line that runs a stored run again."""
    return shlex.join(["ragx", "reproduce", (runs / name).as_posix()])


def provenance_section(results: SweepResults, runs: Path) -> Html:
    """Return the places that runs were made in, and a table of all runs with results.

    Args:
        results: the sweep.
        runs: the folder that run folders lie in.
    """
    made = [(configuration, run) for configuration in results.configurations for run in configuration.done]
    if not made:
        return element("p", "No run has a result yet.", class_="quiet")
    origins: dict[str, int] = {}
    for _, run in made:
        origins.setdefault(_origin(run), len(origins) + 1)
    columns = [
        *(Column("run"), Column("configuration"), Column("seed", "number")),
        *(Column("identity", hint="of the run"), Column("cell", hint="identity without the seed")),
        *(Column("source", hint="hash of the code that took part"), Column("made in")),
        *(Column("data set"), Column("split"), Column("fingerprint", hint="of the split")),
        *(Column("data", hint="hash of everything that was read"), Column("looks", "number", hint="at its test part")),
        Column("command that reproduces it"),
    ]
    rows = [
        [
            Field(run_link(run)),
            Field(configuration.label()),
            Field(run.cell.planned.seed, run.cell.planned.seed),
            *(_code(run.result.get(name)) for name in ("identity", "cell", "source")),
            Field(element("a", f"P{origins[_origin(run)]}", href=f"#place-{origins[_origin(run)]}")),
            *(Field(str(run.result.get(name) or MISSING)) for name in ("dataset", "split")),
            *(_code(run.result.get(name)) for name in ("fingerprint", "data")),
            Field(_readings(run), run.result.get("looks")),
            _code(reproduce_command(run.name, runs)),
        ]
        for configuration, run in made
    ]
    caption = "Provenance of every run; P1 and so on are the places listed above"
    listed = joined(_described(number, text) for text, number in origins.items())
    table = sortable_table("provenance", caption, columns, rows)
    return joined([element("dl", listed, class_="facts"), _notes(run for _, run in made), table])


def _notes(runs: Iterable[SweepRun]) -> Html:
    """Return what runs noted of how their data was read and joined, each note once."""
    notes = dict.fromkeys(note for run in runs for note in str(run.result.get("notes") or "").splitlines())
    return element("ul", *(element("li", note) for note in notes)) if notes else joined([])


def _readings(run: SweepRun) -> str:
    """Return the looks at the test part, and what else read it."""
    looks, *beside = (run.result.get(name) for name in Readings._fields)
    also = [f"{count} {name}" for count, name in zip(beside, Readings._fields[1:], strict=True) if count]
    return ", ".join([MISSING if looks is None else str(looks), *also])


def _code(text: Any) -> Field:
    return Field(element("code", str(text)) if text else MISSING)


def _origin(run: SweepRun) -> str:
    """Return commit, versions and machine of a run as one text, the same for all runs that were made alike."""
    return json.dumps([run.result.get(name) for name in ("commit", "dirty", "versions", "machine")])


def _described(number: int, text: str) -> Html:
    commit, dirty, versions, machine = json.loads(text)
    state = {True: "with uncommitted changes", False: "clean"}.get(dirty, "state unknown")
    lines = [
        joined(["commit ", element("code", commit or UNKNOWN), f", {state}"]),
        f"versions: {_pairs(from_json(versions))}",
        f"machine: {_pairs(from_json(machine))}",
    ]
    shown = joined(element("div", line) for line in lines)
    return joined([element("dt", f"P{number}", id=f"place-{number}"), element("dd", shown)])


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {MISSING if value is None else value}" for name, value in values.items()) or UNKNOWN
