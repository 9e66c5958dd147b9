"""Printed forms of a table: Markdown, HTML and CSV; LaTeX has a file of its own."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import polars as pl

from ragx.report.tables.cells import Table
from ragx.report.tables.grid import Grid, Shown, by_dataset

STYLE = """
body { font: 14px system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; background: #fff; overflow-x: auto; }
table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid; }
td { font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; font-size: 1.1rem; padding-bottom: .6rem; }
th, td { padding: .2rem .5rem; text-align: right; white-space: nowrap; }
th.text, td.text { text-align: left; }
sup { line-height: 0; }
thead tr:last-child th { border-bottom: 1px solid; }
th.group { text-align: center; border-bottom: 1px solid #999; }
tbody + tbody tr:first-child td { border-top: 1px solid; }
tbody tr:hover { background: #f2f5fa; }
.spread { color: #555; font-size: .85em; }
.second { text-decoration: underline; }
ul { font-size: .9rem; color: #333; max-width: 60rem; padding-left: 1.2rem; }
.warnings { color: #8a2c00; }
""".strip()


def markdown(grid: Grid) -> str:
    """Return a table in the Markdown of GitHub, best values in bold, second ones underlined."""
    several = len({heading.group for heading in grid.headings if heading.group}) > 1
    heads = [
        f"{heading.name} ({heading.group})" if several and heading.group else heading.name for heading in grid.headings
    ]
    lines = [f"**{_plain_markdown(grid.title)}**", "", _line(map(_plain_markdown, heads))]
    lines.append(_line("---" if heading.is_text else "---:" for heading in grid.headings))
    lines += [_line(map(_markdown_cell, row)) for row in chain(*grid.sections)]
    lines += ["", *(f"- {_plain_markdown(note)}" for note in grid.notes)]
    if grid.warnings:
        lines += ["", "Warnings:", "", *(f"- {_plain_markdown(warning)}" for warning in grid.warnings)]
    return "\n".join(lines) + "\n"


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(cell: Shown) -> str:
    text = _plain_markdown(cell.text)
    text = {"best": f"**{text}**", "second": f"<u>{text}</u>"}.get(cell.rank, text)
    spread = f" {cell.spread}" if cell.spread else ""
    return f"{text}{spread}{_plain_markdown(cell.mark)}"


def _plain_markdown(text: str) -> str:
    """Return a text whose signs mean themselves; an underscore within a word does so anyway."""
    return re.sub(r"([\\`*|<>\[\]#~]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", text).replace("\n", " ")


def html_page(grid: Grid) -> str:
    """Return a page of its own with the table, which loads nothing from elsewhere."""
    title = html.escape(grid.title)
    groups = "".join(
        f'<th class="group" colspan="{count}">{html.escape(group)}</th>' if group else f'<th colspan="{count}"></th>'
        for group, count in grid.groups()
    )
    names = "".join(f"<th{_class(heading.is_text)}>{html.escape(heading.name)}</th>" for heading in grid.headings)
    bodies = "\n".join(f"<tbody>\n{_html_rows(grid, rows)}\n</tbody>" for rows in grid.sections)
    warnings = f'<p>Warnings</p>\n<ul class="warnings">\n{_items(grid.warnings)}\n</ul>\n' if grid.warnings else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>\n{STYLE}\n</style>\n</head>\n<body>\n<table>\n<caption>{title}</caption>\n"
        f"<thead>\n<tr>{groups}</tr>\n<tr>{names}</tr>\n</thead>\n{bodies}\n</table>\n"
        f"<ul>\n{_items(grid.notes)}\n</ul>\n{warnings}</body>\n</html>\n"
    )


def _html_rows(grid: Grid, rows: Sequence[Sequence[Shown]]) -> str:
    lines = []
    for row in rows:
        pairs = zip(row, grid.headings, strict=True)
        cells = "".join(f"<td{_class(heading.is_text)}>{_html_cell(cell)}</td>" for cell, heading in pairs)
        lines.append(f"<tr>{cells}</tr>")
    return "\n".join(lines)


def _html_cell(cell: Shown) -> str:
    text = html.escape(cell.text)
    text = {"best": f"<strong>{text}</strong>", "second": f'<span class="second">{text}</span>'}.get(cell.rank, text)
    spread = f' <span class="spread">{html.escape(cell.spread)}</span>' if cell.spread else ""
    mark = f"<sup>{html.escape(cell.mark)}</sup>" if cell.mark else ""
    return text + spread + mark


def _class(is_text: bool) -> str:
    return ' class="text"' if is_text else ""


def _items(texts: Sequence[str]) -> str:
    return "\n".join(f"<li>{html.escape(text)}</li>" for text in texts)


def csv_table(table: Table) -> pl.DataFrame:
    """Return a table with full precision: one line a row, mean, std and what else there is in columns of their own."""
    return pl.DataFrame([dict(_csv_row(table, index)) for index in range(len(table.rows))], infer_schema_length=None)


def _csv_row(table: Table, index: int) -> Iterator[tuple[str, Any]]:
    row = table.rows[index]
    yield "row", row.label
    yield from (name for name in row.stub if name.heading)
    yield "kind", row.kind
    for column in table.columns:
        cell, name = row.cells.get(column), f"{column.dataset}/{column.metric}"
        yield f"{name} mean", cell.spread.mean if cell else None
        yield f"{name} std", cell.spread.std if cell and cell.spread.count > 1 else None
        yield f"{name} seeds", cell.spread.count if cell else None
        yield f"{name} rank", cell.rank if cell else None
        yield f"{name} gain", cell.gain if cell else None
        yield f"{name} p after Holm", cell.p_value if cell else None
        yield f"{name} published", row.published.values.get(column)
    yield "tried", "/".join(str(count) for count in sorted({*row.budget.values()}))
    yield "chosen", row.chosen
    yield "source", "; ".join(dict.fromkeys(row.published.sources.values()))
    yield "same split", by_dataset(row.published.same_split)
    yield "other code", row.other_code
