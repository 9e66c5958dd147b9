"""Every refusal that gives advice has a row in this folder, where it is provoked and its advice followed.

A text of the source gives advice where it names an option with a value or a command, or where a clause begins with an
imperative. What only says what was expected and what came gives none.
"""

import ast
import re
from pathlib import Path

import pytest

from ragx.runner.command import COMMANDS

Texts = list[tuple[str, int, str]]
NO_REFUSALS = {
    *(f"evaluation/audit_{name}.py" for name in ("data", "ids", "parts", "shares", "times", "values")),
    *("report/pages/look.py", "report/tables/formats.py", "data/catalogue/known.py"),
    *("runner/run/summary.py", "runner/command.py"),
}
"""Files below ``ragx`` of findings, notes, pages and the list of commands: nothing is refused there."""

IMPERATIVES = (
    "add|ask|begin|build|call|cast|change|choose|convert|delete|double|drop|empty|evaluate|explain|fetch|give|hold|"
    "install|keep|leave|let|look|lower|make|mend|merge|move|multiply|name|pass|pip|put|read|remove|rename|restore|run|"
    "save|set|shorten|show|sort|state|store|take|train|try|unpack|use|wait|write"
)
ADVICE = re.compile(
    rf"(?:(?:^|[.:;,(] |\band |\bor |\bor, .{{9,60}}, )(?i:{IMPERATIVES})|… (?:{IMPERATIVES.title()}))"
    r"\b(?! of\b|:| round|,| as ….)(?=.{3})"
    r"|(?<![\w<{(&/.])[a-z_]+(?:\.[a-z_]+)*=[\w\[{'\"…<-]"
    rf"|\bragx (?:{'|'.join(COMMANDS)}) |python scripts/"
    r"|\b(?:merges|makes|sorts|opens|takes) (?:it|them|repeated|the reverse)\b|\bwould fit\b|the same command"
)
USAGE = re.compile(rf"ragx (?:{'|'.join(COMMANDS)}) ")
"""How the help of a command begins."""
ELSEWHERE = {
    "or go on all the same with resume=anyway": (
        "test_identity.py::test_a_run_taken_up_with_other_forms_stops_and_names_the_option_that_goes_on"
    ),
    "and part=test evaluates it on test": "test_evaluate.py::test_what_learned_validation_is_not_measured_on_it",
    "Keep one: where: {task: …, …}, or another sweep": (
        "test_any_task.py::test_tasks_do_not_stand_in_one_column_until_one_is_kept"
    ),
    "is not the one of the run: run it again with reuse=never": (
        "test_opening.py::test_a_model_that_is_not_the_runs_opens_nothing"
    ),
    "would fit, or fewer layers": "test_fitting.py::test_what_would_fit_is_named",
    "learns by; choose objective=values": (
        "test_rows_trained.py::test_an_objective_of_pairs_gives_way_to_one_of_values"
    ),
    "Where you know and trust that module, name it": "test_foreign_runs.py::test_the_remedy_works",
    "Where you know and trust it, let it be asked": (
        "../runs/test_trusted.py::test_a_server_is_asked_where_databases_are_trusted"
    ),
    "Restore the files as they were, row for row, or make the run again": (
        "../runs/test_recorded_data.py::test_a_run_of_0_1_0_is_refused_once_its_files_are_others"
    ),
    "its run folder is not there; run the sweep again, which makes it anew": (
        "remedies/test_sweeps.py::test_status_names_a_run_that_is_gone_and_the_sweep_makes_it_anew"
    ),
    "is there twice: leave one of them": (
        "../data/readers/test_sequences.py::test_an_item_with_two_lists_of_attributes_is_refused_until_one_is_left"
    ),
    "Restore the data as it was, or make the run again": (
        "test_changed_data.py::test_other_contents_are_refused_by_name"
    ),
}
"""Advice that is followed in a test of another folder: a part of the text, and the test."""
NO_ADVICE: dict[str, str] = {
    "; output=lists.csv keeps them all": "said beside lists that are shown",
    "the same command takes it up again": "said as a run ends that was interrupted",
    "the same command takes up from the last checkpoint": "said as a run ends that was interrupted",
    "ragx run ended with …": "says what happened",
    "They are kept apart; dataset.rules.id_blanks=strip": "a note, which refuses nothing",
    "empty ids dropped": "the name of a step",
    "… with target_kind=…": "the name of a split",
    "scheme://user:password@host": "a pattern",
    "left by another version of ragx, without …; read as far as it goes": "a note, which refuses nothing",
    "No width would fit": "there is no remedy",
    "expected values from … to … at k=…": "says what a metric gave",
    "the value depends on places after the first k=…": "says what is wrong with a metric",
}
"""Texts that read like advice and are none, each with the reason."""


def not_followed(texts: Texts) -> Texts:
    """Return the texts that read like advice and that no row follows; how a command is used is shown, not advised."""
    known = {*rows(), *ELSEWHERE, *NO_ADVICE}
    return [
        (file, line, text)
        for file, line, text in texts
        if text.count(" ") > 1 and ADVICE.search(text) and not USAGE.match(text)
        if not any(part in text for part in known)
    ]


def rows() -> set[str]:
    """Return the advice that this folder follows: the keys of every ``…ROWS``, and what ``follow…`` is called with."""
    keys: set[str] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name) and target.id.endswith("ROWS"):
                    keys |= {ast.literal_eval(key) for key in node.value.keys if key is not None}
            elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("follow") and node.args:
                keys |= {str(node.args[0].value)} if isinstance(node.args[0], ast.Constant) else set()
    return keys


def test_every_refusal_with_advice_has_a_row(source_texts: Texts) -> None:
    missing = not_followed(source_texts)
    lines = [f"{file}:{line}: {text}" for file, line, text in missing if file not in NO_REFUSALS]
    assert not lines, "\n".join(lines)
    idle = NO_REFUSALS - {file for file, *_ in missing}
    assert not idle, sorted(idle)  # no exception outlives its texts


def test_advice_without_a_row_is_seen() -> None:
    without = ("some.py", 1, "expected a teapot, got a kettle: give it a lid.")
    assert not_followed([without]) == [without]


def test_no_row_outlives_its_text(source_texts: Texts) -> None:
    texts = [text for file, _, text in source_texts if file not in NO_REFUSALS]
    strange = [part for part in {*rows(), *ELSEWHERE, *NO_ADVICE} if not any(part in text for text in texts)]
    assert not strange, "\n".join(strange)


@pytest.mark.parametrize("name", sorted(set(ELSEWHERE.values())))
def test_what_is_tested_elsewhere_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert f"def {test}(" in (Path(__file__).parents[1] / path).read_text()


@pytest.mark.parametrize(
    ("text", "advised"),
    [
        ("expected a table, got none: rename the column.", True),
        ("expected 3, got 4. Set x.y_z or go.", True),
        ("no weights; layer.edge_weight=auto goes without", True),
        ("name: expected a number of at least 1, got 0.", False),
        ("expected one of a, b; got c. The set of c is empty.", False),
    ],
)
def test_advice_is_told_from_what_came(text: str, advised: bool) -> None:
    assert bool(ADVICE.search(text)) == advised
