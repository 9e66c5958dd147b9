"""What shows and compares results, on a task that is no ranking: spending of customers, judged by an absolute error."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hydra.core.global_hydra import GlobalHydra

from ragx.runner.command import main
from ragx.runs.results import collect

ROOT = Path(__file__).resolve().parents[2]
MODULE = '''
import numpy as np
import polars as pl

from ragx.models import ClosedForm
from ragx.tasks import Rows, ValueTask, rows_problem


class Spending(ValueTask):
    unit = "customer"

    def __init__(self, *, months: int = 2, monitor: str = "mae", baselines=None):
        super().__init__(monitor=monitor, baselines=baselines)
        self.months = months

    def problem(self, dataset):
        """Months of 30 days, the last of which, not whole, is left out."""
        events = dataset.interactions
        month = (events.column("timestamp") - events.column("timestamp").min()) // (30 * 86_400)
        spent = np.zeros((events.num_users, month.max() + 1))
        np.add.at(spent, (events.column("user"), month), events.column("value"))

        def rows(target):
            return Rows(events.users.ids, spent[:, target - self.months : target], spent[:, target])

        last = spent.shape[1] - 2
        return rows_problem(
            name="months", unit=self.unit, dataset=dataset,
            train=rows(last - 2), validation=rows(last - 1), test=rows(last),
        )


class Ridge(ClosedForm):
    def __init__(self, *, penalty: float = 1.0):
        self.penalty = penalty

    def fit(self, train):
        x = np.column_stack([train.x, np.ones(len(train))])
        weights = np.linalg.solve(x.T @ x + self.penalty * np.eye(x.shape[1]), x.T @ train.y)
        return lambda rows: np.column_stack([rows, np.ones(len(rows))]) @ weights


class LastMonth(ClosedForm):
    def fit(self, train):
        return lambda rows: rows[:, -1]
'''
TASK = ("task=custom", "task._target_=spending_of_tests.Spending", "+task.monitor=mae", "+task.months=2")
BASELINE = "+task.baselines.last_month._target_=spending_of_tests.LastMonth"
MODEL = ("model=custom", "model._target_=spending_of_tests.Ridge")
DATA = ("dataset.num_users=60", "dataset.num_items=30", "dataset.num_days=190", "dataset.events_per_user=40")
RANKING = re.compile(r"\busers?\b|recall|ndcg|catalogue|MostPop|most_popular|interactions", re.IGNORECASE)
Command = Callable[..., int]
Prints = Callable[..., str]


@pytest.fixture(scope="module")
def ragx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Return a function that calls a command in a folder with a sweep of two penalties and two seeds."""
    folder = tmp_path_factory.mktemp("spending")
    (folder / "spending_of_tests.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        patch.setattr("sys.argv", [])

        def call(*arguments: str) -> int:
            GlobalHydra.instance().clear()
            return main([*arguments])

        grid = ("+model.penalty=0.1,1e9", "seeds=2", "sweep.name=penalties", "tracker=none")
        assert call("sweep", *TASK, BASELINE, *MODEL, *DATA, *grid) == 0
        yield call
    GlobalHydra.instance().clear()


@pytest.fixture
def printed(ragx: Command, capsys: pytest.CaptureFixture[str]) -> Prints:
    """Return a function that calls a command, which must end well, and gives what it printed."""

    def call(*arguments: str) -> str:
        capsys.readouterr()
        status = ragx(*arguments)
        out, err = capsys.readouterr()
        assert status == 0, err
        return out

    return call


def test_rows_of_results_have_the_unit_and_the_files_of_every_baseline(printed: Prints) -> None:
    table, warnings = collect(Path("runs"))
    assert warnings == []
    assert (table["unit"].unique().to_list(), table["validation_units"].unique().to_list()) == (["customer"], [60])
    assert table["rules"].null_count() == 4
    assert json.loads(table["task"][0]) == {"_target_": "spending_of_tests.Spending", "months": 2}
    for row in table.to_dicts():
        folder = Path(row["folder"])
        assert row["per_unit_validation"] == str(folder / "per_customer_validation.parquet")
        assert row["per_unit_last_month_validation"] == str(folder / "per_customer_last_month_validation.parquet")
        assert pl.read_parquet(row["per_unit_validation"])["mae"].mean() == pytest.approx(row["validation/mae"])
        assert (row["train_rows"], row["validation_rows"]) == (60, 60)


def test_names_out_of_a_run_do_not_lead_out_of_its_folder(printed: Prints) -> None:
    file = next(Path("runs").glob("*/metrics.json"))
    whole = file.read_text()
    changes: list[dict[str, object]] = [{"unit": "../x"}, {"baseline": {"../x": {}}}]
    for change in changes:
        file.write_text(json.dumps(json.loads(whole) | change))
        table, warnings = collect(Path("runs"))
        assert (table.height, len(warnings)) == (3, 1)
        assert "without slashes" in warnings[0]
    file.write_text(whole)


def test_a_model_is_compared_with_a_baseline_of_its_task_by_customer(printed: Prints) -> None:
    out = printed("compare", "runs=runs", "baseline=last_month", "part=validation", "output=found.csv")
    table = collect(Path("runs")).table.sort("validation/mae")
    best = table.to_dicts()[0]
    frames = [pl.read_parquet(best[f"per_unit_{side}validation"]).sort("id") for side in ("", "last_month_")]
    ours, theirs = (frame["mae"].to_numpy() for frame in frames)
    rows = sorted(pl.read_csv("found.csv").to_dicts(), key=lambda row: float(row["mean"]))
    assert [row["metric"] for row in rows] == ["mae", "mae"]
    assert rows[0]["difference"] == pytest.approx(float(np.mean(ours - theirs)))
    assert rows[0]["difference"] < 0
    assert [row["sentence"].split()[0] for row in rows] == ["better", "worse"]
    assert [(row["seeds"], row["seed_test"]) for row in rows] == [(1, "constant")] * 2
    assert {"p_customers", "p_adjusted"} < rows[0].keys()
    assert "60 of 60 customers paired" in out
    assert out.count("its 2 seeds gave the same values") == 2
    assert not RANKING.search(out)


def test_runs_of_different_questions_are_not_compared(printed: Prints, ragx: Command) -> None:
    file = next(Path("runs").glob("*/run.json"))
    whole = file.read_text()
    record = json.loads(whole)
    record["config"]["task"]["months"] = 3
    file.write_text(json.dumps(record))
    assert ragx("compare", "runs=runs", "baseline=last_month", "part=validation") == 2
    record["config"]["task"] |= {"months": 2, "monitor": "rmse", "baselines": {}}
    file.write_text(json.dumps(record))
    assert ragx("compare", "runs=runs", "baseline=last_month", "part=validation") == 0
    file.write_text(whole)


def test_an_unknown_baseline_is_told_those_that_there_are(ragx: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert ragx("compare", "runs=runs", "baseline=last_moth", "part=validation") == 2
    assert "Baselines beside the runs: last_month." in capsys.readouterr().err


def test_a_table_takes_the_smallest_error_for_the_best_and_less_for_a_gain(printed: Prints) -> None:
    out = printed("table", "sweep=penalties", "part=validation")
    table = pl.read_csv("runs/tables/penalties.csv")
    assert table["kind"].to_list() == ["last_month", "measured", "measured"]
    errors, ranks, gains = (table[f"shop/mae {name}"].to_list() for name in ("mean", "rank", "gain"))
    assert ranks[errors.index(min(errors))] == "best"
    assert all(gain == pytest.approx(1 - error / errors[0]) for error, gain in zip(errors[1:], gains[1:], strict=True))
    assert "60 train, 60 validation, 60 test rows; 60 customers evaluated." in out
    assert "Seeds that all gave the same values count as one: penalty 0.1, " in out
    assert "Task: Spending, months=2." in out
    assert not RANKING.search(out)
    assert not RANKING.search(Path("runs/tables/penalties.tex").read_text())


def test_tasks_do_not_stand_in_one_column_until_one_is_kept(
    printed: Prints, ragx: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {path: path.read_text() for path in Path("runs").glob("*/run.json")}
    for file, whole in files.items():
        record = json.loads(whole)
        record["config"]["task"]["months"] = 2 if record["config"]["model"]["penalty"] == 0.1 else 3
        file.write_text(json.dumps(record))
    rows = "rows=[{label: a, where: {model.penalty: 0.1}}, {label: b, where: {model.penalty: 1e9%s}}]"
    assert ragx("table", "part=validation", "name=tasks", rows % "") == 2
    message = capsys.readouterr().err
    assert "runs on 2 tasks cannot stand in one column: Spending, months=2 (" in message
    assert "row b: no run fits its conditions" in printed(
        "table", "part=validation", "name=tasks", rows % ", task.months: 2"
    )
    for file, whole in files.items():
        file.write_text(whole)


def test_the_page_and_the_state_of_a_sweep_speak_of_what_the_task_measures(printed: Prints) -> None:
    out = printed("page", "sweep=penalties") + printed("status", "sweep=penalties")
    page = re.sub(
        r"<style.*?</style>|<script.*?</script>|<img[^>]*>|num_users[^<]*",
        "",
        Path("runs/sweeps/penalties/page.html").read_text(),
    )
    assert ">mae<" in page
    assert ">rmse<" in page
    assert not RANKING.search(out)


def test_the_final_evaluation_shows_what_the_task_measures(printed: Prints) -> None:
    out = printed("final", "sweep=penalties", "trust=[spending_of_tests]")
    assert "mae" in out
    assert "rmse" in out
    assert not RANKING.search(out)
    tested = collect(Path("runs")).table.filter(pl.col("test/mae").is_not_null())
    assert tested.height == 2
    assert tested["per_unit_last_month_test"].null_count() == 0
    assert "better by" in printed(
        "compare", "runs=runs/sweeps/../" + Path(tested["folder"][0]).name, "baseline=last_month"
    )


@pytest.mark.parametrize("name", ["model", "test", "../x"])
def test_a_baseline_has_a_name_that_results_do_not_use(
    name: str, ragx: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = f"+task.baselines={{'{name}': {{_target_: spending_of_tests.LastMonth}}}}"
    assert ragx("run", *TASK, baseline, *MODEL, *DATA, "tracker=none", "runs=other") == 2
    assert "task.baselines" in capsys.readouterr().err
    assert not Path("other").exists()


def test_no_metric_or_baseline_is_named_by_what_runs_and_keeps() -> None:
    """Which are usual is said in ragx/metrics; what runs had before they could choose stands where these are read."""
    named = []
    for path in sorted([*(ROOT / "ragx" / "runner").rglob("*.py"), *(ROOT / "ragx" / "runs").rglob("*.py")]):
        tree = ast.parse(path.read_text())
        passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        passed |= {id(node.value) for node in tree.body if isinstance(node, ast.Assign) and "HELP" in ast.unparse(node)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if id(node) not in passed and re.search("most_popular|recall|ndcg", text):
                named.append(f"{path.relative_to(ROOT)}: {text}")
    assert named == ["ragx/runs/files.py: ndcg@20", "ragx/runs/files.py: most_popular"]
