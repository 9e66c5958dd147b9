"""The runner knows tasks, problems, learners and runs: what only some of them have, it does not speak of."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("run", "sweep", "jobs", "search")
"""The folders of ``ragx/runner`` that hold for any task; the commands, such as ``recommend``, may be about some."""

WORDS = {"user", "item", "recall", "embedding", "epoch"}
"""What rankings, graphs of users and items, or the one loop have, and a closed form of customers has not."""

METHODS = {"items"}
"""Methods of a mapping, which are no words of ours."""


def words(text: str) -> set[str]:
    """Return the words of a text or an identifier in the singular, those in snake case and camel case apart."""
    split = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)
    return {re.sub(r"s$", "", word.lower()) for word in split}


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the identifiers and texts of a file, docstrings among them, with their lines."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Attribute) and node.attr not in METHODS:
            yield line, node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield line, node.value
        for name in ("id", "arg", "name", "asname", "module", "rest"):
            if isinstance(text := getattr(node, name, None), str):
                yield line, text


def named(source: str) -> list[str]:
    """Return where a source names what only some tasks or learners have; comments count like texts."""
    lines = {(line, word) for line, text in texts(ast.parse(source)) for word in words(text) & WORDS}
    comments = ((number, line.partition("#")[2]) for number, line in enumerate(source.splitlines(), 1))
    lines |= {(number, word) for number, comment in comments for word in words(comment) & WORDS}
    return [f"{line}: {word}" for line, word in sorted(lines)]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_runner_speaks_of_no_task_and_no_learner(package: str) -> None:
    paths = sorted((ROOT / "ragx" / "runner" / package).rglob("*.py"))
    assert paths, f"ragx/runner/{package} is gone: name the folder that took its place"
    found_in = [f"{path.relative_to(ROOT)}:{where}" for path in paths for where in named(path.read_text())]
    assert found_in == [], "let the task or the learner say it, see ragx/tasks/task.py and ragx/learners/learner.py"


def test_what_it_looks_for_is_seen_wherever_it_stands() -> None:
    source = '''
"""Of recall."""
import per_user as unit

def best_epoch(items):  # of an embedding
    """Return."""
    return {key: f"{row} Users" for key, row in items.items()}
'''
    assert named(source) == ["2: recall", "3: user", "5: embedding", "5: epoch", "5: item", "7: item", "7: user"]
    assert named("lists = {name: value for name, value in table.items()}\nreuse(itemised, 'recallable')") == []
