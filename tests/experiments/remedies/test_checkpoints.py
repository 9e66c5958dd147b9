"""Advice about checkpoints, downloads, trackers and triples."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from download import fetch_all
from torch import nn

from ragx.data.catalogue import root
from ragx.data.catalogue.entry import CatalogueFile
from ragx.data.catalogue.root import find_file
from ragx.data.readers.lines import read_lines
from ragx.data.readers.table import table_file
from ragx.training.keeper import Keeper
from ragx.training.state import Progress
from ragx.training.wandb_tracker import WandbTracker

CONTENT = b"0 1 2\n1 2\n"
STATE = {"format": 99}
Spoil = Callable[[Path], object]


def resume(folder: Path, model: nn.Module | None = None) -> Progress:
    model = model or nn.Linear(2, 1)
    return Keeper(folder, "one").resume(model, torch.optim.Adam(model.parameters()))


def saved(folder: Path) -> None:
    """Save a training of another shape than the one that is taken up."""
    model = nn.Linear(3, 1)
    Keeper(folder, "one").save(model, torch.optim.Adam(model.parameters()), Progress(steps=1))


def another_best(folder: Path) -> None:
    """Leave the best model of another epoch than the progress says."""
    model = nn.Linear(2, 1)
    Keeper(folder, "one").keep_best(model, Progress(best_epoch=2, best_value=0.5))


def best(folder: Path) -> object:
    return Keeper(folder, "one").best(nn.Linear(2, 1), Progress(best_epoch=3, best_value=0.6))


CHECKPOINT_ROWS: dict[str, tuple[Spoil, Callable[[Path], object]]] = {
    "not a readable ragx checkpoint (…); delete it to start anew": (
        lambda folder: (folder / "last.pt").write_bytes(b"half"),
        resume,
    ),
    "expected a ragx checkpoint of format …; delete it to start anew": (
        lambda folder: torch.save(STATE, folder / "last.pt"),
        resume,
    ),
    "the checkpoint does not fit the run (…); delete it to start anew": (saved, resume),
}


@pytest.mark.parametrize("advice", CHECKPOINT_ROWS)
def test_a_training_begins_anew_once_its_checkpoint_is_deleted(
    advice: str, tmp_path: Path, follow: Callable[..., None]
) -> None:
    spoil, call = CHECKPOINT_ROWS[advice]
    spoil(tmp_path)

    def delete() -> None:
        (tmp_path / "last.pt").unlink()
        assert call(tmp_path) == Progress()

    follow(advice, lambda: call(tmp_path), delete)


FOLDER_ROWS = {"kept before this training was taken up; delete … to start anew": another_best}


@pytest.mark.parametrize("advice", FOLDER_ROWS)
def test_a_training_begins_anew_once_its_folder_is_deleted(
    advice: str, tmp_path: Path, follow: Callable[..., None]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    FOLDER_ROWS[advice](folder)

    def delete() -> None:
        shutil.rmtree(folder)
        folder.mkdir()
        assert resume(folder) == Progress()

    follow(advice, lambda: best(folder), delete)


DOWNLOAD_ROWS = {
    "Fetch it elsewhere and put it at …": "http://127.0.0.1:9/x",
    "Put it there, or set dataset.root or RAGX_DATA": None,
}


@pytest.mark.parametrize("advice", DOWNLOAD_ROWS)
def test_a_file_is_found_where_its_message_has_it_put(
    advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, follow: Callable[..., None]
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = CatalogueFile(
        path="mine/train.txt",
        sha256=digest,
        content_sha256=digest,
        size=10,
        url=DOWNLOAD_ROWS[advice],
        source="a shop.",
    )
    monkeypatch.setattr(root, "catalogued", lambda name: file)
    monkeypatch.setattr(root, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(root, "data_folders", lambda given=None: [tmp_path / "cache"])

    def put() -> None:
        target = tmp_path / "cache" / "mine" / "train.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(CONTENT)
        find_file("mine/train.txt")

    follow(advice, lambda: find_file("mine/train.txt"), put)


CACHE_ROWS = {
    "`python scripts/download.py` fetches it into the cache folder, where dataset.root=null looks": "mine/train.txt"
}


@pytest.mark.parametrize("advice", CACHE_ROWS)
def test_a_file_is_fetched_for_who_looks_elsewhere(
    advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, follow: Callable[..., None]
) -> None:
    name, cache, digest = CACHE_ROWS[advice], tmp_path / "cache", hashlib.sha256(CONTENT).hexdigest()
    file = CatalogueFile(path=name, sha256=digest, content_sha256=digest, size=10, url="http://x/y", source="a shop.")

    def fetch(file: CatalogueFile, folder: Path) -> Path:
        (folder / file.path).parent.mkdir(parents=True)
        (folder / file.path).write_bytes(CONTENT)
        return folder / file.path

    monkeypatch.setattr(root, "catalogued", lambda name: file)
    monkeypatch.setattr(root, "cache_folder", lambda: cache)
    monkeypatch.setattr(root, "fetch", fetch)
    monkeypatch.delenv("RAGX_DATA", raising=False)

    def look() -> None:
        assert fetch_all([SimpleNamespace(name="mine", files=[file])]) == 0  # type: ignore[list-item]
        find_file(name)
        find_file(name, cache)

    follow(advice, lambda: find_file(name, tmp_path / "elsewhere"), look)


WORD_ROWS = {"Read it as such: dataset=csv dataset.path=…": "triples.txt"}


@pytest.mark.parametrize("advice", WORD_ROWS)
def test_triples_are_read_as_events(advice: str, tmp_path: Path, follow: Callable[..., None]) -> None:
    path = tmp_path / WORD_ROWS[advice]
    path.write_text("".join(f"{row % 20} {row % 37} 1\n" for row in range(160)))
    columns = {"user": "1", "item": "2", "value": "3"}
    follow(
        advice,
        lambda: read_lines(path),
        lambda: table_file(path=str(path), separator=" ", header=False, columns=columns),
    )


TRACKER_ROWS = {"tracker.mode=offline needs no account": "offline"}


@pytest.mark.parametrize("advice", TRACKER_ROWS)
def test_a_tracker_without_an_account(
    advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, follow: Callable[..., None]
) -> None:
    wandb = pytest.importorskip("wandb")
    begin = wandb.init

    def without_account(**options: object) -> object:
        if options["mode"] == "online":
            raise wandb.Error("no API key")
        return begin(**options)

    monkeypatch.setattr(wandb, "init", without_account)

    def track(mode: str) -> None:
        tracker = WandbTracker(mode=mode)
        tracker.start(tmp_path, {"name": "run", "config": {}, "identity": "one"}, [])
        tracker.finish({})

    follow(advice, lambda: track("online"), lambda: track(TRACKER_ROWS[advice]))
