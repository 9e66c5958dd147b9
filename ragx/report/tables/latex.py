"""A table in LaTeX, with the rules of booktabs."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from ragx.report.tables.grid import SOURCE, Grid, Heading, Shown

SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "ς": r"$\varsigma$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\rightarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "−": "$-$",
    "·": r"$\cdot$",
    "²": "$^2$",
    "³": "$^3$",
}
LOOK_ALIKE = {"omicron": "o"}
"""Greek letters for which LaTeX has no command."""


def latex(grid: Grid, name: str) -> str:
    r"""Return a table as a float to be put into a document with ``\input``.

    Args:
        grid: the table.
        name: the end of its ``\label``.
    """
    grid = _with_numbered_sources(grid)
    kinds = "".join("l" if heading.is_text else "r" for heading in grid.headings)
    bodies = "\n\\midrule\n".join("\n".join(map(_line, rows)) for rows in grid.sections)
    notes = "\\par\n".join(map(escape, grid.notes))
    return "\n".join(
        [
            r"% needs \usepackage{booktabs,graphicx}; the box makes the table smaller where it is wider than the text",
            *(f"% warning: {' '.join(warning.split())}" for warning in grid.warnings),
            r"\begin{table*}[t]",
            r"\centering",
            rf"\caption{{{escape(grid.title)}}}",
            rf"\label{{tab:{_label(name)}}}",
            r"\setlength{\tabcolsep}{4pt}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{@{{}}{kinds}@{{}}}}",
            r"\toprule",
            *_head(grid),
            r"\midrule",
            bodies,
            r"\bottomrule",
            r"\end{tabular}%",
            "}",
            r"\par\smallskip",
            r"\begin{minipage}{\linewidth}\scriptsize\raggedright",
            notes,
            r"\end{minipage}",
            r"\end{table*}",
            "",
        ]
    )


def _with_numbered_sources(grid: Grid) -> Grid:
    """Return a grid whose sources are numbers explained in the foot, since their texts would make it too wide."""
    columns = [index for index, heading in enumerate(grid.headings) if heading.name == SOURCE]
    if not columns:
        return grid
    texts = [row[columns[0]].text for rows in grid.sections for row in rows]
    numbers = {text: str(number) for number, text in enumerate(dict.fromkeys(filter(None, texts)), start=1)}
    sections = [
        [
            [cell if index not in columns else Shown(numbers.get(cell.text, "")) for index, cell in enumerate(row)]
            for row in rows
        ]
        for rows in grid.sections
    ]
    sources = "; ".join(f"{number} {text}" for text, number in numbers.items())
    return replace(grid, sections=sections, notes=[*grid.notes, f"Sources: {sources}."])


def escape(text: str) -> str:
    """Return a text in which every sign means itself."""
    return "".join(SIGNS.get(sign) or _greek(sign) or sign for sign in text.replace("\n", " "))


def _greek(sign: str) -> str:
    kind, _, rest = unicodedata.name(sign, "").partition(" LETTER ")
    if kind not in ("GREEK SMALL", "GREEK CAPITAL") or not rest.isalpha():
        return ""
    letter = rest.lower().replace("lamda", "lambda")
    if letter in LOOK_ALIKE:
        return LOOK_ALIKE[letter]
    if kind == "GREEK SMALL":
        return rf"$\{letter}$"
    has_command = letter in ("gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega")
    return rf"$\{letter.capitalize()}$" if has_command else unicodedata.normalize("NFKD", letter[0].upper())


def _head(grid: Grid) -> list[str]:
    groups, rules, column = [], [], 1
    for group, count in grid.groups():
        groups.append(rf"\multicolumn{{{count}}}{{c}}{{{escape(group)}}}" if group else " & ".join([""] * count))
        rules += [rf"\cmidrule(lr){{{column}-{column + count - 1}}}"] if group else []
        column += count
    return [" & ".join(groups) + r" \\", "".join(rules), " & ".join(map(_heading, grid.headings)) + r" \\"]


def _heading(heading: Heading) -> str:
    return escape(heading.name)


def _line(row: Sequence[Shown]) -> str:
    return " & ".join(map(_cell, row)) + r" \\"


def _cell(cell: Shown) -> str:
    text = escape(cell.text)
    text = {"best": rf"\textbf{{{text}}}", "second": rf"\underline{{{text}}}"}.get(cell.rank, text)
    spread = rf" {{\scriptsize {escape(cell.spread)}}}" if cell.spread else ""
    mark = rf"\textsuperscript{{{escape(cell.mark)}}}" if cell.mark else ""
    return text + spread + mark


def _label(name: str) -> str:
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-.") else "-" for sign in name)
