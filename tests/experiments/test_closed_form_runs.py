"""EASE in every command: run, refit, dry run, lists, evaluation, and a run that is killed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import ragx
from ragx.runner.commands import verify_resume as resume_command
from ragx.runner.commands.verify_resume import NotResumedError, verify_resume
from ragx.runs.files import read_run

EASE = ("model=ease", "dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none")


class Killed(BaseException):
    """What stands for SIGKILL within one process: nothing may catch it."""


def test_a_run_is_listed_evaluated_and_refitted(command: Any, tmp_path: Path) -> None:
    assert command("run", *EASE).status == 0
    (folder,) = (path.parent for path in tmp_path.glob("runs/*/metrics.json"))
    assert folder.name.startswith("shop-ease-")
    metrics = read_run(folder)[1]
    run = ragx.load_run(folder)
    assert ragx.evaluate(run).values["recall@20"] == metrics["validation"]["recall@20"]
    lists = run.recommend(k=5)
    assert lists.height == 5 * run.known.num_users
    assert command("recommend", f"run={folder}", "users=all", "k=5").status == 0
    assert command("evaluate", f"run={folder}", "cutoffs=[10]", "metrics=[recall]", "output=found.json").status == 0
    assert json.loads((tmp_path / "found.json").read_text())["validation"].keys() == {"recall@10"}
    assert "not known" in command("run", "-m", *EASE, "model.penalty=1,10", "dry_run=true").out
    assert command("run", *EASE, "trainer.refit=true", "runs=refitted").status == 0
    (refitted,) = (path.parent for path in tmp_path.glob("refitted/*/metrics.json"))
    loaded = ragx.load_run(refitted)
    assert len(loaded.known) == len(run.known) + len(run.split.validation)
    assert read_run(refitted)[1]["validation"] == metrics["validation"]


@pytest.mark.parametrize("is_over", [False, True])
def test_a_killed_run_ends_as_an_unbroken_one(
    is_over: bool, command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def finish(runs: Path, options: Sequence[str]) -> None:
        ended = command("run", *options, f"runs={runs}")
        assert ended.status == 0, ended.err

    def kill_after(runs: Path, options: Sequence[str], seconds: float) -> bool:
        runs.mkdir(exist_ok=True)
        if is_over:
            return False
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr("ragx.runner.run.course.save_checkpoint", kill)
            finish(runs, options)
        return True

    def kill(*arguments: Any) -> None:
        raise Killed

    monkeypatch.setattr(resume_command, "_finish", finish)
    monkeypatch.setattr(resume_command, "_kill_after", kill_after)
    if is_over:
        with pytest.raises(NotResumedError, match="was over before it could be killed"):
            verify_resume(EASE)
        return
    verify_resume(EASE)
    assert "The killed run ends as the unbroken one, to the bit." in capsys.readouterr().out


def test_a_longer_fit_shows_how_far_it_is(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragx.models.closed_forms.graph_filters.low_pass.DENSE", 0)
    ended = command("run", *EASE[1:], "model=gf_cf", "model.vectors=4")
    assert ended.status == 0, ended.err
    assert "train: singular vectors, 33% done" in ended.err
