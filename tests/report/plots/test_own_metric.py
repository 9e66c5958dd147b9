"""Plots of a metric of one's own: its unit stands on the axis, and the smallest value is the best."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ragx.report.plots.axes import plot_axis
from ragx.report.plots.costs import plot_cost
from ragx.report.plots.heat_map import plot_heat_map
from ragx.report.plots.learning import plot_learning
from ragx.runs.sweeps.reading import read_sweep
from ragx.runs.sweeps.record import SweepRecord
from ragx.runs.sweeps.results import SweepResults

AXES = {"model.num_layers": ["1", "2"], "model.hidden_dim": ["16", "32"]}


@pytest.fixture
def record(make_sweep: Callable[..., SweepRecord]) -> SweepRecord:
    """Return a sweep that was judged by ranks, from 3 on with more layers and width."""
    sweep = make_sweep(AXES, lambda options, seed: sum(map(int, options.values())) + seed, seeds=(0, 1))
    for file in [*folder_of(sweep).glob("run-*/metrics.json"), *folder_of(sweep).glob("run-*/train/curve.jsonl")]:
        file.write_text(file.read_text().replace("ndcg@20", "rank@20"))
    for file in folder_of(sweep).glob("run-*/metrics.json"):
        recorded(file, larger_is_better=False)
    return sweep


def folder_of(record: SweepRecord) -> Path:
    return record.folder.parents[1]


def recorded(file: Path, **known: object) -> None:
    metrics = json.loads(file.read_text())
    file.write_text(json.dumps(metrics | {"metrics": {"rank": {"unit": "places", "path": "mine.rank", **known}}}))


def read(record: SweepRecord) -> SweepResults:
    return read_sweep(record, folder_of(record))


def test_the_unit_stands_on_every_axis(record: SweepRecord) -> None:
    results = read(record)
    label, among = "validation rank@20 (places)", results.judged
    for figure in (
        plot_axis(results, "num_layers", among),
        plot_cost(results, "training_seconds", among),
        plot_learning(results, among),
    ):
        assert figure is not None
        assert figure.axes[0].get_ylabel() == label
    assert plot_heat_map(results, ("num_layers", "hidden_dim"), among).axes[0].get_title(loc="left") == label


def test_the_smallest_is_the_best(record: SweepRecord) -> None:
    ordered = [configuration.quality.mean for configuration in read(record).configurations]
    assert ordered == [17.5, 18.5, 33.5, 34.5]


def test_runs_that_mean_two_metrics_by_its_name_are_not_judged_together(record: SweepRecord) -> None:
    recorded(next(folder_of(record).glob("run-*/metrics.json")), larger_is_better=True)
    with pytest.raises(ValueError, match=r"rank: expected one metric of that name, .*leave one of them out"):
        read(record)
