"""Weights & Biases, offline."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragx.training.wandb_tracker import WandbTracker

RUN = {"identity": "abc123", "name": "shop-model-abc123", "cell": "cell-1", "seed": 0, "config": {"lr": 0.1}}


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("WANDB_API_KEY", "")
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    yield


def records(folder: Path, last: bytes) -> bytes:
    """Return what was written, up to the word that is written last: the file is closed by a process of its own."""
    (file,) = folder.glob("wandb/offline-run-*/run-abc123.wandb")
    deadline = time.monotonic() + 20
    while last not in file.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    return file.read_bytes()


def test_a_run_is_written_without_a_network(tmp_path: Path) -> None:
    tracker = WandbTracker(project="mine", tags=["a-tag"])
    tracker.start(tmp_path / "run", RUN, [])
    tracker.log({"loss": 0.5, "ndcg@20": 0.25}, 1)
    tracker.finish({"test/ndcg@20": 0.3})
    text = records(tmp_path / "run", b"test/ndcg@20")
    for word in (b"shop-model-abc123", b"mine", b"a-tag", b"cell-1", b"ndcg@20", b"test/ndcg@20"):
        assert word in text, word


def test_a_run_that_is_taken_up_writes_its_history_anew(tmp_path: Path) -> None:
    first = WandbTracker()
    first.start(tmp_path, RUN, [])
    first.log({"loss": 0.5, "only_before": 1.0}, 1)
    first.finish({}, failed=True)
    second = WandbTracker()
    second.start(tmp_path, RUN, [{"epoch": 1, "loss": 0.5, "from_history": 2.0}])
    second.log({"loss": 0.4}, 2)
    second.finish({"the_end": 1.0})
    text = records(tmp_path, b"the_end")
    assert b"from_history" in text
    assert b"only_before" not in text


def test_finish_without_start_does_nothing() -> None:
    WandbTracker().finish({}, failed=True)


def test_disabled_writes_nothing(tmp_path: Path) -> None:
    tracker = WandbTracker(mode="disabled")
    tracker.start(tmp_path / "run", RUN, [])
    tracker.log({"loss": 0.5}, 1)
    tracker.finish({})
    assert not list(tmp_path.glob("run/**/*.wandb"))


def test_a_bad_mode_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"tracker\.mode: expected one of offline, online, disabled; got 'ofline'"):
        WandbTracker(mode="ofline")
