"""Quality against the time of a fit, one point a model."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

APART = 0.035
"""Least distance of two labels, of the height of the picture."""


def draw(records: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the picture: a point a model, its label to the right, labels kept apart and joined to their points."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 5.5), layout="constrained")
    seconds = [max(float(record["fit_seconds"]), 0.01) for record in records]
    recall = [float(record["recall@20"]) for record in records]
    axes.scatter(seconds, recall, s=30, zorder=3)
    axes.set(xscale="log", xlabel="seconds of a fit", ylabel="Recall@20 on test", title=records[0]["dataset"])
    axes.set_xlim(min(seconds) / 2, max(seconds) * 60)
    axes.grid(alpha=0.3)
    low, high = axes.get_ylim()
    for number, height in enumerate(spread(recall, (high - low) * APART)):
        axes.annotate(
            str(records[number]["row"]),
            (seconds[number], recall[number]),
            (max(seconds) * 2.5, height),
            verticalalignment="center",
            arrowprops={"arrowstyle": "-", "color": "0.75", "linewidth": 0.7},
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def spread(heights: Sequence[float], apart: float) -> list[float]:
    """Return heights in the same order that are at least ``apart`` from each other, the lowest where it was."""
    placed = list(heights)
    order = sorted(range(len(placed)), key=placed.__getitem__)
    for below, above in itertools.pairwise(order):
        placed[above] = max(placed[above], placed[below] + apart)
    return placed
