"""A tiny generated shop, its split and its graph, the folder of real data, and a reader of offline records."""

import json
import os
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ragx.data.dataset import Dataset
from ragx.data.shop import generated_shop
from ragx.data.split import Split
from ragx.data.splitters import time_split
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph


@pytest.fixture(scope="session")
def tiny_shop() -> Dataset:
    """Return a shop of 120 users and 60 items."""
    return generated_shop(num_users=120, num_items=60, num_days=60, events_per_user=12)


@pytest.fixture(scope="session")
def tiny_split(tiny_shop: Dataset) -> Split:
    """Return the tiny shop split by time."""
    return time_split(tiny_shop)


@pytest.fixture(scope="session")
def tiny_graph(tiny_split: Split) -> Graph:
    """Return the graph of the tiny shop's train part, with the symmetric norm."""
    return build_graph(tiny_split.train)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data sets, or skip."""
    folder = os.environ.get("RAGX_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("RAGX_DATA does not name a folder of real data")
    return Path(folder)


@dataclass
class OfflineRun:
    """What an offline run of Weights & Biases holds, read record by record."""

    id: str = ""
    group: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


@pytest.fixture(scope="session")
def offline_run() -> Callable[[Path], OfflineRun]:
    """Return a reader of the one offline run below a folder, which waits until the run is closed."""
    return _offline_run


def _offline_run(folder: Path) -> OfflineRun:
    deadline = time.monotonic() + 30
    while True:  # a process of its own closes the file
        files = list(folder.glob("wandb/offline-run-*/run-*.wandb"))
        if files or time.monotonic() > deadline:
            (file,) = files
            found = _read_offline(file.read_bytes())
            if found.exit_code is not None or time.monotonic() > deadline:
                return found
        time.sleep(0.05)


def _read_offline(content: bytes) -> OfflineRun:
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

    found = OfflineRun()
    for each in _records(content):
        record = Record.FromString(each)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            found.id, found.group, found.tags = record.run.run_id, record.run.run_group, list(record.run.tags)
            found.config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
        elif kind == "history":
            found.history.append(_items(record.history.item))
        elif kind == "summary":
            found.summary |= _items(record.summary.update)
        elif kind == "exit":
            found.exit_code = record.exit.exit_code
    return found


def _items(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def _records(content: bytes) -> Iterator[bytes]:
    """Give the records of a log in blocks of 32 KiB: whole (1), or first (2), middle (3) and last (4) parts."""
    block, place, parts = 32_768, 7, b""  # after the file's own header
    while place + 7 <= len(content):
        if block - place % block < 7:
            place += block - place % block
            continue
        _, size, kind = struct.unpack("<IHB", content[place : place + 7])
        parts += content[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):
            yield parts
            parts = b""
