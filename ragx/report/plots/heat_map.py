"""The picture of quality against two swept options at once."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ragx.metrics.direction import direction, larger_is_better
from ragx.report.plots.style import COLUMN, shortened, show_values
from ragx.runs.sweeps.results import Configuration, SweepResults, are_numbers

MOST_STEPS, SMALLEST_LETTERS = 16, 4.5
POINTS_PER_INCH, LETTER_WIDTH, WIDTH_OF_FIELDS = 72, 0.62, 2.0


def plot_heat_map(results: SweepResults, axes: tuple[str, str], among: Sequence[Configuration]) -> Figure:
    """Draw the metric for every pair of values, the other options at their best; the best pair has a frame.

    Args:
        results: the sweep.
        axes: short names of both options; the one with more values runs to the right.
        among: judged configurations on the same data.
    """
    values = {axis: results.values(axis, among) for axis in axes}
    right, up = sorted(axes, key=lambda axis: -len(values[axis]))
    better = np.nanmax if larger_is_better(results.known) else np.nanmin
    grid = np.full((len(values[up]), len(values[right])), math.nan)
    for configuration in among:
        cell = values[up].index(configuration.options[up]), values[right].index(configuration.options[right])
        grid[cell] = better([grid[cell], configuration.quality.mean])
    figure = Figure(figsize=(COLUMN, max(1.9, 0.95 + 0.36 * len(values[up]))), layout="constrained")
    panel = figure.subplots()
    panel.set_facecolor("white")
    colours = panel.pcolormesh(np.ma.masked_invalid(grid), cmap="cividis", edgecolors="white", linewidth=0.8)
    figure.colorbar(colours, ax=panel, pad=0.02)
    panel.set_title(results.axis_label, fontsize=8, loc="left")
    show_values(figure, panel, values[right], [step + 0.5 for step in range(len(values[right]))], room=0.65)
    panel.set_yticks([step + 0.5 for step in range(len(values[up]))], [shortened(value, 16) for value in values[up]])
    panel.tick_params(length=0)
    if not are_numbers(values[up]):
        panel.invert_yaxis()
    panel.set(xlabel=right, ylabel=up)
    _write_values(panel, grid)
    row, column = np.unravel_index(np.nanargmax(direction(results.known) * grid), grid.shape)
    panel.add_patch(
        Rectangle((float(column), float(row)), 1, 1, fill=False, edgecolor="black", linewidth=1.8, zorder=3)
    )
    return figure


def _write_values(panel: Axes, grid: "np.ndarray") -> None:
    """Write the numbers into their fields, in letters that fit, or leave them to the colours where none do."""
    low, high = float(np.nanmin(grid)), float(np.nanmax(grid))
    digits = 3 if high - low > 0.02 else 4
    field = WIDTH_OF_FIELDS * POINTS_PER_INCH / grid.shape[1]
    size = min(7.0, 0.92 * field / (LETTER_WIDTH * (digits + 2)))
    for (row, column), value in np.ndenumerate(grid):
        middle = column + 0.5, row + 0.5
        if math.isnan(value):
            panel.add_patch(
                Rectangle(
                    (column, row), 1, 1, facecolor="none", edgecolor="#BBBBBB", hatch="////", linewidth=0, zorder=0
                )
            )
        elif size >= SMALLEST_LETTERS:
            bright = (value - low) > 0.55 * (high - low)
            colour = "black" if bright and high > low else "white"
            panel.text(*middle, f"{value:.{digits}f}", ha="center", va="center", fontsize=size, color=colour)
