"""Kinds of event from end to end: one as target, all as evidence, and the counts that are printed and kept."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

from ragx.runner.command_line import guarded
from ragx.serving.run import load_run

CONF = str(Path(__file__).resolve().parents[2] / "conf")


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Return the main job on a file of 600 events, a third of them purchases."""
    from ragx.runner.jobs import run

    random = np.random.default_rng(0)
    users, items = random.integers(0, 20, 600), random.integers(0, 40, 600)
    kinds = random.choice(["view", "buy"], 600, p=[2 / 3, 1 / 3])
    rows = [f"u{u},i{i},{1_700_000_000 + t},{k}" for t, (u, i, k) in enumerate(zip(users, items, kinds, strict=True))]
    (tmp_path / "events.csv").write_text("user,item,time,kind\n" + "\n".join(rows) + "\n")
    mine = ["dataset=csv", "dataset.path=events.csv", "dataset.columns.time=time", "dataset.columns.kind=kind"]

    def start(*arguments: str) -> int:
        GlobalHydra.instance().clear()
        monkeypatch.chdir(tmp_path)
        given = [*mine, "tracker=none", "trainer.max_epochs=1", "runs=runs", *arguments]
        monkeypatch.setattr("sys.argv", ["run.py", *given])
        return guarded(run.job, CONF, "run")

    yield start
    GlobalHydra.instance().clear()


def test_a_target_gives_a_run_of_its_own_that_comes_back_the_same(
    main: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main() == 0
    weights = "graph.weight.weights={view:1,buy:5}"
    assert main("target_kind=buy", "graph=by_kind", weights, "trainer.refit=true") == 0
    output = capsys.readouterr().out
    assert "600 interactions" in output
    assert "kinds of event: " in output
    records = {json.loads(path.read_text())["target_kind"]: path.parent for path in tmp_path.glob("runs/*/run.json")}
    assert set(records) == {None, "buy"}
    metrics = json.loads((records["buy"] / "metrics.json").read_text())
    assert metrics["steps"][0]["interactions"] == 600
    run = load_run(records["buy"])
    assert set(run.known.table["kind"]) == {"buy"}
    assert run.graph.kinds == ["buy", "view"]
    assert (
        int(run.graph.edge_attributes["count"].sum()) == 2 * len(run.split.evidence_and_validation) > 2 * len(run.known)
    )
    user = run.known.users.outside(np.array([0]))[0]
    bought = set(run.known.items.outside(run.known.table.filter(run.known.table["user"] == 0)["item"].to_numpy()))
    everything = run.recommend(user, k=40)["item"]
    assert set(everything) == set(run.known.items.ids) - bought
    assert run.fold_in(["i3", "i7"], k=5).height == 5
    assert torch.isfinite(run.graph.edge_weight).all()


def test_an_unknown_target_is_one_line(main: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert main("target_kind=by") == 2
    assert capsys.readouterr().err == "error: target_kind: expected one of buy, view; got 'by'. Did you mean 'buy'?\n"
    assert main("target_kind=3") == 2
    assert (
        "target_kind: expected null or a kind of event, got 3: text is written \"target_kind='3'\"."
        in capsys.readouterr().err
    )
