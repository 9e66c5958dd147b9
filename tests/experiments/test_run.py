"""The main job from end to end: a tiny run, its folder, and its resumption after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

import ragx
from ragx.runner.command_line import guarded
from ragx.serving.run import load_run
from ragx.training.checkpoint import load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
TINY = ("dataset.num_users=120", "dataset.num_items=60", "dataset.num_days=60", "tracker=none", "trainer.max_epochs=2")
LAYER = """
from torch import Tensor
from ragx.layers.relevance_conv import RelevanceConv

class MyConv(RelevanceConv):
    def __init__(self, in_channels: int, out_channels: int, *, gain: float = 1.0) -> None:
        super().__init__(in_channels, out_channels, linear=False, bias=False, activation=None)
        self.gain = gain

    def message(self, x_j: Tensor, edge_weight: Tensor) -> Tensor:
        return self.gain * edge_weight.unsqueeze(-1) * x_j
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "experiments" / "run.py"), *arguments]


def started(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return subprocess.run(command(*arguments), cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def only_run(runs: Path) -> Path:
    (folder,) = (path for path in runs.iterdir() if path.is_dir())
    return folder


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Return the main job within this process."""
    from ragx.runner.jobs import run

    def start(*arguments: str) -> int:
        GlobalHydra.instance().clear()
        monkeypatch.setattr("sys.argv", ["run.py", *arguments, f"runs={tmp_path / 'runs'}"])
        return guarded(run.job, str(ROOT / "conf"), "run")

    yield start
    GlobalHydra.instance().clear()


def test_a_tiny_run_leaves_everything_and_is_not_run_twice(
    main: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, runs = (*TINY, "evaluation.final=true"), tmp_path / "runs"
    assert main(*options) == 0
    first = capsys.readouterr().out
    folder = only_run(runs)
    metrics = json.loads((folder / "metrics.json").read_text())
    for part in ("validation", "test"):
        assert 0 < metrics[part]["ndcg@20"] < metrics["best_achievable"][part]["ndcg@20"] <= 1
        assert 0 < metrics["baseline"]["most_popular"][part]["ndcg@20"] < metrics["baseline"]["ease"][part]["ndcg@20"]
    assert metrics["fit"]["epochs"] == 2
    assert metrics["looks"] == 1
    files = ["curve.png", "model.pt", "run.json", "log.txt", "train/last.pt", "train/curve.jsonl"]
    files += [
        f"per_user{kind}_{part}.parquet" for kind in ("", "_most_popular", "_ease") for part in ("validation", "test")
    ]
    for name in files:
        assert (folder / name).stat().st_size > 0, name
    table = pl.read_parquet(folder / "recommendations.parquet")
    assert table.columns == ["user", "item", "rank", "score"]
    assert table["user"].n_unique() == 120
    assert not list(tmp_path.rglob("*.part"))
    before = (folder / "metrics.json").read_bytes()
    assert main(*options) == 0
    second = capsys.readouterr().out
    assert f"This run is finished; its results are in {folder}" in second.replace("\n", "")
    assert (folder / "metrics.json").read_bytes() == before
    assert f"{metrics['test']['ndcg@20']:.4f}" in first
    assert f"{metrics['test']['ndcg@20']:.4f}" in second
    assert len((runs / "looks.jsonl").read_text().splitlines()) == 1
    check_that_it_can_be_loaded(folder, table)


def check_that_it_can_be_loaded(folder: Path, table: pl.DataFrame) -> None:
    load: Any = ragx.load_run
    loaded = load(folder)
    users = ["customer-00007", "customer-00003"]
    recommended = loaded.recommend(users, k=5)
    expected = table.filter(pl.col("user").is_in(users) & (pl.col("rank") <= 5))
    assert recommended["user"].unique(maintain_order=True).to_list() == users
    assert recommended.sort("user", "rank")["item"].to_list() == expected.sort("user", "rank")["item"].to_list()
    with pytest.raises(ValueError, match="Unknown user 'customer-99999'"):
        loaded.recommend(["customer-99999"])


def test_a_rerun_repeats_it_to_the_bit_and_another_seed_does_not(main: Callable[..., int], tmp_path: Path) -> None:
    assert main(*TINY) == 0
    folder = only_run(tmp_path / "runs")
    weights = load_checkpoint(folder / "model.pt")["model"]["embedding"]
    curve = [json.loads(line)["loss"] for line in (folder / "train" / "curve.jsonl").read_text().splitlines()]
    assert main(*TINY, "reuse=never") == 0
    repeated = [json.loads(line)["loss"] for line in (folder / "train" / "curve.jsonl").read_text().splitlines()]
    assert torch.equal(load_checkpoint(folder / "model.pt")["model"]["embedding"], weights)
    assert repeated == curve
    assert main(*TINY, "seed=1") == 0
    assert len([path for path in (tmp_path / "runs").iterdir() if path.is_dir()]) == 2


def test_a_rerun_does_not_log_what_it_runs_anew(main: Callable[..., int], tmp_path: Path) -> None:
    """What a tracker is given as history is what will not be logged again."""
    lengths: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "ragx.training.trackers.NoTracker.start", lambda self, folder, run, history: lengths.append(len(history))
        )
        assert main(*TINY) == 0
        assert main(*TINY, "reuse=never") == 0
    assert lengths == [0, 0]


def test_a_refit_keeps_the_epochs_that_validation_chose(main: Callable[..., int], tmp_path: Path) -> None:
    assert main(*TINY, "trainer.refit=true", "trainer.max_epochs=3") == 0
    folder = only_run(tmp_path / "runs")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["refit"]["epochs"] == metrics["fit"]["best_epoch"]
    assert load_run(folder).recommend(["customer-00007"], k=3).height == 3


def test_a_typo_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    ended = started(tmp_path, "model.num_layer=3")
    assert ended.returncode == 2
    assert "num_layers" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert len(ended.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_layer_outside_the_repository_with_a_yaml_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text(LAYER)
    (tmp_path / "my_conf" / "layer").mkdir(parents=True)
    (tmp_path / "my_conf" / "layer" / "mine.yaml").write_text("_target_: my_module.MyConv\ngain: 3.0\n")
    ended = started(tmp_path, "--config-dir", "my_conf", "layer=mine", *TINY)
    assert ended.returncode == 0, ended.stderr
    record = json.loads((only_run(tmp_path / "runs") / "run.json").read_text())
    assert record["config"]["layer"] == {"_target_": "my_module.MyConv", "gain": 3.0}


@pytest.mark.slow
def test_a_layer_outside_the_repository_without_a_yaml(tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text(LAYER)
    ended = started(tmp_path, "layer=custom", "layer._target_=my_module.MyConv", "+layer.gain=2", *TINY)
    assert ended.returncode == 0, ended.stderr
    record = json.loads((only_run(tmp_path / "runs") / "run.json").read_text())
    assert record["config"]["layer"] == {"_target_": "my_module.MyConv", "gain": 2}
    typo = started(tmp_path, "layer=custom", "layer._target_=my_module.MyConv", "+layer.gian=2", *TINY)
    assert typo.returncode == 2
    assert "Did you mean 'gain'?" in typo.stderr


def state_of(runs: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any], list[float]]:
    folder = only_run(runs)
    metrics = json.loads((folder / "metrics.json").read_text())
    lines = (folder / "train" / "curve.jsonl").read_text().splitlines()
    numbers = {name: metrics[name] for name in ("validation", "test", "baseline", "counts", "tie_rate")}
    model: dict[str, torch.Tensor] = load_checkpoint(folder / "model.pt")["model"]
    return model, numbers, [json.loads(line)["loss"] for line in lines]


def cut_off(runs: Path, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """Start a run, send it a signal once a checkpoint within the second epoch or later is there, and wait."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    full = command(*arguments, f"runs={runs}")
    with subprocess.Popen(
        full, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            for path in runs.glob("*/train/last.pt"):
                progress = load_checkpoint(path)["progress"]
                if progress["history"] and progress["loss_sum"] > 0:
                    process.send_signal(number)
                    _, output = process.communicate(timeout=60)
                    return process.returncode, output
            time.sleep(0.02)
        process.kill()
    raise AssertionError("the run was over before it could be cut off")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_ends_as_an_unbroken_one(number: signal.Signals, tmp_path: Path) -> None:
    sizes = ("dataset.num_users=300", "dataset.num_items=80", "dataset.num_days=60", "tracker=none")
    options: tuple[str, ...] = (*sizes, "trainer.max_epochs=12", "trainer.batch_size=64", "trainer.checkpoint_every=1")
    options = (*options, "layer.edge_dropout=0.2", "trainer.schedule.decay=cosine", "evaluation.final=true")
    whole = started(tmp_path, *options, f"runs={tmp_path / 'whole'}")
    assert whole.returncode == 0, whole.stderr
    status, output = cut_off(tmp_path / "broken", number, *options)
    assert status == (-9 if number == signal.SIGKILL else 143)
    assert "Traceback" not in output
    resumed = started(tmp_path, *options, f"runs={tmp_path / 'broken'}")
    assert resumed.returncode == 0, resumed.stderr
    assert "taken up at step" in resumed.stdout
    one, other = state_of(tmp_path / "whole"), state_of(tmp_path / "broken")
    assert only_run(tmp_path / "whole").name == only_run(tmp_path / "broken").name
    assert all(torch.equal(one[0][name], other[0][name]) for name in one[0])
    assert one[1:] == other[1:]
