"""The seal of the test part: closed by default, broken last, and equal whether a run opens it at once or later."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import torch

from ragx.runner.run import opening
from ragx.runs.looks import Looks
from ragx.training.checkpoint import load_checkpoint

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none", "trainer.max_epochs=2")
OPEN = "evaluation.final=true"
Main = Callable[..., Path]


@pytest.fixture
def main(command: Any, tmp_path: Path) -> Main:
    """Return a function that runs the main job in a folder of runs and gives the one run in it."""

    def run(runs: str, *arguments: str, status: int = 0) -> Path:
        ended = command("run", *TINY, "model.hidden_dim=8", *arguments, f"runs={tmp_path / runs}")
        assert ended.status == status, ended.err
        (folder,) = (path.parent for path in (tmp_path / runs).glob("*/run.json"))
        return folder

    return run


def metrics_of(folder: Path) -> dict[str, Any]:
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    return metrics


def result_of(folder: Path) -> dict[str, Any]:
    """Return what a run says, without the times and counts that are of the moment."""
    metrics = metrics_of(folder)
    for name in ("seconds", "peak_memory_mb", "looks", "reproductions", "audits"):
        metrics.pop(name, None)
    for stage in ("fit", "refit"):
        metrics.get(stage, {}).pop("seconds", None)
    return metrics


def test_a_run_opens_validation_alone(main: Main, tmp_path: Path) -> None:
    folder = main("runs")
    assert "test" not in metrics_of(folder)
    assert not list(folder.glob("*test.parquet"))
    assert not (tmp_path / "runs" / "looks.jsonl").exists()


@pytest.mark.parametrize("refit", ["false", "true"])
def test_a_finished_run_is_opened_without_training_and_equals_one_that_opened_at_once(
    refit: str, main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = main("at_once", f"trainer.refit={refit}", OPEN)
    later = main("later", f"trainer.refit={refit}")
    with monkeypatch.context() as patch:
        patch.setattr("ragx.training.trainer.Trainer.fit", lambda self, **options: pytest.fail("it was trained"))
        assert main("later", f"trainer.refit={refit}", OPEN) == later
    assert result_of(later) == result_of(at_once)
    assert "test" in metrics_of(later)
    for name in ("per_user_test.parquet", "per_user_most_popular_test.parquet", "recommendations.parquet"):
        assert pl.read_parquet(later / name).equals(pl.read_parquet(at_once / name)), name
    weights = [load_checkpoint(folder / "model.pt")["model"] for folder in (later, at_once)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[1])
    assert Looks(tmp_path / "later").by_test_part()[metrics_of(later)["split"]["fingerprint"]].looks == 2  # one in each
    assert len((tmp_path / "later" / "looks.jsonl").read_text().splitlines()) == 1


def test_a_model_that_is_not_the_runs_opens_nothing(main: Main, tmp_path: Path, command: Any) -> None:
    folder = main("runs")
    state = torch.load(folder / "model.pt")
    for name in state["model"]:
        state["model"][name] = -state["model"][name].flip(0)
    torch.save(state, folder / "model.pt")
    ended = command("run", *TINY, "model.hidden_dim=8", OPEN, f"runs={tmp_path / 'runs'}")
    assert ended.status == 2
    assert "the test part stays sealed" in ended.err
    assert "reuse=never" in ended.err
    assert not (tmp_path / "runs" / "looks.jsonl").exists()
    assert "test" in metrics_of(main("runs", OPEN, "reuse=never"))  # the remedy


def test_a_table_of_sealed_runs_says_how_to_open_them(main: Main, command: Any, tmp_path: Path) -> None:
    rows = "rows=[{label: ours, where: {model: RelevanceAwareGraph}}]"
    main("runs")
    sealed = command("table", rows, f"runs={tmp_path / 'runs'}")
    assert sealed.status == 2
    assert "none was evaluated on test" in sealed.err
    assert "evaluation.final=true opens its test part; part=validation needs none" in sealed.err
    assert command("table", rows, f"runs={tmp_path / 'runs'}", "part=validation").status == 0
    main("runs", OPEN)
    shown = command("table", rows, f"runs={tmp_path / 'runs'}")
    assert shown.status == 0, shown.err
    assert "users make the test values" in shown.out
    assert "has had 1 look." in shown.out


@pytest.mark.parametrize("step", ["plot_curve", "recommendation_table", "write_table", "save_checkpoint"])
def test_what_fails_fails_before_the_look(
    step: str, main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Any
) -> None:
    """A crash in any of the files that a run leaves costs no look, and the same command opens the test part once."""

    def fail(*arguments: Any, **options: Any) -> None:
        raise ValueError(f"{step}: the disk is full")

    with monkeypatch.context() as patch:
        elsewhere = {"recommendation_table": "ragx.tasks.rank", "plot_curve": "ragx.report.plots.curve"}
        where = elsewhere.get(step, "ragx.runner.run.course")
        patch.setattr(f"{where}.{step}", fail)
        main("runs", OPEN, status=2)
    assert not (tmp_path / "runs" / "looks.jsonl").exists()
    main("runs", OPEN)
    assert len((tmp_path / "runs" / "looks.jsonl").read_text().splitlines()) == 1


def test_a_refitted_model_is_held_against_its_own_values(main: Main) -> None:
    folder = main("runs", "trainer.refit=true")
    metrics = metrics_of(folder)
    assert metrics["stored_model"] != metrics["validation"]
    assert metrics["stored_model"].keys() == metrics["validation"].keys()


def test_values_are_held_against_each_other_to_the_bit(tmp_path: Path) -> None:
    ranked = SimpleNamespace(values={"recall@20": 0.25, "ndcg@20": float("nan")})
    evaluation: Any = SimpleNamespace(model_on_validation=lambda: ranked)
    stored = {"validation": {"recall@20": 0.25, "ndcg@20": float("nan")}}
    opening.check_stored_model(evaluation, stored, tmp_path)
    opening.check_stored_model(evaluation, {"validation": {}, "refit": {}}, tmp_path)
    for other in (0.25 + 2**-54, float("nan")):
        with pytest.raises(ValueError, match=r"has recall@20 0\.25 on validation, where the run had"):
            opening.check_stored_model(
                evaluation, {"validation": stored["validation"] | {"recall@20": other}}, tmp_path
            )


def test_a_tracker_is_told_of_a_test_part_that_is_opened_later(
    main: Main, monkeypatch: pytest.MonkeyPatch, offline_run: Callable[[Path], Any]
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "")
    wandb = ("tracker=wandb", "tracker.mode=offline")
    folder = main("runs", *wandb)
    before = offline_run(folder)
    main("runs", *wandb, OPEN)
    after, values = offline_run(folder), json.loads((folder / "metrics.json").read_text())
    assert "test/recall@20" not in before.summary
    assert after.summary["test/recall@20"] == values["test"]["recall@20"]
    assert after.summary["validation/recall@20"] == before.summary["validation/recall@20"]
    assert {"most_popular/ndcg@20", "ease/ndcg@20"} < before.history[0].keys()
    assert [row.keys() for row in after.history] == [row.keys() for row in before.history]
    assert (after.id, after.exit_code, len(after.history)) == (before.id, 0, len(before.history))
