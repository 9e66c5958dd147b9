"""Runs that version 0.1.0 left, under the commands of this one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ragx.runner.commands.evaluate import evaluate_run
from ragx.runner.commands.final import finalize
from ragx.runner.commands.reproduce import reproduce
from ragx.runs.files import write_json
from ragx.runs.looks import Looks

OLD = Path(__file__).parents[1] / "data" / "run_of_0_1_0"
COLUMNS = "{user: customer, item: sku, time: ordered_at, value: amount}"
CELL = ("dataset=csv", "dataset.path=orders.csv", f"dataset.columns={COLUMNS}", "split=leave_last_out", "seed=0")


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run of 0.1.0 below ``runs``, whose data is found."""
    shutil.copytree(OLD, tmp_path / "data")
    monkeypatch.setenv("RAGX_DATA", str(tmp_path / "data"))
    name = json.loads((OLD / "run" / "run.json").read_text())["name"]
    shutil.copytree(OLD / "run", tmp_path / "runs" / name)
    return Path(tmp_path / "runs" / name)


def test_it_gives_lists_and_is_evaluated(old: Path, command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ended = command("recommend", f"run={old}", "users=all", "k=2")
    assert (ended.status, "10 of" in ended.out) == (0, True)
    capsys.readouterr()
    evaluate_run([f"run={old}", "output=found.json"])
    then, now = (json.loads(path.read_text()) for path in (old / "metrics.json", Path("found.json")))
    assert now["validation"] == pytest.approx(then["validation"], abs=1e-6)


def test_it_is_not_made_once_more_on_another_split(old: Path) -> None:
    """Its data is as it was, so that to restore it would be no advice."""
    before = sorted(path.name for path in old.iterdir())
    with pytest.raises(ValueError, match=r"a run of version 0\.1\.0 on split 901402a74c98, .*; make a new run"):
        reproduce([str(old)])
    assert sorted(path.name for path in old.iterdir()) == before


def test_what_its_sweep_chose_is_not_opened_on_another_split(old: Path, command: Any) -> None:
    """Events of 0.1.0 name no monitor; the sweep made anew, as the refusal advises, is opened."""
    sweep, key = old.parent / "sweeps" / "mine", " ".join(sorted(CELL))
    plan = {"axes": [], "rows": [], "cells": [{"overrides": CELL, "seed": 0, "row": ""}], "dropped": []}
    done = {
        "cell": key,
        "event": "done",
        "folder": f"elsewhere/{old.name}",
        "how": "run",
        "value": 0.2857,
        "seconds": 1,
    }
    write_json(sweep / "sweep.json", plan)
    (sweep / "events.jsonl").write_text(json.dumps(done) + "\n")
    final = ["sweep=mine", f"runs={old.parent}"]
    with pytest.raises(ValueError, match=r"a run of version 0\.1\.0 on split 901402a74c98, .*; make a new run"):
        finalize(final)
    assert not Looks(old.parent).by_test_part()
    assert not (sweep / "final.json").exists()
    tiny = ("tracker=none", "trainer.max_epochs=1", "model.hidden_dim=8", "sweep.name=mine", f"runs={old.parent}")
    made = command("run", "-m", *CELL, *tiny)
    assert made.status == 0, made.err
    finalize(final)
    (opened,) = Looks(old.parent).by_test_part().values()
    assert opened.looks == 1


def test_a_table_has_it_among_others(old: Path, command: Any) -> None:
    tiny = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none")
    made = command("run", *tiny, "trainer.max_epochs=1", "model.hidden_dim=8", f"runs={old.parent}")
    assert made.status == 0, made.err
    rows = "rows=[{label: all, where: {model.similarity: cosine}}]"
    ended = command("table", "name=both", rows, "part=validation", "metrics=[recall@5]", f"runs={old.parent}")
    assert ended.status == 0, ended.err
    assert "orders: split leave_last_out, fingerprint 901402a74c98; 98 train, 20 validation" in ended.out
    made = command(
        "table", "name=old", rows, "part=validation", "metrics=[recall@5]", "datasets=[orders]", f"runs={old.parent}"
    )
    (row,) = (line for line in made.out.splitlines() if line.startswith("│ all"))
    assert row.split("│")[2].strip() == "0.5000"
