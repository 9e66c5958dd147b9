"""The LaTeX of a table: it parses, its signs mean themselves, and it compiles where a LaTeX is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latexwalker import LatexEnvironmentNode, LatexWalker

from ragx.report.tables.grid import Grid, Heading, Shown
from ragx.report.tables.latex import escape, latex

AWKWARD = r"[1] 50 % & more_or #less $x^2$ ~ {a} \b <c> | \"q\" * ± × – … † ‡ ↓ α β λ Ω Α ≤ é ü"
GRID = Grid(
    title=f"A title: {AWKWARD}",
    headings=[
        Heading("", "", True),
        Heading("shop_1", "ndcg@20"),
        Heading("shop_1", "gain"),
        Heading("", "source", True),
    ],
    sections=[
        [
            [Shown("MostPop"), Shown("0.1000"), Shown(), Shown()],
            [Shown("[A]*_β", mark="‡"), Shown("0.2222", "± 0.0123", "**", "best"), Shown("+122.2 %"), Shown()],
            [Shown("*B"), Shown("0.1500", "± 0.0010", "↓", "second"), Shown("-5.0 %"), Shown()],
        ],
        [[Shown("RP3β"), Shown(), Shown(), Shown("Doe & Roe")]],
    ],
    notes=[f"[A] note: {AWKWARD}"],
    warnings=["one\nwarning"],
)


def nodes(text: str) -> list[object]:
    parsed, _, _ = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    return list(parsed)


def test_the_float_parses_and_has_the_rules_of_booktabs() -> None:
    text = latex(GRID, "own table")
    (table,) = [node for node in nodes(text) if isinstance(node, LatexEnvironmentNode)]
    assert table.environmentname == "table*"
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\cmidrule")] == [1, 2, 1, 1]
    assert r"\label{tab:own-table}" in text
    assert text.splitlines()[1] == "% warning: one warning"
    for kind in ("table*", "tabular", "minipage"):
        assert text.count(rf"\begin{{{kind}}}") == text.count(rf"\end{{{kind}}}") == 1


def test_a_row_is_what_it_should_be() -> None:
    lines = latex(GRID, "t").splitlines()
    assert (
        r"{[}A{]}{*}\_$\beta$\textsuperscript{$\ddagger$} & \textbf{0.2222} {\scriptsize $\pm$ 0.0123}"
        r"\textsuperscript{{*}{*}} & +122.2 \% &  \\"
    ) in lines
    assert (
        r"{*}B & \underline{0.1500} {\scriptsize $\pm$ 0.0010}\textsuperscript{$\downarrow$} & -5.0 \% &  \\"
    ) in lines
    assert r" & \multicolumn{2}{c}{shop\_1} &  \\" in lines
    assert r"\cmidrule(lr){2-3}" in lines
    assert r"RP3$\beta$ &  &  & 1 \\" in lines
    assert r"Sources: 1 Doe \& Roe." in lines
    columns = {line.count(" & ") for line in lines if line.endswith(r" \\") and "multicolumn" not in line}
    assert columns == {3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 5 %", r"a\_b \& 5 \%"),
        ("\\", r"\textbackslash{}"),
        ("α Λ ο Α ς", r"$\alpha$ $\Lambda$ o A $\varsigma$"),
        ("[x]*", "{[}x{]}{*}"),
        ("two\nlines", "two lines"),
    ],
)
def test_signs_mean_themselves(text: str, expected: str) -> None:
    assert escape(text) == expected


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30))
def test_any_text_parses(text: str) -> None:
    escaped = escape(text)
    assert nodes(escaped) is not None
    assert not re.search(r"(?<!\\)[&#%_]", escaped)
    depth = 0
    for sign in re.sub(r"\\.", "", escaped):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_it_compiles(tmp_path: Path) -> None:
    (tmp_path / "table.tex").write_text(latex(GRID, "t"))
    document = r"\documentclass{article}\usepackage{booktabs,graphicx}\begin{document}\input{table}\end{document}"
    (tmp_path / "paper.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
