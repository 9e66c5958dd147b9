"""A batch sampler of one's own: one file and one option."""

import json
from pathlib import Path
from typing import Any

import pytest

TINY = (
    "dataset.num_users=40",
    "dataset.num_items=30",
    "dataset.num_days=30",
    "model.hidden_dim=4",
    "trainer.max_epochs=2",
    "trainer.batch_size=200",
    "tracker=none",
    "runs=runs",
)
OWN = '''
"""Batches that hold the pairs of few users each."""

import torch

from ragx.data import PairBatches


class UserBatches(PairBatches):
    """Pairs in the order of their users, from a user on that every epoch draws anew."""

    def batch(self, epoch, step):
        shift = int(torch.randint(len(self.keys), (), generator=torch.Generator().manual_seed(self.seed + epoch)))
        self._order = epoch, torch.arange(len(self.keys)).roll(shift)
        return super().batch(epoch, step)


class Other:
    """No batches at all."""

    def __init__(self, train, batch_size, seed, negatives):
        self.train = train
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_batches.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))


def folder_of(out: str, tmp_path: Path) -> Path:
    (folder,) = (path.parent for path in (tmp_path / "runs").glob("*/run.json") if path.parent.name in out)
    return folder


def test_a_sampler_of_ones_own_trains_and_is_part_of_the_identity(command: Any, tmp_path: Path) -> None:
    usual = command("run", *TINY)
    own = command("run", *TINY, "sampler._target_=my_batches.UserBatches")
    assert (usual.status, own.status) == (0, 0), usual.err + own.err
    folders = [folder_of(ended.out, tmp_path) for ended in (usual, own)]
    records = [json.loads((folder / "run.json").read_text()) for folder in folders]
    assert records[0]["identity"] != records[1]["identity"]
    assert "my_batches" in records[1]["modules"]
    losses = [json.loads((folder / "train/curve.jsonl").read_text().splitlines()[0])["loss"] for folder in folders]
    assert losses[0] != losses[1]


def test_the_usual_sampler_written_out_or_left_out_of_a_record_is_no_other_run(command: Any, tmp_path: Path) -> None:
    assert command("run", *TINY).status == 0
    (path,) = (tmp_path / "runs").glob("*/run.json")
    record = json.loads(path.read_text())
    assert record["config"].pop("sampler") == {"_target_": "ragx.data.PairBatches"}
    path.write_text(json.dumps(record))
    rerun = command("run", *TINY)
    assert "This run is finished" in rerun.out
    ended = command("recommend", f"run={path.parent}", "users=all", "k=3")
    assert ended.status == 0, ended.err


def test_what_gives_no_batches_is_refused_by_name(command: Any) -> None:
    ended = command("run", *TINY, "sampler._target_=my_batches.Other")
    assert ended.status == 2
    assert "sampler._target_: my_batches.Other gives a Other, which has no __len__, batch" in ended.err
