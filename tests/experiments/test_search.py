"""Searches: draws keyed by the number of the trial, an equal budget for every row, and no trial that is run twice."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ragx.runner.sweep.job import run_in_sweep

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=30", "tracker=none", "trainer.max_epochs=1")
ONE_ROW = (*TINY, "search.rows=null", "search.startup=2", "search.name=mine", "search.space={model.hidden_dim:null}")
Trials = list[tuple[int, str, dict[str, Any], float | None]]
CONF = Path(__file__).resolve().parents[2] / "conf"


def trials_of(runs: Path, row: str = "search", name: str = "mine") -> Trials:
    """Return number, state, values and result of every trial."""
    log = runs / "sweeps" / name / "study.log"
    study = optuna.load_study(study_name=row, storage=JournalStorage(JournalFileBackend(str(log))))
    return [(trial.number, trial.state.name, trial.params, trial.value) for trial in study.trials]


def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have a formula stand for training, and return the list that the options of each cell are added to."""
    import ragx.runner.search.searching as searching

    seen: list[str] = []

    def value(config: dict[str, Any], overrides: Sequence[str]) -> float:
        seen.append(" ".join(overrides))
        lr, layers = float(config["optimizer"]["lr"]), int(config["model"]["num_layers"])
        return lr * 10 + layers + 0.01 * int(config["seed"])

    monkeypatch.setattr(searching, "run_in_sweep", value)
    return seen


def test_a_search_that_was_cut_off_ends_as_an_unbroken_one(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second trial is cut off within its training, when a checkpoint is there."""
    import ragx.runner.search.searching as searching

    three = ("search", *ONE_ROW, "search.trials=3", "trainer.checkpoint_every=1")
    assert command(*three, "runs=whole").status == 0
    unbroken = trials_of(tmp_path / "whole")
    assert [trial[1] for trial in unbroken] == ["COMPLETE"] * 3
    begun: list[str] = []
    real = run_in_sweep

    def cut_off(config: dict[str, Any], overrides: Sequence[str]) -> float:
        begun.append(" ".join(overrides))
        with monkeypatch.context() as patch:
            if len(begun) == 2:
                patch.setattr("ragx.learners.node_setup.training_step", _interrupt)
            return real(config, overrides)

    monkeypatch.setattr(searching, "run_in_sweep", cut_off)
    assert command(*three, "runs=broken").status == 130
    assert trials_of(tmp_path / "broken") == unbroken[:1]
    assert command(*three, "runs=broken").status == 0
    assert len(begun) == 4
    assert begun[1] == begun[2]
    assert trials_of(tmp_path / "broken") == unbroken
    status, out, _ = command(*three, "runs=broken")
    assert (status, len(begun)) == (0, 4)
    assert "3: 3 done" in out
    assert f"in trial {max(unbroken, key=lambda trial: trial[3] or 0)[0]} of 3" in out


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_every_row_has_the_same_budget_and_it_is_recorded(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = judged(monkeypatch)
    space = "search.space={model.hidden_dim:null}"
    options = ("search", *TINY, space, "search.startup=2", "search.seeds=2", "runs=runs")
    assert command(*options, "search.trials=2").status == 0
    record = tmp_path / "runs/sweeps/objectives-shop/sweep.json"
    plan = json.loads(record.read_text())
    assert plan["budget"] == {"lightgcn": 2, "softmax": 2}
    assert [cell["row"] for cell in plan["cells"]] == ["lightgcn"] * 4 + ["softmax"] * 4
    assert [cell["seed"] for cell in plan["cells"]] == [0, 1] * 4
    assert len(seen) == len(set(seen)) == 8
    assert all("model=lightgcn objective=bpr" in line for line in seen[:4])
    rows = [trials_of(tmp_path / "runs", row, "objectives-shop") for row in plan["budget"]]
    assert rows[0][0][2] != rows[1][0][2], "each row draws for itself"
    number, _, drawn, value = rows[0][0]
    assert number == 0
    assert value == pytest.approx(drawn["optimizer.lr"] * 10 + drawn["model.num_layers"] + 0.005)
    assert command(*options, "search.trials=3").status == 0
    assert len(seen) == 12
    assert json.loads(record.read_text())["budget"] == {"lightgcn": 3, "softmax": 3}


def test_a_metric_of_which_less_is_better_is_minimised(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch)
    options = (*ONE_ROW, "search.trials=3", "trainer.stopping.monitor=gini@20")
    status, out, _ = command("search", *options, "runs=runs")
    assert status == 0
    best = min(trials_of(tmp_path / "runs"), key=lambda trial: trial[3] or 0)
    assert f"best: {best[3]:.4f} in trial {best[0]} of 3" in out


def test_a_search_does_not_mix_directions(command: Any) -> None:
    space = "+search.space={trainer.stopping.monitor:['gini@20','ndcg@20']}"
    status, _, err = command("search", *ONE_ROW, space, "search.trials=1", "runs=runs")
    assert status == 2
    assert "of gini@20 and ndcg@20 one is to be small, the other large" in " ".join(err.split())


def test_draws_depend_on_the_seed_of_the_search(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch)
    for runs, more in (("one", ()), ("other", ("seed=1",))):
        assert command("search", *ONE_ROW, "search.trials=1", *more, f"runs={runs}").status == 0
    (one,), (other,) = (trials_of(tmp_path / runs) for runs in ("one", "other"))
    assert one[2] != other[2]


def test_failed_trials_are_listed_and_the_others_go_on(command: Any, tmp_path: Path) -> None:
    space = "search.space={optimizer.lr:null,model.num_layers:{low:-2,high:1}}"
    status, out, err = command("search", *ONE_ROW, space, "search.trials=3", "runs=runs")
    assert (status, err) == (0, "")
    trials = trials_of(tmp_path / "runs")
    failed = [number for number, state, _, _ in trials if state == "FAIL"]
    assert 0 < len(failed) < 3
    assert failed == [number for number, _, drawn, _ in trials if drawn["model.num_layers"] < 0]
    plain = " ".join(out.split())
    for number in failed:
        assert f"trial {number} of the search failed: model: num_layers: expected at least 0, got" in plain
    cells = {str(drawn) for _, state, drawn, _ in trials if state == "FAIL"}
    assert f"{len(cells)} failed" in plain


def test_a_row_of_which_every_trial_failed_does_not_stop_the_others(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ragx.runner.search.searching as searching

    def value(config: dict[str, Any], overrides: Sequence[str]) -> float:
        return float("nan") if "model=lightgcn" in overrides else 0.5

    monkeypatch.setattr(searching, "run_in_sweep", value)
    status, out, err = command("search", *TINY, "search.trials=1", "runs=runs")
    assert (status, err) == (1, "error: Every trial of lightgcn failed. See runs/sweeps/objectives-shop.\n")
    assert "softmax: 0.5000 in trial 0 of 1" in out


def test_a_log_that_a_dying_process_left_torn_is_read(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = judged(monkeypatch)
    options = ("search", *ONE_ROW, "search.trials=1", "runs=runs")
    assert command(*options).status == 0
    whole = trials_of(tmp_path / "runs")
    log = tmp_path / "runs/sweeps/mine/study.log"
    log.write_bytes(log.read_bytes()[:-20])
    assert command(*options).status == 0
    assert trials_of(tmp_path / "runs") == whole
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("search.space=null", "search.space: expected at least one option, such as optimizer.lr: {low: 0.001"),
        ("+search.space={layer:[light,gcm]}", "layer=gcm: unknown choice. Did you mean 'gcn'?"),
        ("+search.space={optimizer.lrr:{low:1,high:2}}", "optimizer.lrr: unknown option. Did you mean 'lr'?"),
        ("+search.space={objective.temperature:{low:0,high:1}}", "objective: temperature: expected a number greater"),
        ("search.space.optimizer.lr=3", "search.space.optimizer.lr: write search.space={optimizer.lr: …}"),
        ("search.rows={a:[layer]}", "search.rows: what is to be set in it is not there yet; write +search.rows=…"),
        ("+search.rows={a:[layer]}", "search.rows: expected the label of every row"),
        ("search=objectivs", "search=objectivs: unknown choice. Did you mean 'objectives'?"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_run(option: str, message: str, command: Any, tmp_path: Path) -> None:
    status, out, err = command("search", *TINY, "search.trials=1", option)
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {message}"), err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "search").glob("*.yaml")))
def test_every_search_composes_and_fits(name: str, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and both ends of every range are composed before the first trial."""
    seen = judged(monkeypatch)
    own = ["search.space={optimizer.lr:{low:0.001,high:0.01,log:true}}"] if name == "own" else []
    assert command("search", f"search={name}", *own, "search.trials=1", "search.seeds=1", "tracker=none").status == 0
    assert len(seen) >= 1


def test_a_space_of_which_all_was_tried_says_so(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch)
    options = ("search", *TINY, "search=own", "search.startup=6", "runs=runs", "search.space={model.num_layers:[1,2]}")
    sentence = "The space has 2 configurations, fewer than the 6 trials: all were tried."
    assert sentence not in " ".join(command(*options, "search.trials=2").out.split())
    assert sentence in " ".join(command(*options, "search.trials=6").out.split())


def test_grids_and_searches_of_the_page_are_taken_as_they_stand(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (CONF.parent / "docs" / "sweeps.md").read_text()
    for text, name in re.findall(r"```yaml\n(# @package \w+\n# (my_conf/\S+)\n.*?)```", page, re.S):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", page, re.S) for line in block.replace("\\\n", "").split("\n")
    ]
    lines = [shlex.split(line)[1:] for line in commands if "my_conf" in line or "search=own" in line]
    assert [line[0] for line in lines] == ["sweep", "search", "search"]
    status, out, err = command(*lines[0], *TINY, "dry_run=true")
    assert status == 0, err
    assert "18" in out, "2 × 3 combinations with 3 seeds"
    seen = judged(monkeypatch)
    for number, line in enumerate(lines[1:]):
        short = ("dataset=shop", *TINY, "search.trials=1", "search.startup=1", f"runs=runs{number}")
        status, _, err = command(*line, *short)
        assert status == 0, err
    assert len(seen) == 2
