"""The picture of how the best configurations learned."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ragx.report.plots.style import COLOURS, LINES, MARKERS, legend_below, new_figure, visible
from ragx.runs.layout import TRAIN
from ragx.runs.sweeps.results import Configuration, SweepResults
from ragx.runs.sweeps.spread import Spread, interval_for, interval_label, spread
from ragx.training.layout import CURVE
from ragx.training.trackers import JsonLines

SHOWN = 5


def curve_of(configuration: Configuration) -> dict[int, Spread]:
    """Return mean and spread of the metric for every epoch that all seeds of a configuration were validated at.

    Beyond the epoch at which the first seed stopped, a mean would be one over other seeds than before.
    """
    monitor = configuration.metric.partition("/")[2]
    seeds = []
    for run in configuration.done:
        records = JsonLines.read(Path(run.result["folder"]) / TRAIN / CURVE)
        points = {record["epoch"]: record.get(monitor) for record in records if "epoch" in record}
        seeds.append({epoch: value for epoch, value in points.items() if value is not None and math.isfinite(value)})
    seeds = [points for points in seeds if points]
    shared = set.intersection(*map(set, seeds)) if seeds else set()
    return {epoch: spread(points[epoch] for points in seeds) for epoch in sorted(shared)}


def plot_learning(results: SweepResults, among: Sequence[Configuration]) -> Figure | None:
    """Draw the metric against epochs for the best configurations; None where no run kept its curve.

    Args:
        results: the sweep.
        among: judged configurations on the same data, the best first.
    """
    curves = [(configuration, curve) for configuration in among[:SHOWN] if (curve := curve_of(configuration))]
    if not curves:
        return None
    figure, panel = new_figure()
    axes = results.varied(among)
    spreads = [point for _, curve in curves for point in curve.values()]
    interval = interval_for(spreads)
    for index, (configuration, curve) in enumerate(curves):
        epochs, means = list(curve), np.array([point.mean for point in curve.values()])
        sides = np.array([point.half_width(interval) for point in curve.values()])
        panel.plot(
            epochs, means, color=COLOURS[index], linestyle=LINES[index], marker=MARKERS[index], markersize=3.5,
            markevery=(min(index, len(epochs) - 1), max(len(epochs) // 8, 1)), label=visible(configuration.label(axes)),
        )  # fmt: skip
        if interval != "none":
            panel.fill_between(epochs, means - sides, means + sides, color=COLOURS[index], alpha=0.12, linewidth=0)
    panel.set(xlabel="epoch", ylabel=results.axis_label)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(figure, panel, title=f"mean; {interval_label(interval, spreads)}")
    return figure
