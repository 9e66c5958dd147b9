"""Checkpoints when the disk is full or a writer dies: the earlier one stays and nothing half-written is left."""

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ragx.runs.files import write_json
from ragx.training.checkpoint import load_checkpoint, save_checkpoint

KEPT = torch.arange(4.0)
SMALL, LARGE = {"identity": "a", "x": KEPT}, {"identity": "a", "x": torch.zeros(200_000)}


@pytest.fixture
def file_limit() -> Iterator[None]:
    """Let the kernel refuse whatever a file would hold beyond 100 kB, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 200 kB, or skip where none can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a file system, where it is allowed at all")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def _assert_the_earlier_one_is_kept(folder: Path) -> None:
    path = folder / "last.pt"
    save_checkpoint(path, SMALL)
    with pytest.raises(ValueError, match=r"last\.pt: the checkpoint could not be written .*an earlier one is kept"):
        save_checkpoint(path, LARGE)
    assert torch.equal(load_checkpoint(path, "a")["x"], KEPT)
    assert [file.name for file in folder.iterdir()] == ["last.pt"]


@pytest.mark.usefixtures("file_limit")
def test_a_refused_write_keeps_the_earlier_checkpoint(tmp_path: Path) -> None:
    _assert_the_earlier_one_is_kept(tmp_path)


def test_a_full_disk_keeps_the_earlier_checkpoint(tiny_disk: Path) -> None:
    _assert_the_earlier_one_is_kept(tiny_disk)


def test_a_failure_half_way_keeps_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, SMALL)

    def fail(state: object, target: Path) -> None:
        target.write_bytes(b"PK half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(ValueError, match=r"could not be written .*No space left on device"):
        save_checkpoint(path, LARGE)
    assert torch.equal(load_checkpoint(path, "a")["x"], KEPT)
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


def test_a_failure_to_sync_keeps_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, SMALL)

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ValueError, match=r"could not be written .*Input/output error"):
        save_checkpoint(path, LARGE)
    assert torch.equal(load_checkpoint(path, "a")["x"], KEPT)


@pytest.mark.usefixtures("file_limit")
def test_a_refused_write_keeps_the_earlier_json(tmp_path: Path) -> None:
    write_json(tmp_path / "metrics.json", {"a": 1})
    before = (tmp_path / "metrics.json").read_text()
    with pytest.raises(ValueError, match=r"metrics\.json: the file could not be written .*an earlier one is kept"):
        write_json(tmp_path / "metrics.json", ["x" * 200_000])
    assert (tmp_path / "metrics.json").read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.json"]
