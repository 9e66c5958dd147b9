"""Pictures of quality against what it costs: training time and peak memory."""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ragx.metrics.direction import direction
from ragx.report.plots.axes import importance
from ragx.report.plots.style import (
    COLOURS,
    GREY,
    MARKERS,
    columns_for,
    legend_below,
    new_figure,
    use_log_scale,
    visible,
)
from ragx.runs.sweeps.results import Configuration, SweepResults
from ragx.runs.sweeps.spread import interval_for, interval_label

Cost = Literal["training_seconds", "peak_memory_mb"]
NAMES: dict[Cost, str] = {"training_seconds": "training time", "peak_memory_mb": "peak memory of the process"}
UNITS: dict[Cost, tuple[tuple[float, str], ...]] = {
    "training_seconds": ((3600, "h"), (60, "min"), (1, "s")),
    "peak_memory_mb": ((1024, "GB"), (1, "MB")),
}
MOST_BARS = 40
FRONT = {
    **{"drawstyle": "steps-post", "color": GREY, "linestyle": "--", "linewidth": 0.9},
    **{"marker": "o", "markersize": 8, "fillstyle": "none", "markeredgewidth": 0.9},
}


def plot_cost(results: SweepResults, cost: Cost, among: Sequence[Configuration]) -> Figure | None:
    """Draw the metric against a cost, a point for each configuration, and which of them none beats at both.

    Args:
        results: the sweep.
        cost: the column of the results table.
        among: judged configurations on the same data.
    """
    priced = [configuration for configuration in among if configuration.spread(cost).count]
    if len(priced) < 2:
        return None
    costs = [configuration.spread(cost) for configuration in priced]
    middle = float(np.median([point.mean for point in costs]))
    factor, unit = next((pair for pair in UNITS[cost] if middle >= 2 * pair[0]), UNITS[cost][-1])
    x = [point.mean / factor for point in costs]
    y = [configuration.quality.mean for configuration in priced]
    figure, panel = new_figure()
    front = frontier(x, [direction(results.known) * value for value in y])
    panel.plot([x[index] for index in front], [y[index] for index in front], **FRONT, zorder=1)  # type: ignore[arg-type]
    columns = _draw_points(panel, results, priced, x, y)
    spreads = [configuration.quality for configuration in priced]
    shown = interval_label("none" if interval_for(spreads) == "none" else "std", spreads)
    if len(priced) > MOST_BARS:
        shown = "means over seeds"
    elif interval_for(spreads) != "none":
        up, aside = [point.std for point in spreads], [point.std / factor for point in costs]
        panel.errorbar(x, y, up, aside, fmt="none", ecolor=GREY, elinewidth=0.5, capsize=1.5, alpha=0.7, zorder=1)
    panel.set(xlabel=f"{NAMES[cost]} ({unit})", ylabel=results.axis_label)
    if min(x) > 0 and max(x) / min(x) >= 10:
        use_log_scale(panel)
    legend_below(figure, panel, columns, f"dashed, ringed: none is both better and cheaper; {shown}")
    return figure


def frontier(costs: Sequence[float], qualities: Sequence[float]) -> list[int]:
    """Return the indices of those that none beats at both, the cheapest first; more quality is better."""
    order = sorted(range(len(costs)), key=lambda index: (costs[index], -qualities[index]))
    best, kept = -math.inf, []
    for index in order:
        if qualities[index] > best:
            kept.append(index)
            best = qualities[index]
    return kept


def _draw_points(
    panel: Axes, results: SweepResults, among: Sequence[Configuration], x: Sequence[float], y: Sequence[float]
) -> int:
    """Draw the points, by the option that matters most where its values can be told apart; return legend columns."""
    telling = [axis for axis in results.varied(among) if len(results.values(axis, among)) <= len(COLOURS)]
    if not telling:
        panel.scatter(x, y, s=16, color=COLOURS[0], label="each configuration")
        return 1
    axis = max(telling, key=lambda name: importance(name, among))
    values = results.values(axis, among)
    for index, value in enumerate(values):
        chosen = [step for step, configuration in enumerate(among) if configuration.options[axis] == value]
        panel.scatter(
            [x[step] for step in chosen], [y[step] for step in chosen], s=20, color=COLOURS[index],
            marker=MARKERS[index], edgecolors="white", linewidths=0.4, label=visible(f"{axis}={value}"), zorder=3,
        )  # fmt: skip
    return columns_for([f"{axis}={value}" for value in values])
