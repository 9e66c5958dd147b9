"""The task that docs/extending.md shows, as it stands there, in every command from a run to its reproduction."""

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hydra.core.global_hydra import GlobalHydra

import ragx
from ragx.runner.command import main
from ragx.runs.files import read_run

from .conftest import Call

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = {
    name: text for _, text in BLOCKS for name in re.findall(r"\A(?:# @package _global_\n)?# (\S+\.(?:py|yaml))\n", text)
}
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if "task=" in line]
SHOP = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=300", "tracker=none")
OWN = ("--config-dir", "my_conf", "task=spending")
TRUST = "trust=[my_spending]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the current folder, with the files of the page and one finished run."""
    path = tmp_path_factory.mktemp("whole")
    for name, text in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setattr("sys.argv", [])
        patch.setattr("sys.path", [*sys.path])
        GlobalHydra.instance().clear()
        assert main(["run", *OWN, *SHOP]) == 0
        yield path
    for name in FILES:
        sys.modules.pop(Path(name).stem, None)


@pytest.fixture
def run(call: Call) -> Call:
    """Return a function that runs the task with options."""
    return lambda *options: call("run", *OWN, *SHOP, *options)


@pytest.fixture(scope="module")
def first(folder: Path) -> Path:
    """Return the folder of the first run."""
    (made,) = (path.parent for path in (folder / "runs").glob("*/metrics.json"))
    return made


def newest(folder: Path) -> Path:
    return max(folder.glob("runs/*/run.json"), key=lambda path: path.stat().st_mtime_ns).parent


def test_a_run_is_judged_on_validation_and_its_values_are_those_of_the_formula(first: Path) -> None:
    metrics = read_run(first)[1]
    assert first.name.startswith("shop-Spending-Ridge-")
    assert "test" not in metrics
    assert not (first.parent / "looks.jsonl").exists()
    assert metrics["unit"] == "customer"
    written = json.loads((first / "run.json").read_text())["config"]
    assert written.keys() == {"task", "dataset", "model", "tracker"}
    problem: Any = ragx.load_run(first, trust=["my_spending"]).split
    x, y = (np.column_stack([part.x, np.ones(len(part))]) for part in (problem.train, problem.validation))
    weights = np.linalg.solve(x.T @ x + np.eye(4), x.T @ problem.train.y)
    error = y @ weights - problem.validation.y
    assert metrics["validation"]["mae"] == pytest.approx(np.abs(error).mean())
    assert metrics["validation"]["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    last = np.abs(problem.validation.x[:, -1] - problem.validation.y).mean()
    assert metrics["baseline"]["last_month"]["validation"]["mae"] == pytest.approx(last)
    table = pl.read_parquet(first / "per_customer_validation.parquet")
    assert table["mae"].mean() == pytest.approx(metrics["validation"]["mae"])
    predictions = pl.read_parquet(first / "predictions.parquet")
    assert (predictions["predicted"] - predictions["actual"]).to_numpy() == pytest.approx(error)
    assert predictions["part"].unique().to_list() == ["validation"]


def test_a_finished_run_is_found_again_and_opened_once(folder: Path, first: Path, run: Call) -> None:
    assert "This run is finished" in run()
    assert "is evaluated on test" in run("evaluation.final=true")
    assert "has had 1 look" in run("evaluation.final=true")
    assert {"mae", "rmse"} <= read_run(first)[1]["test"].keys()
    assert len((folder / "runs" / "looks.jsonl").read_text().splitlines()) == 1


def test_what_it_does_not_bind_and_what_stands_beside_it_make_no_other_run(first: Path, run: Call) -> None:
    for option in ("trainer.max_epochs=7", "layer=sage", "split=random", "evaluation.cutoffs=[3]", "task.monitor=rmse"):
        assert "This run is finished" in run(option), option
    before = read_run(first)[1]["validation"]
    output = run("+task.baselines.again._target_=my_spending.LastMonth")
    assert "again" in output
    after = read_run(first)[1]
    assert set(after["baseline"]) == {"last_month", "again"}
    assert after["validation"] == before


def test_options_of_task_model_and_data_make_other_runs(folder: Path, first: Path, run: Call) -> None:
    marks = {read_run(first)[0]["identity"]}
    for option in ("task.months=2", "model.penalty=5", "dataset.seed=1", "trainer.refit=true"):
        run(option)
        marks.add(read_run(newest(folder))[0]["identity"])
    assert len(marks) == 5
    refitted = read_run(newest(folder))[1]
    assert refitted["stored_model"]["mae"] != refitted["validation"]["mae"]
    assert "has had 1 look" in run("trainer.refit=true", "dataset.seed=2", "evaluation.final=true")


def test_a_changed_file_is_other_code(folder: Path, run: Call) -> None:
    run("model.penalty=7")
    file = folder / "my_spending.py"
    text = file.read_text()
    file.write_text(f"{text}\n\n")
    try:
        assert "my_spending changed since" in run("model.penalty=7")
    finally:
        file.write_text(text)


def test_sweep_search_and_final_choose_the_smallest_error(folder: Path, call: Call) -> None:
    call("run", "-m", *OWN, *SHOP, "model.penalty=1,1e6", "sweep.name=mine", "seeds=1")
    sweep = json.loads((folder / "runs" / "sweeps" / "mine" / "sweep.json").read_text())
    assert len(sweep["cells"]) == 2
    assert "not known" in call("run", "-m", *OWN, *SHOP, "model.penalty=1,1e6", "dry_run=true")
    search = ("search=own", "search.name=found", "search.trials=2")
    output = call("search", *OWN, *SHOP, *search, "search.startup=2", "search.space={model.penalty:[1,1e6]}")
    values = [read_run(path.parent)[1]["validation"]["mae"] for path in folder.glob("runs/*/metrics.json")]
    assert any(f"best: {value:.4f} in trial" in output for value in values), output


def test_a_run_is_reproduced_and_evaluated_once_its_module_is_trusted(folder: Path, first: Path, call: Call) -> None:
    sys.modules.pop("my_spending", None)
    for name in ("reproduce", "evaluate"):
        refused = call(name, f"run={first}")
        assert "code of the module my_spending" in refused, refused
        assert TRUST in refused
        assert "my_spending" not in sys.modules
    with pytest.raises(ValueError, match="code of the module my_spending"):
        ragx.load_run(first)
    assert "bit-equal" in call("reproduce", f"run={first}", TRUST)
    for part in ("validation", "test"):
        call("evaluate", f"run={first}", f"part={part}", "output=found.json", TRUST)
        evaluated = json.loads((folder / "found.json").read_text())
        assert evaluated["baseline"]["last_month"][part].keys() == evaluated[part].keys() == {"mae", "rmse"}
        assert part == "test" or evaluated[part] == read_run(first)[1][part]
    for option in ("metrics=[recall]", "cutoffs=[5]", "groups=[activity]"):
        assert "expected no option of a ranking's evaluation" in call("evaluate", f"run={first}", option, TRUST)


def test_a_loaded_run_predicts_and_does_not_rank(first: Path, call: Call) -> None:
    assert "this run's task is not to rank items for users" in call("recommend", f"run={first}", TRUST)
    loaded: Any = ragx.load_run(first, trust=["my_spending"])
    assert loaded.predictor(loaded.split.validation.x).shape == (60,)
    for asked in (loaded.recommend, lambda: loaded.fold_in(["item-1"])):
        with pytest.raises(ValueError, match=r"task is not to rank items for users; run.predictor gives"):
            asked()


@pytest.mark.parametrize("model", ["ease", "mf"])
def test_a_model_of_users_and_items_is_refused_in_one_line(model: str, run: Call) -> None:
    refused = run(f"model={model}")
    assert refused.startswith("error: model: ")
    assert "and the task gives Rows" in refused


def test_a_closed_form_of_rows_is_refused_for_rankings(call: Call) -> None:
    refused = call("run", *SHOP, "model=custom", "model._target_=my_spending.Ridge")
    assert "error: model: Ridge learns from Rows, and the task gives Interactions" in refused


def test_weights_and_biases_get_values_of_model_and_baselines(
    folder: Path, call: Call, offline_run: Callable[[Path], Any]
) -> None:
    call("run", *OWN, *SHOP[:3], "tracker=wandb", "model.penalty=9", "runs=tracked")
    (tracked_run,) = (path.parent for path in folder.glob("tracked/*/metrics.json"))
    metrics, tracked = read_run(tracked_run)[1], offline_run(tracked_run)
    assert tracked.summary["validation/mae"] == metrics["validation"]["mae"]
    assert tracked.summary["last_month/validation/rmse"] == metrics["baseline"]["last_month"]["validation"]["rmse"]
    assert tracked.config["config"]["task"]["months"] == 3
    assert tracked.exit_code == 0


def test_a_run_that_was_cut_off_is_made_anew(folder: Path, run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("ragx.runner.run.course.save_checkpoint", killed)
        run("model.penalty=11")
    left = newest(folder)
    assert not (left / "metrics.json").exists()
    run("model.penalty=11")
    assert read_run(left)[0]["config"]["model"]["penalty"] == 11


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_run(line: str, folder: Path, call: Call) -> None:
    _, command, *options = shlex.split(line, comments=True)
    output = call(command, *options, *SHOP, "runs=shown")
    assert not output.startswith("error"), output
    if "within_20" in line:
        values = read_run(max(folder.glob("shown/*/run.json"), key=lambda path: path.stat().st_mtime_ns).parent)[1]
        assert 0 < values["validation"]["within_20"] < 1
        assert values["metrics"]["within_20"]["larger_is_better"]


def test_the_task_of_the_page_keeps_the_contract(folder: Path) -> None:
    exec(compile((folder / "check_spending.py").read_text(), "check_spending.py", "exec"), {})


def test_a_run_warns_of_a_feature_that_is_the_target(folder: Path, run: Call) -> None:
    code = """
from dataclasses import replace
import numpy as np
from my_spending import Spending
from ragx.tasks import Rows

class Leaking(Spending):
    def problem(self, dataset):
        made = super().problem(dataset)
        parts = {name: getattr(made, name) for name in ("train", "validation")}
        return replace(made, **{name: Rows(rows.ids, np.column_stack([rows.x, rows.y]), rows.y)
                                for name, rows in parts.items()})
"""
    (folder / "my_leak.py").write_text(code)
    output = " ".join(run("task._target_=my_leak.Leaking").split())
    sentences = [
        *(f"warning: the feature 3 equals the target in every row of {part};" for part in ("train", "validation")),
        "warning: mae of the baseline last_month is 0 for every customer;",
    ]
    assert all(sentence in output for sentence in sentences), output
    notes = read_run(newest(folder))[1]["notes"]
    assert all(any(note.startswith(sentence) for note in notes) for sentence in sentences)
