"""The picture of a training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from ragx.report.plots.curve import plot_curve
from ragx.training.state import FitResult


@pytest.mark.parametrize("epochs", [2, 5, 30])
def test_epochs_are_whole_numbers(epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    save = Figure.savefig

    def saved(figure: Figure, *args: Any, **options: Any) -> None:
        drawn.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", saved)
    history = [{"epoch": epoch, "loss": 1 / epoch, "ndcg@20": epoch / 100} for epoch in range(1, epochs + 1)]
    fit = FitResult(epochs, epochs, epochs, {}, history, 1.0, None)
    plot_curve(fit, "ndcg@20", "run", tmp_path / "curve.png", "EUR", {"MostPop": 0.004})
    (figure,) = drawn
    assert figure.axes[1].get_ylabel() == "validation ndcg@20 (EUR)"
    (dashed,) = (line for line in figure.axes[1].get_lines() if line.get_linestyle() == "--")
    assert np.unique(np.asarray(dashed.get_ydata())).tolist() == [0.004]
    assert "MostPop" in [text.get_text() for text in figure.axes[1].texts]
    assert (tmp_path / "curve.png").stat().st_size
    assert all(tick == round(tick) for tick in figure.axes[0].get_xticks())
