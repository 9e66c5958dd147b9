"""What reproduce.py says of a run that came out the same, and of one that did not."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from ragx.runner.commands.reproduce import NotReproducedError, reproduce
from ragx.runs.looks import Looks, Readings

TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none", "trainer.max_epochs=1")


@pytest.fixture
def run(command: Any, tmp_path: Path) -> Path:
    """Return the folder of a tiny run that opened the test part."""
    ended = command("run", *TINY, "model.hidden_dim=8", "evaluation.final=true", f"runs={tmp_path / 'runs'}")
    assert ended.status == 0, ended.err
    (folder,) = (path.parent for path in (tmp_path / "runs").glob("*/metrics.json"))
    return folder


def verdict(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    capsys.readouterr()
    reproduce([str(folder), *options])
    return capsys.readouterr().out.splitlines()[-1]


def changed(path: Path, *keys: str, value: Any) -> None:
    """Set a value within a JSON file."""
    whole = json.loads(path.read_text())
    inner = whole
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(whole))


def test_a_reproduction_writes_over_no_record_of_a_tracker(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id is that of the first run, and online its numbers would go to whatever project a run folder names."""
    tracker = {"_target_": "ragx.training.WandbTracker", "mode": "online", "project": "theirs"}
    changed(run / "run.json", "config", "tracker", value=tracker)
    monkeypatch.setattr("ragx.training.wandb_tracker.WandbTracker.start", lambda *given: pytest.fail("it was told"))
    assert verdict(run, capsys).startswith("bit-equal")


def test_a_run_comes_out_the_same_or_is_told_to_differ(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict(run, capsys) == "bit-equal: weights and metrics are the same to the last bit."
    fingerprint = json.loads((run / "run.json").read_text())["fingerprint"]
    assert Looks(run.parent).by_test_part()[fingerprint] == Readings(looks=1, reproductions=1)

    changed(run / "run.json", "provenance", "versions", "torch", value="0.1")
    equal = "bit-equal: weights and metrics are the same to the last bit"
    assert verdict(run, capsys) == f"{equal}, although torch: 0.1 then, {torch.__version__} now."

    state = torch.load(run / "model.pt")
    state["model"]["embedding"][0, 0] += 0.5
    torch.save(state, run / "model.pt")
    assert verdict(run, capsys).startswith("within tolerance: metrics differ by up to 0, weights by up to 0.5. What")

    test = json.loads((run / "metrics.json").read_text())["test"]["recall@20"]
    changed(run / "metrics.json", "test", "recall@20", value=test + 0.25)
    capsys.readouterr()
    with pytest.raises(NotReproducedError, match=f"{run.name} came out otherwise"):
        reproduce([str(run)])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("different: metrics differ by up to 0.25 (test/recall@20), weights by up to 0.5.")
    assert verdict(run, capsys, "tolerance=0.3").startswith("within tolerance: metrics differ by up to 0.25")
