"""The picture of what layers and heads do, against depth."""

import re
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ragx.files import write_atomically
from ragx.report.plots.curve import BLUE, ORANGE

NAME = re.compile(r"(\w+)/layer_(\d+)(?:/head_(\d+))?$")
TITLES = {
    "dirichlet_energy": "Dirichlet energy (0: neighbours agree)",
    "effective_rank": "effective rank",
    "attention_entropy": "attention entropy (1: looks at all alike)",
}


def plot_diagnostics(values: dict[str, float], title: str, path: Path) -> None:
    """Draw every measure against depth, a point for each layer or head.

    Args:
        values: measures by name, see ``ragx.evaluation.diagnostics``; other names are passed over.
        title: heading.
        path: file to write; its ending names the format.
    """
    points: dict[str, list[tuple[int, float]]] = {}
    for name, value in values.items():
        if (match := NAME.match(name)) and match[1] in TITLES:
            points.setdefault(match[1], []).append((int(match[2]), value))
    if not points:
        return
    figure = Figure(figsize=(3.4 * len(points) + 0.4, 3.2), layout="constrained")
    panels = figure.subplots(1, len(points), squeeze=False)[0]
    for panel, (measure, pairs) in zip(panels, points.items(), strict=True):
        _draw(panel, pairs, TITLES[measure])
    figure.suptitle(title, fontsize=10)
    write_atomically(path, lambda part: figure.savefig(part, dpi=150))


def _draw(axes: Axes, points: list[tuple[int, float]], label: str) -> None:
    by_depth: dict[int, list[float]] = {}
    for depth, value in points:
        by_depth.setdefault(depth, []).append(value)
    means = [sum(values) / len(values) for values in by_depth.values()]
    axes.plot(list(by_depth), means, color=BLUE, marker="o", markersize=4)
    if len(points) > len(by_depth):
        depths, values = zip(*points, strict=True)
        axes.scatter(depths, values, color=ORANGE, marker="x", s=24, zorder=3, label="each head")
        axes.legend(fontsize=8)
    axes.set(xlabel="layer", ylim=(0, None))
    axes.set_title(label, fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
