"""All plots of a sweep, as PNG and PDF."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from ragx.report.plots.axes import importance, plot_axis
from ragx.report.plots.costs import plot_cost
from ragx.report.plots.heat_map import MOST_STEPS, plot_heat_map
from ragx.report.plots.learning import SHOWN, plot_learning
from ragx.report.plots.style import save, styled
from ragx.runs.sweeps.results import Configuration, SweepResults

KINDS = ("by_option", "heat_map", "learning_curves", "by_training_time", "by_peak_memory")
MOST_MAPPED = 3
"""Options of which all pairs are mapped; of more, those that matter most."""


@dataclass(frozen=True)
class Plot:
    """A plot in its two files.

    Args:
        caption: what it shows.
        png: for screens.
        pdf: for papers.
    """

    caption: str
    png: Path
    pdf: Path


def draw_plots(results: SweepResults, folder: Path) -> list[Plot]:
    """Draw all that can be drawn of a sweep; plots of an earlier call are replaced.

    Where configurations were judged on different data, each data has plots of its own.

    Args:
        results: the sweep.
        folder: where the files go.
    """
    for old in folder.iterdir() if folder.is_dir() else []:
        if old.name.startswith(KINDS) and old.suffix in (".png", ".pdf"):
            old.unlink()
    plots = []
    groups = results.by_data()
    for number, (data, among) in enumerate(groups.items(), 1):
        mark, of = (f".data_{number}", f" Data: {'; '.join(data)}.") if len(groups) > 1 else ("", "")
        with styled():
            for name, caption, figure in _figures(results, among):
                plots.append(Plot(caption + of, *save(figure, folder / f"{name}{mark}")))
    return plots


def _figures(results: SweepResults, among: Sequence[Configuration]) -> Iterator[tuple[str, str, Figure]]:
    metric = results.heading
    axes = sorted(results.varied(among), key=lambda axis: -importance(axis, among))
    for axis in axes:
        caption = f"{metric} against {results.axes[axis]}."
        yield f"by_option-{_file_name(results.axes[axis])}", caption, plot_axis(results, axis, among)
    for pair in itertools.combinations(axes[:MOST_MAPPED], 2):
        if all(len(results.values(axis, among)) <= MOST_STEPS for axis in pair):
            names = [results.axes[axis] for axis in pair]
            caption = f"{metric} for every pair of {names[0]} and {names[1]}, the mean over seeds"
            caption += ", other options at their best" if len(axes) > 2 else ""
            caption += ". The best pair has a frame; hatched pairs have no result."
            yield f"heat_map-{_file_name('-'.join(names))}", caption, plot_heat_map(results, pair, among)
    if (figure := plot_learning(results, among)) is not None:
        caption = f"How the best {min(SHOWN, len(among))} of {len(among)} configurations learned: {metric}, up to the"
        yield "learning_curves", f"{caption} last epoch that all seeds of a configuration reached.", figure
    if (figure := plot_cost(results, "training_seconds", among)) is not None:
        yield "by_training_time", f"{metric} against training time.", figure
    if (figure := plot_cost(results, "peak_memory_mb", among)) is not None:
        caption = f"{metric} against the peak memory of the process that trained it."
        yield "by_peak_memory", caption, figure


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", text)
