"""Sweeps made up by hand: the folders that real ones leave, with values that a test chooses."""

import functools
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ragx.report.sweep_record import PlannedCell, SweepRecord

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
