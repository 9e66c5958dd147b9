"""The picture of a training: loss and validation metric against epochs."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ragx.files import write_atomically
from ragx.training.state import FitResult

BLUE, ORANGE = "#0072B2", "#D55E00"  # distinct to colour-blind readers and in grey


def plot_curve(
    fit: FitResult,
    monitor: str,
    title: str,
    path: Path,
    unit: str = "",
    baselines: Mapping[str, float] | None = None,
) -> None:
    """Draw the curves of a run.

    Args:
        fit: the training, whose kept epoch is marked; its history has ``epoch``, ``loss`` and, where validated, the
            metrics.
        monitor: the metric to draw.
        title: heading.
        path: file to write; its ending names the format.
        unit: what the values of the metric are counted in.
        baselines: values of what stands beside the model, a line each, by label.
    """
    history, best_epoch = fit.history, fit.best_epoch
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([row["epoch"] for row in history], [row["loss"] for row in history], color=BLUE, label="training loss")
    axes.set(xlabel="epoch", ylabel="training loss", title=title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.label.set_color(BLUE)
    axes.grid(alpha=0.25)
    validated = [row for row in history if monitor in row]
    if validated:
        other = axes.twinx()
        epochs, values = [row["epoch"] for row in validated], [row[monitor] for row in validated]
        other.plot(epochs, values, color=ORANGE, marker="o", markersize=3, label=f"validation {monitor}")
        other.set_ylabel(f"validation {monitor}{f' ({unit})' if unit else ''}", color=ORANGE)
        left = best_epoch > (epochs[0] + epochs[-1]) / 2  # the labels of lines stand away from that of the kept epoch
        for label, value in (baselines or {}).items():
            other.axhline(value, color=ORANGE, linestyle="--", linewidth=1, alpha=0.7)
            across = other.get_yaxis_transform()
            at, side = (0.01, "left") if left else (0.99, "right")
            other.text(at, value, label, transform=across, ha=side, va="bottom", fontsize=8)
        other.axvline(best_epoch, color="grey", linestyle=":", linewidth=1.2)
        kept = next(value for epoch, value in zip(epochs, values, strict=True) if epoch == best_epoch)
        other.annotate(
            f"kept: epoch {best_epoch}\n{kept:.4f}",
            (best_epoch, kept),
            xytext=(-8, -14),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8,
        )
    write_atomically(path, lambda part: figure.savefig(part, dpi=150))
