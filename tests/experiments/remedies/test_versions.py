"""Advice about runs of an earlier version."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ragx.runner.commands.compare import compare_runs
from ragx.runner.commands.reproduce import reproduce

OLD = Path(__file__).parents[2] / "data" / "run_of_0_1_0"
SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
SHORT = "tracker=none trainer.max_epochs=1 model.hidden_dim=8 threads=1 evaluation.final=false"
CSV = "dataset=csv dataset.path=orders.csv dataset.columns.user=customer dataset.columns.item=sku"
Command = Callable[..., tuple[int, str, str]]
Follow = Callable[..., None]

REPRODUCE_ROWS = {"make a new run to have it on this one": f"{CSV} dataset.columns.time=ordered_at {SHORT}"}


@pytest.mark.parametrize("advice", REPRODUCE_ROWS)
def test_a_run_that_this_version_splits_otherwise(
    advice: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, follow: Follow
) -> None:
    shutil.copytree(OLD, tmp_path / "data")
    monkeypatch.setenv("RAGX_DATA", str(tmp_path / "data"))
    name = json.loads((OLD / "run" / "run.json").read_text())["name"]
    old = shutil.copytree(OLD / "run", tmp_path / "runs" / name)

    def make_new() -> None:
        assert command("run", *REPRODUCE_ROWS[advice].split(), "runs=new")[0] == 0
        (folder,) = (path.parent for path in tmp_path.glob("new/*/metrics.json"))
        reproduce([str(folder)])

    follow(advice, lambda: reproduce([str(old)]), make_new)


COMPARE_ROWS = {"in one order: …. Run them again": f"{SHOP} {SHORT}"}


@pytest.mark.parametrize("advice", COMPARE_ROWS)
def test_runs_that_kept_no_outside_ids(advice: str, command: Command, tmp_path: Path, follow: Follow) -> None:
    def make() -> None:
        for layers in (1, 2):
            words = (*COMPARE_ROWS[advice].split(), f"model.num_layers={layers}", "reuse=never")
            assert command("run", *words)[0] == 0

    def compare() -> None:
        compare_runs(["runs=[runs]", "baseline=most_popular", "part=validation"])

    make()
    for number, path in enumerate(tmp_path.glob("runs/*/run.json")):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"data": f"order-{number}"}))
        for table in path.parent.glob("per_user*.parquet"):
            pl.read_parquet(table).drop("id").write_parquet(table)
    follow(advice, compare, make, compare)
