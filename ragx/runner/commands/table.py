"""The course of a table: options, runs, the table on the terminal and its files."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from ragx.checks import check, check_choice, check_file_name
from ragx.files import write_atomically
from ragx.report.tables.build import build_table
from ragx.report.tables.cells import Table
from ragx.report.tables.formats import csv_table, html_page, markdown
from ragx.report.tables.grid import Grid, Shown, grid_of
from ragx.report.tables.latex import latex
from ragx.report.tables.output import check_format, write_table
from ragx.report.tables.published import published_of
from ragx.report.tables.rows import Found, rows_by_conditions
from ragx.report.tables.spec import OPTIONS, TableSpec, check_options, spec_of
from ragx.report.tables.sweep import rows_of_sweeps
from ragx.runs.results import Results, collect
from ragx.runs.sweeps.record import SweepRecord, find_sweep

OWN = ("runs", "results", "sweeps", "name", "formats", "gains", "published")
FORMATS = ("md", "tex", "csv", "html")
STYLES = {"best": "bold", "second": "underline"}
MOST_NAMED, WIDTH = 5, 200


def run_table(config: dict[str, Any], choice: str | None = None) -> None:
    """Make the table that a config describes, print it and write its files.

    Args:
        config: the options of conf/table.yaml.
        choice: name of the YAML it was read from.

    Raises:
        ValueError: an option is at fault, there is nothing to show, or what would stand in a column is not comparable.
    """
    given = check_options("the table", config, (*OWN, *OPTIONS))
    output, runs = given["results"], Path(given["runs"])
    sweeps = [given["sweeps"]] if isinstance(given["sweeps"], str) else list(given["sweeps"] or [])
    given["title"] = given["title"] or (f"Sweep {', '.join(sweeps)}" if sweeps else "Results")
    spec = spec_of({name: given[name] for name in OPTIONS})
    published = [published_of(publication) for publication in given["published"].values()]
    for name in given["formats"]:
        check_choice("formats", name, FORMATS)
    check(isinstance(given["gains"], bool), f"gains: expected true or false, got {given['gains']!r}.")
    check(runs.is_dir(), f"runs={runs}: there is no such folder; name the one that run folders lie in.")
    if output is not None:
        check_format(output)
    asked = bool(sweeps or spec.rows)
    check(
        asked or output is not None,
        "Expected table=…, sweep=… or results=all.parquet: there is nothing to make. See conf/table.",
    )
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = WIDTH
    results = collect(runs)
    _say_warnings(console, results.warnings)
    if output is not None:
        write_table(results.table, output)
        console.print(f"{results.table.height:,} runs: {output}", highlight=False, markup=False)
    if asked:
        records = [find_sweep(runs, name) for name in sweeps]
        table = build_table(_rows(records, results, spec), spec, published)
        grid = grid_of(table, gains=given["gains"])
        _print(console, grid)
        name = given["name"] or choice or "-".join(record.folder.name for record in records) or "table"
        _write(console, table, grid, runs / "tables", name, given["formats"])


def _rows(records: Sequence[SweepRecord], results: Results, spec: TableSpec) -> Found:
    runs = results.table.to_dicts()
    return rows_of_sweeps(records, runs, spec) if records else rows_by_conditions(runs, spec, {})


def _write(console: Console, table: Table, grid: Grid, folder: Path, name: str, formats: Sequence[str]) -> None:
    check_file_name("name", name)
    texts: Mapping[str, Any] = {
        "md": lambda: markdown(grid),
        "tex": lambda: latex(grid, name),
        "html": lambda: html_page(grid),
    }
    for kind in formats:
        path = folder / f"{name}.{kind}"
        if kind == "csv":
            write_table(csv_table(table), path)
            continue
        text = texts[kind]()
        try:
            write_atomically(path, lambda temporary, text=text: temporary.write_text(text, encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"{path}: the file could not be written ({error}); an earlier one is kept.") from error
    names = ", ".join(f"{name}.{kind}" for kind in formats)
    if formats:
        console.print(f"{folder}: {names}", highlight=False, markup=False, soft_wrap=True)


def _print(console: Console, grid: Grid) -> None:
    shown = RichTable(title=Text(grid.title), title_justify="left")
    several = len({heading.group for heading in grid.headings if heading.group}) > 1
    for heading in grid.headings:
        name = f"{heading.group}\n{heading.name}" if several and heading.group else heading.name
        justify: Literal["left", "right"] = "left" if heading.is_text else "right"
        shown.add_column(Text(name), justify=justify, overflow="fold", no_wrap=not heading.is_text)
    for rows in grid.sections:
        for row in rows:
            shown.add_row(*map(_text, row))
        shown.add_section()
    console.print(shown)
    for note in grid.notes:
        console.print(Text(note, style="dim"))
    for warning in grid.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def _text(cell: Shown) -> Text:
    text = Text(cell.text, style=STYLES.get(cell.rank, ""))
    whole = Text.assemble(text, f" {cell.spread}" if cell.spread else "", cell.mark)
    return whole


def _say_warnings(console: Console, warnings: Sequence[str]) -> None:
    """Print what could not be read, folders of one reason together."""
    reasons: dict[str, list[str]] = {}
    for warning in warnings:
        path, _, reason = warning.partition(": ")
        reasons.setdefault(reason, []).append(path)
    for reason, paths in reasons.items():
        names = ", ".join(paths[:MOST_NAMED])
        more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
        console.print(Text(f"warning: {names}{more}: {reason}", style="yellow"))
