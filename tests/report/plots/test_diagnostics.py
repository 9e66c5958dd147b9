"""The picture of diagnostics."""

from pathlib import Path

from ragx.report.plots.diagnostics import plot_diagnostics


def test_a_picture_is_made_of_what_was_measured_and_of_nothing_none(tmp_path: Path) -> None:
    measured = {"ndcg@20": 0.1, "effective_rank/layer_0": 9.0, "effective_rank/layer_1": 4.0}
    heads = {f"attention_entropy/layer_1/head_{head}": 0.2 * head for head in (1, 2)}
    plot_diagnostics(measured | heads, "a run", tmp_path / "two.png")
    assert (tmp_path / "two.png").stat().st_size > 1000
    plot_diagnostics({"ndcg@20": 0.1}, "a run", tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
