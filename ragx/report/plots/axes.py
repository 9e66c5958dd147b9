"""Pictures of quality against one swept option."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ragx.report.plots.style import COLOURS, GREY, PALE, legend_below, new_figure, show_values, use_log_scale
from ragx.runs.sweeps.results import Configuration, SweepResults, are_numbers, best_of
from ragx.runs.sweeps.spread import Spread, interval_for, interval_label, spread

MOST_VALUES = 12
"""Values beyond which an option was searched rather than swept: then each configuration is a point of its own."""
WIDE, CLOSEST, ASIDE = 8, 1 / 12, 0.012


@dataclass(frozen=True)
class Scale:
    """Where the values of an option stand on an axis.

    Args:
        values: in order.
        positions: one for each.
        note: what to say of the distances.
    """

    values: list[str]
    positions: list[float]
    note: str = ""


def scale_of(values: list[str]) -> Scale:
    """Return numbers by size or, where they span a factor of eight, by logarithm; everything else in equal steps."""
    steps = [float(step) for step in range(len(values))]
    if not are_numbers(values) or len(values) < 3:
        return Scale(values, steps)
    numbers = [float(value) for value in values]
    logarithmic = numbers[0] > 0 and numbers[-1] / numbers[0] >= WIDE
    positions = [math.log2(number) for number in numbers] if logarithmic else numbers
    gaps = [right - left for left, right in itertools.pairwise(positions)]
    if min(gaps) < CLOSEST * (positions[-1] - positions[0]) and len(values) <= MOST_VALUES:
        return Scale(values, steps, "not to scale")
    return Scale(values, positions, "log scale" if logarithmic else "")


def best_by_value(axis: str, values: Sequence[str], among: Sequence[Configuration]) -> list[Configuration]:
    """Return for every value of an option the best configuration that has it."""
    return [
        best_of([configuration for configuration in among if configuration.options[axis] == value]) for value in values
    ]


def averages(axis: str, values: Sequence[str], among: Sequence[Configuration]) -> tuple[list[Spread], int]:
    """Return for every value of an option the average over the others, and over how many combinations of them.

    Only combinations that have a result at every value count, and only seeds that all of these have; the others would
    compare different things. The average is taken seed by seed, so that its spread is one over seeds.
    """
    table: dict[tuple[str, ...], dict[str, dict[int, float]]] = {}
    for configuration in among:
        others = tuple(value for name, value in configuration.options.items() if name != axis)
        numbers = {run.cell.planned.seed: run.number(configuration.metric) for run in configuration.done}
        finite = {seed: number for seed, number in numbers.items() if number is not None and math.isfinite(number)}
        table.setdefault(others, {})[configuration.options[axis]] = finite
    whole = [by_value for by_value in table.values() if len(by_value) == len(values)]
    seeds = set.intersection(*(set(of_seed) for by_value in whole for of_seed in by_value.values())) if whole else set()
    means = [
        spread(sum(by_value[value][seed] for by_value in whole) / len(whole) for seed in sorted(seeds))
        for value in values
    ]
    return means, len(whole) if seeds else 0


def plot_axis(results: SweepResults, axis: str, among: Sequence[Configuration]) -> Figure:
    """Draw the metric against one option: every configuration, the best and the average over the other options.

    Args:
        results: the sweep.
        axis: short name of the option.
        among: judged configurations on the same data.
    """
    values = results.values(axis, among)
    figure, panel = new_figure()
    panel.set_xlabel(axis)
    if len(values) > MOST_VALUES and are_numbers(values):
        _draw_points(panel, axis, among)
    else:
        _draw_lines(panel, axis, scale := scale_of(values), among)
        panel.set_xlabel(f"{axis} ({scale.note})" if scale.note else axis)
        show_values(figure, panel, scale.values, scale.positions)
        panel.margins(x=0.08)
    panel.set_ylabel(results.axis_label)
    legend_below(figure, panel)
    return figure


def _draw_lines(panel: Axes, axis: str, scale: Scale, among: Sequence[Configuration]) -> None:
    positions = dict(zip(scale.values, scale.positions, strict=True))
    lines = ("-", "--") if are_numbers(scale.values) else ("none", "none")
    alone = len(among) == len(scale.values)
    if not alone:
        points = [(positions[configuration.options[axis]], configuration.quality.mean) for configuration in among]
        x, y = zip(*points, strict=True)
        panel.scatter(x, y, s=7, color=PALE, linewidths=0, label="each configuration, mean over its seeds", zorder=1)
        means, combinations = averages(axis, scale.values, among)
        if combinations > 1:
            label = f"other options averaged over the {combinations} combinations that all values have"
            aside = ASIDE * (scale.positions[-1] - scale.positions[0])
            _draw_line(panel, [position + aside for position in scale.positions], means, label, GREY, "s", lines[1])
    best = [configuration.quality for configuration in best_by_value(axis, scale.values, among)]
    interval = interval_label(interval_for(best), best)
    label = f"mean; {interval}" if alone else f"other options at their best for each value; {interval}"
    _draw_line(panel, scale.positions, best, label, COLOURS[0], "o", lines[0])


def _draw_line(
    panel: Axes, x: Sequence[float], spreads: Sequence[Spread], label: str, colour: str, marker: str, line: str
) -> None:
    interval = interval_for(spreads)
    bars = None if interval == "none" else [point.half_width(interval) for point in spreads]
    y = [point.mean for point in spreads]
    panel.errorbar(x, y, bars, color=colour, marker=marker, linestyle=line, elinewidth=0.9, label=label, zorder=3)


def _draw_points(panel: Axes, axis: str, among: Sequence[Configuration]) -> None:
    x = [float(configuration.options[axis]) for configuration in among]
    y = [configuration.quality.mean for configuration in among]
    best = best_of(among)
    panel.scatter(x, y, s=14, color=COLOURS[0], label="each configuration, mean over its seeds")
    star, label = float(best.options[axis]), f"best: {axis}={best.options[axis]}"
    panel.scatter([star], [best.quality.mean], s=60, marker="*", color=COLOURS[1], label=label)
    if min(x) > 0 and max(x) / min(x) >= WIDE:
        use_log_scale(panel)


def importance(axis: str, among: Sequence[Configuration]) -> float:
    """Return how far the means of an option's values lie apart."""
    by_value: dict[str, list[float]] = {}
    for configuration in among:
        by_value.setdefault(configuration.options[axis], []).append(configuration.quality.mean)
    means = [sum(values) / len(values) for values in by_value.values()]
    return max(means) - min(means) if len(means) > 1 else 0.0
