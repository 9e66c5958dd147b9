"""A tiny generated shop with its split and graph, real data, a reader of offline records, and made-up sweeps."""

import functools
import itertools
import json
import os
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ragx.data.dataset import Dataset
from ragx.data.generated.shop import generated_shop
from ragx.data.split import Split
from ragx.data.splits.splitters import time_split
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph
from ragx.runs.sweeps.record import PlannedCell, SweepRecord


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
            run = _read_offline(file.read_bytes())
            if run.exit_code is not None or time.monotonic() > deadline:
                return run
        time.sleep(0.05)


def _read_offline(content: bytes) -> OfflineRun:
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

    run = OfflineRun()
    for serialized in _records(content):
        record = Record.FromString(serialized)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run.id, run.group, run.tags = record.run.run_id, record.run.run_group, list(record.run.tags)
            run.config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
        elif kind == "history":
            run.history.append(_items(record.history.item))
        elif kind == "summary":
            run.summary |= _items(record.summary.update)
        elif kind == "exit":
            run.exit_code = record.exit.exit_code
    return run


def _items(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def _records(content: bytes) -> Iterator[bytes]:
    """Give the records of a log in blocks of 32 KiB: whole (1), or first (2), middle (3) and last (4) parts."""
    block, position, parts = 32_768, 7, b""  # after the file's own header
    while position + 7 <= len(content):
        if block - position % block < 7:
            position += block - position % block
            continue
        _, size, kind = struct.unpack("<IHB", content[position : position + 7])
        parts += content[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):
            yield parts
            parts = b""


Quality = Callable[[Mapping[str, str], int], Any]
MakeSweep = Callable[..., SweepRecord]


def _write_run(folder: Path, name: str, options: Mapping[str, str], seed: int, value: float, dataset: str) -> None:
    parts: dict[str, Any] = {"model": {"_target_": "somewhere.Model"}, "evaluation": {"conventions": "lightgcn"}}
    for option, chosen in options.items():
        part, _, leaf = option.partition(".")
        parts.setdefault(part, {})[leaf or "_target_"] = chosen
    record = {
        **{"name": name, "identity": name, "cell": f"cell of {name}", "source": "abc123", "data": "d0", "refit": False},
        **{"fingerprint": f"split of {dataset}", "seed": seed, "dataset": dataset, "sweep": "made-up", "config": parts},
        "provenance": {
            "git": {"commit": "0123abcd", "dirty": False},
            "versions": {"python": "3.11.7", "torch": "2.13.0"},
            "machine": {"system": "Linux", "threads": 1},
        },
    }
    cost = 2.0 + seed + 3 * len(str(options))
    fit = {"epochs": 6, "best_epoch": 5, "best": {"ndcg@20": value}, "seconds": cost}
    metrics = {
        **{"identity": name, "source": "abc123", "monitor": "ndcg@20", "fit": fit, "baseline": {}},
        **{"validation": {"ndcg@20": value, "recall@20": 2 * value}, "evaluation": {"conventions": "lightgcn"}},
        **{"split": {"name": "time", "fingerprint": f"split of {dataset}"}, "seconds": cost + 1},
        "peak_memory_mb": round(500 + cost),
    }
    (folder / "train").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "metrics.json").write_text(json.dumps(metrics))
    points = [{"epoch": epoch, "loss": 1 / epoch, "ndcg@20": value * (1 - 0.5**epoch)} for epoch in range(1, 7)]
    (folder / "train" / "curve.jsonl").write_text("".join(json.dumps(point) + "\n" for point in points))


def _make(
    runs: Path,
    axes: Mapping[str, Sequence[str]],
    quality: Quality,
    seeds: Sequence[int] = (0, 1, 2),
    dataset: str = "shop",
    dropped: Sequence[dict[str, str]] = (),
    name: str = "made-up",
) -> SweepRecord:
    """Write a sweep and its runs.

    Args:
        runs: where.
        axes: options and their values.
        quality: the value of a run by its options and seed; a text is the error that it fails with, None leaves it
            waiting.
        seeds: of every configuration.
        dataset: name of the data; an option ``dataset`` counts before it.
        dropped: combinations that were left out.
        name: of the sweep.
    """
    record = SweepRecord(runs / "sweeps" / name)
    grid = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    pairs = [(options, seed) for options in grid for seed in seeds]
    cells = [
        PlannedCell((*(f"{key}={value}" for key, value in options.items()), f"seed={seed}"), seed)
        for options, seed in pairs
    ]
    varied = [axis for axis, values in axes.items() if len(values) > 1]
    record.plan(cells, dropped, name=name, axes=varied, rows=[], seeds=list(seeds), budget={"": len(grid)})
    record.event("", "launched", argv="experiments/run.py -m sweep=made-up")
    for number, ((options, seed), cell) in enumerate(zip(pairs, cells, strict=True)):
        value = quality(options, seed)
        folder = runs / f"run-{name}-{number:04d}"
        if isinstance(value, str):
            record.event(cell.key, "failed", error=value, folder=str(folder))
        elif value is not None:
            _write_run(folder, folder.name, options, seed, float(value), options.get("dataset", dataset))
            record.event(cell.key, "started", folder=str(folder))
            record.event(cell.key, "done", how="run", folder=str(folder), value=float(value), seconds=3.0)
    return record


@pytest.fixture
def make_sweep(tmp_path: Path) -> MakeSweep:
    """Return a function that writes a sweep below ``tmp_path / "runs"``, and its runs."""
    return functools.partial(_make, tmp_path / "runs")
