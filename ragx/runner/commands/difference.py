"""How far the weights and metrics of two finished runs are from each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ragx.runs.files import read_run
from ragx.runs.layout import WEIGHTS
from ragx.training.checkpoint import load_checkpoint

COMPARED = ("validation", "test", "baseline", "best_achievable")
"""What two runs of one identity have to agree in; times and where they were cut off may differ."""


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
    states = [load_checkpoint(folder / WEIGHTS) for folder in (one, other)]
    same_rows = all(states[0].get(side) == states[1].get(side) for side in ("users", "items"))
    numbers = [dict(_numbers(read_run(folder)[1])) for folder in (one, other)]
    metric, where = 0.0, ""
    for name in numbers[0].keys() | numbers[1].keys():
        ours, theirs = (of_run.get(name) for of_run in numbers)
        gap = float("inf") if ours is None or theirs is None else abs(ours - theirs)
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
        for name, entry in value.items():
            if path or name in COMPARED:
                yield from _numbers(entry, f"{path}/{name}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path.removeprefix("/"), float(value)
