"""How plots look: legible in a paper's column, in grey, and to colour-blind readers."""

import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from ragx.files import write_atomically

COLUMN = 3.4
"""Width of a paper's column in inches; figures are drawn at the size they are printed in."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""The palette of Okabe and Ito; its yellow is left out, since it vanishes on white paper."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
GREY, PALE = "#555555", "#999999"
LEGEND_WIDTH, AXIS_WIDTH, DPI = 49, 46, 250
"""Letters of a legend's line, and of all values below an axis."""
SHORTEST, SLANT, LINE = 9, 0.04, 0.13
STYLE: Any = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "lines.linewidth": 1.3,
    "lines.markersize": 4.5,
    "errorbar.capsize": 2.5,
    "pdf.fonttype": 42,
    "text.parse_math": False,
}
"""Letters of 7 and 8 points, kept as letters in a PDF; a dollar sign in a name is a dollar sign."""


@contextmanager
def styled() -> Iterator[None]:
    """While entered, figures have the look of the house; a letter that the font lacks is no reason for a warning."""
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        yield


def new_figure(height: float = 2.2) -> tuple[Figure, Axes]:
    """Return a figure with one panel; what is written below it makes it grow."""
    figure = Figure(figsize=(COLUMN, height), layout="constrained")
    panel = figure.subplots()
    panel.grid(alpha=0.25, linewidth=0.5)
    panel.set_axisbelow(True)
    return figure, panel


def grow(figure: Figure, by: float) -> None:
    """Make a figure higher, in inches."""
    figure.set_figheight(figure.get_figheight() + by)


def columns_for(labels: Sequence[str]) -> int:
    """Return how many columns of a legend fit below a panel."""
    return max(1, min(3, len(labels), LEGEND_WIDTH // (max(map(len, labels), default=0) + 8)))


def legend_below(figure: Figure, panel: Axes, columns: int = 1, title: str = "") -> None:
    """Write the legend below the panel, where it hides nothing, in lines that fit the column."""
    handles, labels = panel.get_legend_handles_labels()
    wrapped = [fill(label, LEGEND_WIDTH // columns) for label in labels]
    if handles:
        below = figure.legend(
            handles, wrapped, loc="outside lower center", ncols=columns, frameon=False, handlelength=2.6
        )
        below.set_title(head := fill(title, LEGEND_WIDTH + 6), prop=FontProperties(size=7))
        lines = sum(label.count("\n") + 1 for label in wrapped) / columns + head.count("\n") + 1
        grow(figure, LINE * (lines + 1))


def fill(text: str, width: int) -> str:
    """Break a text into lines, but not within an interval's name."""
    kept = text.replace("± 1 standard deviation", "±\u00a01\u00a0standard deviation").replace("% t-", "%\u00a0t-")
    return textwrap.fill(kept, width, break_on_hyphens=False)


def visible(label: str) -> str:
    """Return a label that a legend shows: matplotlib hides those that begin with an underscore."""
    return f"\u200a{label}" if label.startswith("_") else label


def shortened(text: str, length: int = 22) -> str:
    """Return a text that fits, without its middle where it is too long."""
    head = length // 3
    return text if len(text) <= length else f"{text[:head]}…{text[head + 1 - length :]}"


def broken(text: str, width: int) -> str | None:
    """Break a name into lines behind its underscores, dots and blanks; None where a part of it is too long."""
    lines = [""]
    for piece in re.findall(r"[^_. /]*[_. /]?", text):
        if len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines).strip() if max(map(len, lines)) <= width and len(lines) <= 4 else None


def show_values(
    figure: Figure, panel: Axes, values: Sequence[str], positions: Sequence[float], room: float = 1
) -> None:
    """Write the values of an axis below their positions: in lines or, where they would touch, slanted.

    Args:
        figure: grows by what the values need.
        panel: its panel.
        values: what is written.
        positions: where.
        room: the part of the usual width that the panel has.
    """
    width = int(room * AXIS_WIDTH / len(values))
    texts = [value or "(none)" for value in values]
    lines = [text if len(text) <= width else broken(text, width) for text in texts]
    flat = all(lines) and (width >= SHORTEST or max(map(len, texts)) < width)
    shown = [line or "" for line in lines] if flat else [shortened(text) for text in texts]
    grow(figure, LINE * max(text.count("\n") for text in shown) if flat else SLANT * max(map(len, shown)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticks(list(positions), shown, rotation=0 if flat else 30, ha="center" if flat else "right")
    for label in panel.get_xticklabels():
        label.set_rotation_mode("anchor" if not flat else "default")


def use_log_scale(panel: Axes) -> None:
    """Give the lower axis a logarithmic scale with plain numbers."""
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.xaxis.set_minor_formatter(NullFormatter())


def save(figure: Figure, path: Path) -> tuple[Path, Path]:
    """Write a figure as PNG and PDF and return both paths.

    Args:
        figure: the figure.
        path: the file without its ending.
    """
    paths = path.with_name(f"{path.name}.png"), path.with_name(f"{path.name}.pdf")
    write_atomically(paths[0], lambda part: figure.savefig(part, format="png", dpi=DPI))
    write_atomically(paths[1], lambda part: figure.savefig(part, format="pdf", metadata={"CreationDate": None}))
    return paths
