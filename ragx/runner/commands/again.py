"""A run once more, from the record it left: opened on test, or reproduced."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ragx.runs.files import read_run
from ragx.training.checkpoint import load_checkpoint

COMPARED = ("validation", "test", "baseline", "best_achievable")
"""What two runs of one identity have to agree in; times and where they were cut off may differ."""


def config_of(folder: Path, *, final: bool, refit: bool | None = None, reuse: str = "same") -> dict[str, Any]:
    """Return the config that a finished run was made with.

    Args:
        folder: the run.
        final: whether the test part is opened.
        refit: whether the model is trained anew on train + validation; as it was by default.
        reuse: see ``conf/run.yaml``.

    Raises:
        ValueError: the folder holds no finished run.
    """
    record, _ = read_run(folder)
    config: dict[str, Any] = json.loads(json.dumps(record["config"]))
    config["model"]["features"] = record.get("features", False)
    config.setdefault("evaluation", {})["final"] = final
    config.setdefault("trainer", {})["refit"] = record["refit"] if refit is None else refit
    settings = {"seed": record["seed"], "target_kind": record.get("target_kind"), "runs": str(folder.parent)}
    settings["name"] = record.get("given_name")
    threads = record.get("provenance", {}).get("machine", {}).get("threads", record.get("threads"))
    settings |= {"threads": threads, "reuse": reuse, "resume": "same", "sweep": {"name": record.get("sweep")}}
    return config | settings


class Difference(NamedTuple):
    """How far two runs are from each other.

    Args:
        weights: largest difference of a weight; infinite where shapes, names or the ids of rows differ.
        metric: largest difference of a metric.
        where: name of that metric.
    """

    weights: float
    metric: float
    where: str

    @property
    def is_none(self) -> bool:
        """Whether weights and metrics are equal to the bit."""
        return self.weights == 0 and self.metric == 0


def difference(one: Path, other: Path) -> Difference:
    """Return how far the weights and metrics of two finished runs are from each other.

    Raises:
        ValueError: a folder holds no finished run.
    """
    states = [load_checkpoint(folder / "model.pt") for folder in (one, other)]
    same_rows = all(states[0].get(side) == states[1].get(side) for side in ("users", "items"))
    numbers = [dict(_numbers(read_run(folder)[1])) for folder in (one, other)]
    metric, where = 0.0, ""
    for name in numbers[0].keys() | numbers[1].keys():
        here, there = (found.get(name) for found in numbers)
        gap = float("inf") if here is None or there is None else abs(here - there)
        if gap > metric:
            metric, where = gap, name
    weights = _largest(*(state["model"] for state in states)) if same_rows else float("inf")
    return Difference(weights, metric, where)


def _largest(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    if one.keys() != other.keys() or any(one[name].shape != other[name].shape for name in one):
        return float("inf")
    gaps = [0.0, *(float((one[name].double() - other[name].double()).abs().max()) for name in one if one[name].numel())]
    return max(gaps)


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if path or name in COMPARED:
                yield from _numbers(each, f"{path}/{name}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path.removeprefix("/"), float(value)
