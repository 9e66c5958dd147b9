"""Checkpoints: whole or not at all, of one run, and of nothing but tensors and plain values."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from ragx.files import write_atomically
from ragx.training.checkpoint import load_checkpoint, save_checkpoint

STATE: dict[str, Any] = {
    "identity": "one",
    "model": {"weight": torch.arange(3.0)},
    "progress": {"epoch": 2, "loss": None},
}


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "last.pt"
    save_checkpoint(path, STATE)
    state = load_checkpoint(path, "one")
    assert torch.equal(state["model"]["weight"], torch.arange(3.0))
    assert state["progress"] == {"epoch": 2, "loss": None}
    assert [file.name for file in path.parent.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("error", [OSError("no space left on device"), RuntimeError("PytorchStreamWriter failed")])
def test_a_write_that_fails_keeps_the_old_and_leaves_no_litter(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, STATE)

    def torn(value: Any, file: Path) -> None:
        file.write_bytes(b"half a checkpoint")
        raise error

    monkeypatch.setattr(torch, "save", torn)
    with pytest.raises(ValueError, match=rf"last\.pt: the checkpoint could not be written \({error}\); an earlier"):
        save_checkpoint(path, {**STATE, "identity": "two"})
    assert load_checkpoint(path)["identity"] == "one"
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


def test_an_interrupted_write_keeps_the_old(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def interrupted(temporary: Path) -> None:
        temporary.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, interrupted)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 half a zip"])
def test_a_corrupted_file_says_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"last\.pt: not a readable ragx checkpoint \(\w+\); delete it to start anew"):
        load_checkpoint(path)


def test_a_truncated_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, STATE)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="not a readable ragx checkpoint"):
        load_checkpoint(path)


class Trap:
    """Unpickling it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_foreign_pickles_are_not_run(tmp_path: Path) -> None:
    for name, save in (
        ("torch.pt", torch.save),
        ("plain.pt", lambda value, path: path.write_bytes(pickle.dumps(value))),
    ):
        save({"format": 1, "model": Trap(tmp_path / "sprung")}, tmp_path / name)
        with pytest.raises(ValueError, match="not a readable ragx checkpoint"):
            load_checkpoint(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("value", [{"format": 99}, {"model": 1}, [1, 2]])
def test_another_format_is_refused(value: Any, tmp_path: Path) -> None:
    torch.save(value, tmp_path / "last.pt")
    with pytest.raises(ValueError, match=r"expected a ragx checkpoint of format 1; delete it to start anew"):
        load_checkpoint(tmp_path / "last.pt")


def test_another_identity_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "last.pt", STATE)
    with pytest.raises(ValueError, match=r"is of run 'one', not of 'two': another model, split or setting"):
        load_checkpoint(tmp_path / "last.pt", "two")
    with pytest.raises(ValueError, match=r"best\.pt: expected a checkpoint, found none"):
        load_checkpoint(tmp_path / "best.pt")
