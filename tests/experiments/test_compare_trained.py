"""The comparison of what the main job left, and of models of ml-100k."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.evaluation.per_user_table import per_user_table
from ragx.evaluation.protocol import Protocol, item_lists
from ragx.models.most_popular import MostPopular
from ragx.parts import bind
from ragx.ranking.item_similarity import ItemSimilarity
from ragx.ranking.scorers import Scorer
from ragx.runner.command_line import guarded
from ragx.runner.commands.compare import compare_runs
from ragx.runs.files import write_json

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Return the main job within this process."""
    from ragx.runner.jobs import run

    def start(*arguments: str) -> int:
        GlobalHydra.instance().clear()
        monkeypatch.setattr("sys.argv", ["run.py", *arguments])
        return guarded(run.job, str(ROOT / "conf"), "run")

    yield start
    GlobalHydra.instance().clear()


def test_runs_of_the_job_are_compared(
    job: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = ("dataset.num_users=120", "dataset.num_items=60", "dataset.num_days=60", "tracker=none")
    runs = tmp_path / "runs"
    for layers in (1, 2):
        for seed in (0, 1):
            options = (f"model.num_layers={layers}", f"seed={seed}", "trainer.max_epochs=1", f"runs={runs}")
            assert job(*tiny, *options, "evaluation.final=true") == 0
    capsys.readouterr()
    compare_runs([f"runs={runs}", "baseline=most_popular", "metric=recall@20"])
    out = capsys.readouterr().out
    assert out.count("after Holm over 2 comparisons; 2 seeds against 1; the single one is made without draws.") == 2
    assert "model.num_layers=1" in out
    assert re.search(r"The test part of split \w+ has had 4 looks\.", out)
    one, other = sorted(runs.glob("*/per_user_test.parquet"))[1:3]
    for ours, theirs in ((one, other), (one.with_name("per_user_most_popular_test.parquet"), one)):
        kept = ours.read_bytes()
        ours.write_bytes(theirs.read_bytes())
        with pytest.raises(ValueError, match=rf"{ours.name}: expected values whose mean .* is of another run\."):
            compare_runs([f"runs=[{one.parent}]", "baseline=most_popular", "metric=recall@20"])
        ours.write_bytes(kept)


def test_runs_on_one_published_test_part_are_compared_whatever_was_held_out(
    job: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [f"u{row % 20},i{row * 7 % 31},{'test' if row > 160 else 'train'}" for row in range(200)]
    (tmp_path / "mine.csv").write_text("\n".join(["user,item,part", *events]) + "\n")
    options = ("dataset=csv", f"dataset.path={tmp_path / 'mine.csv'}", "dataset.columns.part=part", "split=published")
    few, runs = ("tracker=none", "trainer.max_epochs=1", "evaluation.final=true"), tmp_path / "runs"
    for validation in (0.1, 0.3):
        assert job(*options, *few, f"split.validation={validation}", f"runs={runs}") == 0
    finished = sorted(runs.glob("*/metrics.json"))
    splits = [json.loads(path.read_text())["split"] for path in finished]
    capsys.readouterr()
    compare_runs([f"runs={runs}", f"baseline={finished[0].parent}", "part=test"])
    out = capsys.readouterr().out
    one, other = (split["fingerprint"] for split in splits)
    assert f"Split {one} and {other}, " in out or f"Split {other} and {one}, " in out
    assert f"The test part of split {splits[0]['published_fingerprint']} has had 2 looks." in out
    with pytest.raises(ValueError, match="have different baselines called most_popular"):  # of different train parts
        compare_runs([f"runs={runs}", "baseline=most_popular", "part=test"])
    with pytest.raises(ValueError, match="Runs on different splits cannot be compared"):
        compare_runs([f"runs={runs}", "baseline=most_popular", "part=validation"])


def left(folder: Path, model: str, split: Split, scorer: Scorer) -> None:
    """Write what a run of a model without seeds leaves of its test."""
    protocol = {"_target_": "ragx.evaluation.Protocol"}
    result = Protocol().test({"model": scorer}, split, reason="a test", on_open=lambda reason: None)["model"]
    record = {
        "name": model, "identity": model, "cell": model, "seed": 0, "fingerprint": split.fingerprint, "refit": False,
        "config": {"model": {"_target_": f"some.{model}"}, "evaluation": protocol},
    }  # fmt: skip
    metrics = {"validation": {}, "baseline": {}, "fit": {}, "split": {}, "evaluation": protocol}
    write_json(folder / model / "run.json", record)
    write_json(folder / model / "metrics.json", metrics)
    per_user_table(result, split.train.users).write_parquet(folder / model / "per_user_test.parquet")


def test_two_models_of_ml_100k_give_the_sentence(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Item neighbours against the most popular items: better by far, and four models in one table."""
    if not (real_data / "ml-100k").is_dir():
        pytest.skip("ml-100k is not among the data")
    written: Any = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / "dataset" / "ml-100k.yaml"))
    nodes = {"dataset": written, "split": {"_target_": "ragx.data.random_split"}}
    parts = bind(nodes, {"dataset": (), "split": ("dataset",)})
    dataset: Dataset = parts["dataset"].build()
    split: Split = parts["split"].build(dataset=dataset)
    history, train = item_lists(split.train), split.train
    held = torch.zeros(train.num_users, train.num_items)
    held[history.users, history.items] = 1
    norm = held.norm(dim=0).clamp(min=1)
    cosine = (held.T @ held / norm / norm[:, None]).fill_diagonal_(0)
    scorers = {"popular": MostPopular().fit(train), "neighbours": ItemSimilarity(history, cosine)}
    for name, power in (("sharp", 2), ("sharper", 4)):
        scorers[name] = ItemSimilarity(history, cosine**power)
    for name, scorer in scorers.items():
        left(tmp_path, name, split, scorer)
    compare_runs([f"runs={tmp_path}", f"baseline={tmp_path}/popular", f"output={tmp_path / 'table.csv'}"])
    out = capsys.readouterr().out
    assert "neighbours: better by " in out
    assert len(re.findall(r"p < \.001 over users after Holm over 3 comparisons; 1 seed; no p over seeds", out)) == 3
    assert f"Split {split.fingerprint}" in out
    assert pl.read_csv(tmp_path / "table.csv").height == 3
