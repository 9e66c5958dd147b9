"""Weights & Biases, offline."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call

import pytest
import wandb

from ragx.metrics import Metric
from ragx.training.wandb_tracker import WandbTracker

RUN = {"identity": "abc123", "name": "shop-model-abc123", "cell": "cell-1", "seed": 0, "config": {"lr": 0.1}}


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("WANDB_API_KEY", "")
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    yield


def test_a_run_is_written_without_a_network(tmp_path: Path, offline_run: Callable[[Path], Any]) -> None:
    tracker = WandbTracker(project="mine", tags=["a-tag"])
    tracker.start(tmp_path / "run", {**RUN, "sweep": "a-sweep"}, [])
    tracker.log({"loss": 0.5, "ndcg@20": 0.25}, 1)
    tracker.log({"loss": 0.4, "ndcg@20": 0.26}, 2)
    tracker.finish({"test/ndcg@20": 0.3})
    run = offline_run(tmp_path / "run")
    assert (run.id, run.group, run.tags, run.exit_code) == ("abc123", "cell-1", ["a-tag", "a-sweep"], 0)
    assert run.config["config"] == {"lr": 0.1} and run.config["seed"] == 0
    assert [(row["_step"], row["loss"], row["ndcg@20"]) for row in run.history] == [(1, 0.5, 0.25), (2, 0.4, 0.26)]
    assert run.summary["test/ndcg@20"] == 0.3


def test_the_summary_of_a_curve_is_its_best_value(tmp_path: Path) -> None:
    defined: dict[str, str] = {}

    class Run:
        def define_metric(self, name: str, summary: str) -> None:
            assert name not in defined
            defined[name] = summary

        def log(self, values: dict[str, float], step: int) -> None:
            pass

    tracker = WandbTracker()
    tracker._run = Run()
    tracker._own = {"first_hit": Metric("first_hit", larger_is_better=False)}
    for step in (1, 2):
        tracker.log({"loss": 0.5, "ndcg@20": 0.25, "gini@20": 0.5, "first_hit@20": 3.0}, step)
    assert defined == {"ndcg@20": "max", "gini@20": "min", "first_hit@20": "min"}


def test_a_run_that_is_taken_up_writes_its_history_anew(tmp_path: Path, offline_run: Callable[[Path], Any]) -> None:
    first = WandbTracker()
    first.start(tmp_path, RUN, [])
    first.log({"loss": 0.5, "only_before": 1.0}, 1)
    first.finish({}, failed=True)
    assert offline_run(tmp_path).exit_code == 1
    second = WandbTracker()
    own = {"metrics": {"first_hit": {"larger_is_better": False}}}
    second.start(tmp_path, RUN | own, [{"epoch": 1, "loss": 0.5, "from_history": 2.0}])
    second.log({"loss": 0.4, "first_hit@20": 3.0}, 2)
    second.finish({"the_end": 1.0})
    run = offline_run(tmp_path)  # one folder
    assert run.summary["first_hit@20"] == {"min": 3.0}
    assert (run.id, run.exit_code, run.summary["the_end"]) == ("abc123", 0, 1.0)
    assert [(row["_step"], row["loss"]) for row in run.history] == [(1, 0.5), (2, 0.4)]
    assert run.history[0]["from_history"] == 2.0 and "only_before" not in run.history[0]


def test_records_longer_than_a_block_are_whole(tmp_path: Path, offline_run: Callable[[Path], Any]) -> None:
    tracker = WandbTracker()
    tracker.start(tmp_path, {**RUN, "config": {"text": "x" * 100_000}}, [])
    tracker.finish({})
    assert offline_run(tmp_path).config["config"]["text"] == "x" * 100_000


def test_runs_at_the_same_time_keep_their_own(tmp_path: Path, offline_run: Callable[[Path], Any]) -> None:
    code = """
import sys
from pathlib import Path
from ragx.metrics import Metric
from ragx.training.wandb_tracker import WandbTracker
tracker, number = WandbTracker(), int(sys.argv[1])
run = {"identity": f"id{number}", "name": f"run-{number}", "cell": "cell-1", "seed": number, "config": {"lr": number}}
tracker.start(Path(sys.argv[2]), run, [])
for step in range(1, 21):
    tracker.log({"loss": 100 * number + step}, step)
tracker.finish({"best": number})
"""
    folders = [tmp_path / str(number) for number in range(3)]
    commands = [[sys.executable, "-c", code, str(number), str(folder)] for number, folder in enumerate(folders)]
    for process in [subprocess.Popen(command) for command in commands]:
        assert process.wait(120) == 0
    for number, folder in enumerate(folders):
        run = offline_run(folder)
        assert (run.id, run.group, run.config["seed"]) == (f"id{number}", "cell-1", number)
        assert [row["loss"] for row in run.history] == [100 * number + step for step in range(1, 21)]
        assert run.summary["best"] == number and run.exit_code == 0


def test_a_table_is_a_run_of_its_own(tmp_path: Path, offline_run: Callable[[Path], Any]) -> None:
    WandbTracker().table(tmp_path, "a-sweep", ["configuration", "mean"], [["layers=1", 0.25], ["layers=2", 0.5]])
    run = offline_run(tmp_path)
    assert run.tags == ["a-sweep"] and run.history[0]["summary/nrows"] == 2
    (table,) = tmp_path.glob("wandb/offline-run-*/files/media/table/*.json")
    assert json.loads(table.read_text())["data"] == [["layers=1", 0.25], ["layers=2", 0.5]]


def test_finish_without_start_does_nothing() -> None:
    WandbTracker().finish({}, failed=True)


def test_disabled_writes_nothing(tmp_path: Path) -> None:
    tracker = WandbTracker(mode="disabled")
    tracker.start(tmp_path / "run", RUN, [])
    tracker.log({"loss": 0.5}, 1)
    tracker.finish({})
    assert not list(tmp_path.glob("run/**/*.wandb"))


def test_offline_the_start_runs_beside_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, begun = threading.Event(), Mock()

    def init(**options: Any) -> Any:
        assert go_on.wait(30), "the start was waited for"
        return begun

    monkeypatch.setattr("wandb.init", init)
    tracker = WandbTracker()
    tracker.start(tmp_path, RUN, [{"epoch": 1, "loss": 0.5}])
    go_on.set()
    tracker.log({"loss": 0.4}, 2)
    assert begun.log.call_args_list == [call({"loss": 0.5}, step=1), call({"loss": 0.4}, step=2)]
    tracker.finish({"best": 1.0})
    tracker.finish({}, failed=True)  # as where the summary of a run cannot be printed
    begun.finish.assert_called_once_with(exit_code=0)


def test_a_run_that_fails_while_w_and_b_starts_ends_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Mock()

    def init(**options: Any) -> Any:
        time.sleep(0.2)
        return begun

    monkeypatch.setattr("wandb.init", init)
    tracker = WandbTracker()
    tracker.start(tmp_path, RUN, [])
    tracker.finish({}, failed=True)
    begun.finish.assert_called_once_with(exit_code=1)


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_a_refusal_is_told_once_and_never_in_place_of_another_failure(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**options: Any) -> None:
        raise wandb.Error("no disk")

    def begin() -> WandbTracker:
        tracker = WandbTracker(mode=mode)
        tracker.start(tmp_path, RUN, [])
        return tracker

    monkeypatch.setattr("wandb.init", refuse)
    message = r"^tracker: W&B refuses \(no disk\); tracker\.mode=offline needs no account\.$"
    if mode == "online":  # before anything is trained
        with pytest.raises(ValueError, match=message):
            begin()
        return
    begin().finish({}, failed=True)
    tracker = begin()
    with pytest.raises(ValueError, match=message):
        tracker.log({"loss": 0.5}, 1)
    tracker.finish({}, failed=True)
    with pytest.raises(ValueError, match=message):
        begin().finish({})


def test_a_bad_mode_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"tracker\.mode: expected one of offline, online, disabled; got 'ofline'"):
        WandbTracker(mode="ofline")
