"""What a tracker is told of a sweep: every cell as a run, and the means over seeds."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragx.runs.files import read_run
from ragx.runs.sweeps.record import SweepRecord

ROOT = Path(__file__).parents[2]
TINY = ("dataset.num_users=120", "dataset.num_items=60", "dataset.num_days=60", "trainer.max_epochs=2")


def test_parallel_offline_runs_keep_config_and_summary_and_their_means_are_a_table(
    tmp_path: Path, offline_run: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "")
    for name in [name for name in os.environ if "WANDB_SERVICE" in name]:
        monkeypatch.delenv(name)  # a service that an earlier test of this process began is not that of the sweep
    monkeypatch.chdir(tmp_path)
    workers = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "model.num_layers=0,1", "seeds=2")
    command = [sys.executable, str(ROOT / "experiments" / "run.py"), "-m", "sweep.name=mine", *TINY, *workers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout
    record = SweepRecord(tmp_path / "runs" / "sweeps" / "mine")
    means: dict[tuple[str, str], list[float]] = {}
    for cell in record.cells():
        assert cell.folder is not None
        run, result = read_run(cell.folder)
        tracked = offline_run(cell.folder)
        assert (tracked.id, tracked.tags, tracked.exit_code) == (run["identity"], ["mine"], 0)
        assert tracked.group == run["cell"] and tracked.config["seed"] == cell.planned.seed
        assert tracked.config["config"]["model"]["num_layers"] == run["config"]["model"]["num_layers"]
        assert tracked.summary["validation/ndcg@20"] == pytest.approx(result["validation"]["ndcg@20"])
        assert len(tracked.history) == 2
        key = f"model.num_layers={run['config']['model']['num_layers']}"
        means.setdefault((key, "ndcg@20"), []).append(result["validation"]["ndcg@20"])
    (table,) = record.folder.glob("wandb/offline-run-*/files/media/table/*.json")
    rows = {(row[0], row[2]): row for row in json.loads(table.read_text())["data"]}
    for labels, values in means.items():
        assert rows[labels][1] == 2
        assert rows[labels][3:] == pytest.approx([statistics.fmean(values), statistics.stdev(values)])
