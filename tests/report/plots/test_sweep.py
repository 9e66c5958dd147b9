"""Plots of a sweep: what they average is worked by hand, and what is drawn fits and can be read."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib.colors
import numpy as np
import pytest
from matplotlib.figure import Figure

from ragx.report.plots.axes import averages, best_by_value, plot_axis, scale_of
from ragx.report.plots.costs import frontier, plot_cost
from ragx.report.plots.heat_map import plot_heat_map
from ragx.report.plots.learning import curve_of, plot_learning
from ragx.report.plots.style import COLOURS, COLUMN, broken, shortened, styled
from ragx.report.plots.sweep import draw_plots
from ragx.runs.sweeps.reading import read_sweep
from ragx.runs.sweeps.record import SweepRecord
from ragx.runs.sweeps.results import SweepResults
from ragx.runs.sweeps.spread import Spread, interval_for, interval_label, spread

MakeSweep = Callable[..., SweepRecord]
AWKWARD = ("ragx.objectives.very_long_name.InBatchSoftmaxWithCorrection", "a$b$c", "_hidden", "<b>bold</b>", "null")


def _read(record: SweepRecord) -> SweepResults:
    return read_sweep(record, record.folder.parents[1])


def test_a_spread_is_worked_by_hand() -> None:
    result = spread([0.1, 0.2, 0.3, math.nan, None, math.inf])
    assert (result.mean, result.std, result.count) == pytest.approx((0.2, 0.1, 3))
    assert result.half_width("std") == pytest.approx(0.1)
    assert result.half_width("t") == pytest.approx(4.302652730 * 0.1 / math.sqrt(3))  # t of 2 degrees of freedom
    single, none = spread([0.5]), spread([])
    assert (single.mean, single.count) == (0.5, 1)
    assert math.isnan(single.std) and math.isnan(single.half_width("t")) and math.isnan(none.mean)


@pytest.mark.parametrize(
    ("counts", "kind", "label"),
    [
        ((3, 5), "t", "95% t-interval over 3 to 5 seeds"),
        ((2, 3), "std", "± 1 standard deviation over 2 to 3 seeds"),
        ((1, 2), "std", "± 1 standard deviation over 1 to 2 seeds"),
        ((1, 1), "none", "one seed each, no interval"),
        ((), "none", "one seed each, no interval"),
    ],
)
def test_an_interval_needs_seeds(counts: tuple[int, ...], kind: str, label: str) -> None:
    spreads = [Spread(0.1, 0.1, count) for count in counts]
    interval = interval_for(spreads)
    assert interval == kind
    assert interval_label(interval, spreads) == label


def test_values_stand_by_size_by_logarithm_or_in_steps() -> None:
    assert scale_of(["1", "2", "4"]).positions == [1, 2, 4]
    assert scale_of(["32", "64", "128", "256"]).positions == [5, 6, 7, 8]
    assert scale_of(["0.0", "0.01", "0.02", "1.0"]).note == "not to scale"
    assert scale_of(["bpr", "softmax", "3"]).positions == [0, 1, 2]


def test_options_are_averaged_over_the_same_combinations_and_seeds(make_sweep: MakeSweep) -> None:
    values = {
        **{("1", "16"): (0.1, 0.2), ("1", "32"): (0.3, 0.4)},
        **{("2", "16"): (0.5, 0.7), ("2", "32"): (0.6, None)},
        **{("3", "16"): (0.9, 0.9), ("3", "32"): (0.2, 0.2)},
    }

    def quality(options: Mapping[str, str], seed: int) -> float | str | None:
        if options["layer.heads"] == "3" and options["model.hidden_dim"] == "16":
            return "heads do not divide"
        return values[options["layer.heads"], options["model.hidden_dim"]][seed]

    axes = {"layer.heads": ["1", "2", "3"], "model.hidden_dim": ["16", "32"]}
    results = _read(make_sweep(axes, quality, seeds=(0, 1)))
    assert results.metric == "validation/ndcg@20"
    assert results.axes == {"heads": "layer.heads", "hidden_dim": "model.hidden_dim"}
    means, combinations = averages("heads", ["1", "2", "3"], results.judged)
    assert combinations == 1  # width 32 alone has all three, and there seed 0 alone
    assert [(point.mean, point.count) for point in means] == [(0.3, 1), (0.6, 1), (0.2, 1)]
    means, combinations = averages(
        "heads",
        ["1", "2"],
        [configuration for configuration in results.judged if configuration.options["heads"] != "3"],
    )
    assert combinations == 2
    assert [point.mean for point in means] == pytest.approx([0.2, 0.55])  # of seed 0: (0.1 + 0.3)/2, (0.5 + 0.6)/2
    best = best_by_value("heads", ["1", "2", "3"], results.judged)
    assert [configuration.options["hidden_dim"] for configuration in best] == ["32", "16", "32"]
    assert results.configurations[0].options == {"heads": "2", "hidden_dim": "16"}  # 0.6, like the next, planned before
    assert not results.configurations[-1].quality.count


def test_none_on_the_frontier_is_beaten_at_both() -> None:
    assert frontier([3.0, 1.0, 2.0, 2.0, 5.0], [0.3, 0.1, 0.1, 0.2, 0.25]) == [1, 3, 0]


def test_a_learning_curve_ends_where_the_first_seed_stops(make_sweep: MakeSweep) -> None:
    record = make_sweep({"model.num_layers": ["1"]}, lambda options, seed: 0.1 * (seed + 1), seeds=(0, 1))
    short = record.folder.parents[1] / "run-made-up-0001" / "train" / "curve.jsonl"
    points = [{"epoch": 1, "ndcg@20": 0.2}, {"epoch": 2, "loss": 1.0}, {"epoch": 3, "ndcg@20": math.nan}]
    short.write_text("\n".join(map(json.dumps, [*points, {"epoch": 4, "ndcg@20": 0.4}])) + '\n{"epoch": 5, "ndc')
    curve = curve_of(_read(record).configurations[0])
    assert list(curve) == [1, 4]
    assert curve[1].mean == pytest.approx((0.1 * 0.5 + 0.2) / 2)
    assert curve[4].mean == pytest.approx((0.1 * (1 - 0.5**4) + 0.4) / 2)


def test_all_plots_of_a_grid_are_written_as_png_and_pdf(make_sweep: MakeSweep, tmp_path: Path) -> None:
    axes = {"model.num_layers": ["1", "2"], "objective": ["bpr", "in_batch_softmax"]}
    record = make_sweep(axes, lambda options, seed: 0.1 * float(options["model.num_layers"]) + 0.01 * seed)
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "by_option-gone.png").touch()
    (folder / "mine.png").touch()
    plots = draw_plots(_read(record), folder)
    names = ["by_option-model.num_layers", "by_option-objective", "heat_map-model.num_layers-objective"]
    names += ["learning_curves", "by_training_time", "by_peak_memory"]
    assert [plot.png.stem for plot in plots] == names
    written = {file.name for file in folder.iterdir()}
    assert written == {f"{name}.{kind}" for name in names for kind in ("png", "pdf")} | {"mine.png"}
    for plot in plots:
        assert plot.png.read_bytes().startswith(b"\x89PNG")
        assert plot.pdf.read_bytes().startswith(b"%PDF")
        assert b"/Type3" not in plot.pdf.read_bytes()  # publishers refuse letters that are drawings
        assert plot.caption.endswith(".")


def test_nothing_is_drawn_of_what_is_not_there(make_sweep: MakeSweep, tmp_path: Path) -> None:
    waiting = make_sweep({"model.num_layers": ["1", "2"]}, lambda options, seed: None, name="waiting")
    assert draw_plots(_read(waiting), tmp_path / "none") == []
    single = make_sweep({"model.num_layers": ["1"]}, lambda options, seed: 0.1, seeds=(0,), name="single")
    assert [plot.png.stem for plot in draw_plots(_read(single), tmp_path / "one")] == ["learning_curves"]


def test_each_data_has_plots_of_its_own(make_sweep: MakeSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragx.report.plots.sweep.save", lambda figure, path: (path.with_name(f"{path.name}.png"), path))
    axes = {"dataset": ["shop", "films"], "model.num_layers": ["1", "2"]}
    record = make_sweep(axes, lambda options, seed: 0.1 * len(options["dataset"]), seeds=(0,))
    plots = draw_plots(_read(record), tmp_path / "plots")
    assert [plot.png.stem for plot in plots][:1] == ["by_option-model.num_layers.data_1"]
    assert not any("dataset" in plot.png.stem for plot in plots)
    assert {plot.caption.rpartition("Data: ")[2] for plot in plots} == {
        "films, split split of films.",
        "shop, split split of shop.",
    }


def _fits(figure: Figure) -> None:
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert width == COLUMN
    assert drawn.x0 > -0.01 and drawn.y0 > -0.01 and drawn.x1 < width + 0.01 and drawn.y1 < height + 0.01
    sizes = [text.get_fontsize() for text in figure.findobj(lambda artist: hasattr(artist, "get_fontsize"))]  # type: ignore[attr-defined]
    assert min(sizes) >= 4.5


@pytest.mark.parametrize(
    "axes",
    [
        {"objective": AWKWARD, "model.hidden_dim": ["16", "64", "512"], "layer": ["light", "relevance_attention"]},
        {
            "objective": AWKWARD[:2],
            "a.very.long.name_of_an_option_that_is_swept": ["in_batch_softmax", "sampled_softmax"],
        },
        {"model.num_layers": [str(number) for number in range(1, 13)], "model.hidden_dim": ["8", "16"]},
        {"optimizer.lr": [f"{10 ** (-4 + step / 6):.5f}" for step in range(14)]},
        {"model.num_layers": ["1", "2"]},
    ],
)
def test_no_text_is_cut_off(make_sweep: MakeSweep, axes: dict[str, list[str]]) -> None:
    rng = np.random.default_rng(0)
    results = _read(make_sweep(axes, lambda options, seed: rng.uniform(0.1, 0.2)))
    with styled():
        for axis in results.axes:
            _fits(plot_axis(results, axis, results.judged))
        if len(names := list(results.axes)) > 1:
            _fits(plot_heat_map(results, (names[0], names[1]), results.judged))
        for figure in (
            plot_learning(results, results.judged),
            plot_cost(results, "training_seconds", results.judged),
            plot_cost(results, "peak_memory_mb", results.judged),
        ):
            assert figure is not None
            _fits(figure)


def test_names_are_broken_or_shortened_to_fit() -> None:
    assert broken("sampled_softmax_with_correction", 14) == "sampled_\nsoftmax_with_\ncorrection"
    assert broken("InBatchSoftmaxWithCorrection", 14) is None
    assert shortened("short") == "short"
    assert shortened("ragx.objectives.sampled_softmax", 16) == "ragx.…ed_softmax"


def test_colours_differ_in_lightness() -> None:
    """The first three colours, which most plots use, stay apart when they are printed in grey."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    grey = sorted(float(np.array(matplotlib.colors.to_rgb(colour)) ** 2.2 @ weights) for colour in COLOURS[:3])
    assert min(np.diff(grey)) > 0.03
