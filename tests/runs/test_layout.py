"""The files of a run are named in one place, and begun and finished runs are told by them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ragx
from ragx.runs import layout
from ragx.runs.layout import METRICS, RECORD, finished_runs, has_record, has_results
from ragx.training import layout as of_training

PACKAGE = Path(ragx.__file__).parent
LISTS = [Path(module.__file__ or "") for module in (layout, of_training)]
NAMES = tuple(
    text
    for module in (layout, of_training)
    for value in vars(module).values()
    for text in ((value,) if isinstance(value, str) else value if isinstance(value, tuple) else ())
    if text.endswith((".json", ".pt", ".txt", ".png", ".jsonl", ".guard"))
)


def texts_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("folder", ["training", "runs", "serving", "report", "runner"])
def test_no_other_module_writes_the_name_of_a_file_of_a_run(folder: str) -> None:
    files = [file for file in (PACKAGE / folder).rglob("*.py") if file not in LISTS]
    copies = {(file.name, text) for file in files for text in texts_of(file) for name in NAMES if _is_path(text, name)}
    assert files and copies == set()


def _is_path(text: str, name: str) -> bool:
    return text == name or text.endswith(f"/{name}")


def test_the_list_is_looked_at() -> None:
    assert {RECORD, METRICS, "model.pt", "last.pt", "curve.jsonl", "log.txt"} <= {*NAMES}
    assert _is_path("*/run.json", "run.json") and not _is_path("there is no run.json", "run.json")


def test_a_run_is_begun_by_its_record_and_finished_by_its_results(tmp_path: Path) -> None:
    for name, files in {"b-12": (RECORD, METRICS), "a-12": (RECORD, METRICS), "a-34": (RECORD,), "other": ()}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text("{}")
    assert [path.name for path in finished_runs(tmp_path)] == ["a-12", "b-12"]
    assert [path.name for path in finished_runs(tmp_path, "a-*")] == ["a-12"]
    assert finished_runs(tmp_path / "nowhere") == []
    begun = {path.name: (has_record(path), has_results(path)) for path in tmp_path.iterdir()}
    assert begun == {"b-12": (True, True), "a-12": (True, True), "a-34": (True, False), "other": (False, False)}
