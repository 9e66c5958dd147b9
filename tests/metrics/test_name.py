"""Names of metrics: read and written in one place, with a cut-off or without."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.metrics import MetricName
from ragx.metrics.name import usual_cutoff

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("recall@20", MetricName("recall", 20)),
        ("mae", MetricName("mae")),
        ("test/ndcg@5", MetricName("ndcg", 5)),
        ("most_popular/validation/rmse", MetricName("rmse")),
    ],
)
def test_names_are_read(text: str, name: MetricName) -> None:
    assert MetricName.read(text) == name


@given(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.none() | st.integers(1, 10**6))
def test_what_is_written_is_read_again(metric: str, k: int | None) -> None:
    assert MetricName.read(str(MetricName(metric, k))) == (metric, k)


@pytest.mark.parametrize("text", ["recall@", "recall@0", "recall@-1", "recall@2.5", "recall@20@5", "recall@²"])
def test_a_cutoff_is_a_whole_number_from_1(text: str) -> None:
    with pytest.raises(ValueError, match="expected cut-offs from 1, got"):
        MetricName.read(text)


def test_the_usual_cutoff_is_the_nearest_to_20() -> None:
    assert usual_cutoff(["recall@50", "mae", "ndcg@10"]) == 10
    assert usual_cutoff(["recall@30", "recall@10"]) == 10
    assert usual_cutoff(["mae"]) is None


def at_signs(tree: ast.AST) -> list[int]:
    """Return the lines that put an at sign between a metric and a cut-off, or look for one."""
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.replace("@{", "")  # which spaces the columns of a LaTeX table
            touches = id(node) in pieces and "@" in (text[:1], text[-1:])
            lines |= {node.lineno} if touches or node.value == "@" else set()
    return sorted(lines)


def test_the_at_sign_is_seen_however_it_is_used() -> None:
    code = 'a.partition("@")\n"@" in a\nf"{a}@{b}"\nf"recall@{k}"\na.endswith(f"@{k}")\n"recall@20"\n'
    assert at_signs(ast.parse(code)) == [1, 2, 3, 4, 5]


def test_no_other_module_reads_or_writes_the_at_sign() -> None:
    lines_by_file = {}
    for path in (path for folder in ("ragx", "experiments") for path in (ROOT / folder).rglob("*.py")):
        if lines := at_signs(ast.parse(path.read_text())):
            lines_by_file[str(path.relative_to(ROOT))] = lines
    assert lines_by_file.pop("ragx/metrics/name.py")
    assert lines_by_file == {}
