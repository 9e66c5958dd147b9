"""The picture of a training."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ragx.report.curve import plot_curve


@pytest.mark.parametrize("epochs", [2, 5, 30])
def test_epochs_are_whole_numbers(epochs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", lambda figure, *args, **more: drawn.append(figure) or save(figure, *args))
    history = [{"epoch": epoch, "loss": 1 / epoch, "ndcg@20": epoch / 100} for epoch in range(1, epochs + 1)]
    plot_curve(history, "ndcg@20", epochs, "run", tmp_path / "curve.png")
    (figure,) = drawn
    assert (tmp_path / "curve.png").stat().st_size
    assert all(tick == round(tick) for tick in figure.axes[0].get_xticks())
