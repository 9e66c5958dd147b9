"""A metric of one's own, of which less is better, in every command from a sweep to its table and page."""

import json
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hydra.core.global_hydra import GlobalHydra

import ragx
from ragx.metrics.recorded import read_record_of
from ragx.runner.command import main
from ragx.runs.files import read_run
from ragx.runs.source_hash import sources_of

from .conftest import METRICS_OF_ONES_OWN, Call

MONITOR = "first_hit@20"
METRICS = "evaluation.metrics=[recall,ndcg,my_metrics.first_hit,my_metrics.MeanRank]"
TINY = (
    *("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "tracker=none", "trainer.max_epochs=2"),
    *("model.hidden_dim=8", METRICS, f"trainer.stopping.monitor=my_metrics.{MONITOR}"),
)
SWEEP = ("-m", *TINY, "sweep.name=mine", "model.num_layers=0,1", "seeds=2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with the metric and a sweep that stopped by it, which is the current one meanwhile."""
    path = tmp_path_factory.mktemp("own")
    (path / "my_metrics.py").write_text(METRICS_OF_ONES_OWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setattr("sys.argv", [])
        patch.setattr("sys.path", [*sys.path])
        GlobalHydra.instance().clear()
        assert main(["run", *SWEEP]) == 0
        yield path
    sys.modules.pop("my_metrics", None)


def runs_of(folder: Path) -> list[Path]:
    return sorted(path.parent for path in (folder / "runs").glob("*/metrics.json"))


def test_results_go_by_its_short_name_and_record_what_it_is(folder: Path) -> None:
    record, metrics = read_run(runs_of(folder)[0])
    assert metrics["monitor"] == MONITOR
    assert {MONITOR, "first_hit@50", "MeanRank", "recall@20"} <= metrics["validation"].keys()
    assert {MONITOR, "MeanRank"} <= metrics["intervals"]["validation"].keys()
    per_user = pl.read_parquet(runs_of(folder)[0] / "per_user_validation.parquet")
    assert per_user[MONITOR].mean() == pytest.approx(metrics["validation"][MONITOR])
    known = read_record_of(metrics["metrics"])
    assert (known["first_hit"].larger_is_better, known["first_hit"].unit) == (False, "places")
    assert (known["MeanRank"].takes_cutoff, known["recall"].larger_is_better) == (False, True)
    assert "my_metrics" in record["modules"]
    assert record["sources"]["my_metrics"] == sources_of(["my_metrics"])["my_metrics"]
    assert record["config"]["trainer"]["stopping"]["monitor"] == f"my_metrics.{MONITOR}"


def test_the_epoch_with_the_smallest_value_is_kept(folder: Path) -> None:
    for run in runs_of(folder):
        curve = [json.loads(line)[MONITOR] for line in (run / "train" / "curve.jsonl").read_text().splitlines()]
        fit = read_run(run)[1]["fit"]
        assert fit["best"][MONITOR] == min(curve)
        assert curve[fit["best_epoch"] - 1] == min(curve)


def test_a_metric_without_cutoff_sees_where_every_item_stands(folder: Path) -> None:
    """By hand: the mean rank of a user's validation items among all that are not in train."""
    run = ragx.load_run(runs_of(folder)[0])
    lists = run.recommend(k=run.split.train.num_items)
    train = set(run.split.train.users.outside(run.split.train.column("user")))
    held = run.split.validation
    pairs = pl.DataFrame(
        {name: getattr(held, f"{name}s").outside(held.column(name)) for name in ("user", "item")}
    ).filter(pl.col("user").is_in(train))
    ranks = pairs.join(lists, on=["user", "item"], how="left").group_by("user").agg(pl.col("rank").mean().fill_null(0))
    assert ranks["rank"].mean() == pytest.approx(run.metrics["validation"]["MeanRank"])


@pytest.fixture
def without_code(folder: Path) -> Iterator[None]:
    """Have the code of the metric be nowhere."""
    (folder / "my_metrics.py").rename(folder / "away.py")
    module = sys.modules.pop("my_metrics", None)
    yield
    (folder / "away.py").rename(folder / "my_metrics.py")
    if module is not None:
        sys.modules["my_metrics"] = module


def means_of(folder: Path, cut: str = MONITOR) -> dict[str, float]:
    """Return the mean over seeds of a validation value by number of layers."""
    by_layers: dict[str, list[float]] = {}
    for record, metrics in map(read_run, runs_of(folder)):
        by_layers.setdefault(str(record["config"]["model"]["num_layers"]), []).append(metrics["validation"][cut])
    assert len({statistics.fmean(values) for values in by_layers.values()}) == 2
    return {layers: statistics.fmean(values) for layers, values in by_layers.items()}


@pytest.mark.usefixtures("without_code")
def test_the_smallest_mean_is_the_best_of_a_table_and_a_page_without_the_code(folder: Path, call: Call) -> None:
    means = means_of(folder)
    best = min(means, key=lambda layers: means[layers])
    call("table", "sweep=mine", "part=validation", "name=mine", f"metrics=[{MONITOR},MeanRank]")
    table = pl.read_csv(folder / "runs" / "tables" / "mine.csv")
    rows = {str(row["num_layers"]): row for row in table.filter(kind="measured").iter_rows(named=True)}
    popular = table.filter(kind="most_popular")[f"shop/{MONITOR} mean"].item()
    beside = table.filter(pl.col("kind") != "measured")[f"shop/{MONITOR} mean"].to_list()
    printed = [round(value, 4) for value in (*beside, *means.values())]
    for layers, mean in means.items():
        row, better = rows[layers], sum(value < round(mean, 4) for value in printed)
        assert row[f"shop/{MONITOR} mean"] == pytest.approx(mean)
        assert row[f"shop/{MONITOR} rank"] == ("best", "second", "", "")[better]
        assert row[f"shop/{MONITOR} gain"] == pytest.approx(1 - mean / popular)
        assert row["shop/MeanRank mean"] == pytest.approx(means_of(folder, "MeanRank")[layers])
    page = Path(call("page", "sweep=mine").split()[-1]).read_text()
    assert f"{MONITOR}: num_layers={best}" in page


@pytest.mark.usefixtures("without_code")
def test_less_is_better_in_a_comparison_without_the_code(folder: Path, call: Call) -> None:
    means = means_of(folder)
    best, other = sorted(means, key=lambda layers: means[layers])
    runs = {str(read_run(run)[0]["config"]["model"]["num_layers"]): str(run) for run in runs_of(folder)}
    asked = (f"runs=[{runs[best]},{runs[other]}]", f"metric={MONITOR}", "part=validation", "output=out.csv")
    ours, theirs = (read_run(Path(runs[layers]))[1]["validation"][MONITOR] for layers in (best, other))
    call("compare", *asked, f"baseline={runs[other]}")
    sentence = pl.read_csv(folder / "out.csv")["sentence"].item()
    assert sentence.startswith("better by" if ours < theirs else "worse by")


def test_a_run_folder_that_names_it_is_trusted_before_its_code_is_run(folder: Path, call: Call) -> None:
    run = str(runs_of(folder)[0])
    refused = "evaluation.metrics: the run folder names my_metrics.first_hit, code of the module my_metrics"
    for command in (("final", "sweep=mine"), ("evaluate", f"run={run}"), ("reproduce", f"run={run}")):
        message = call(*command)
        assert refused in message, message
        assert "trust=[my_metrics]" in message
    assert "bit-equal" in call("reproduce", f"run={run}", "trust=[my_metrics]")
    stored = read_run(Path(run))[1]["validation"]
    call("evaluate", f"run={run}", "output=found.json", "trust=[my_metrics]")
    assert json.loads((folder / "found.json").read_text())["validation"] == stored
    call("evaluate", f"run={run}", "output=named.json", "metrics=[my_metrics.first_hit]", "cutoffs=[20]")
    named = json.loads((folder / "named.json").read_text())
    assert named["validation"] == {MONITOR: stored[MONITOR]}
    assert named["metrics"]["first_hit"]["larger_is_better"] is False
    assert "customer-" in call("recommend", f"run={run}", "users=all")
    loaded = ragx.load_run(run)
    assert ragx.evaluate(loaded).values["recall@20"] == stored["recall@20"]
    assert ragx.evaluate(loaded, metrics=[f"my_metrics.{MONITOR}"]).values == {MONITOR: stored[MONITOR]}


def test_final_opens_what_has_the_smallest_mean(folder: Path, call: Call) -> None:
    means = means_of(folder)
    best = min(means, key=lambda layers: means[layers])
    output = call("final", "sweep=mine", "trust=[my_metrics]")
    assert f"{means[best]:.4f}" in output
    (row,) = json.loads((folder / "runs" / "sweeps" / "mine" / "final.json").read_text())["rows"]
    assert row["options"] == [f"model.num_layers={best}"]
    opened = [metrics["test"][MONITOR] for _, metrics in map(read_run, runs_of(folder)) if "test" in metrics]
    assert len(opened) == 2
    assert f"{statistics.fmean(opened):.4f}" in output


def test_a_search_minimises_it(folder: Path, call: Call) -> None:
    search = (*TINY, "search.rows=null", "search.name=found", "search.space={model.num_layers:null}")
    output = call("search", *search, "search.trials=2", "search.startup=1", "+search.space={model.num_layers:[0,1]}")
    values = [read_run(run)[1]["fit"]["best"][MONITOR] for run in runs_of(folder)]
    assert any(f"best: {value:.4f} in trial" in output for value in values), output


def test_its_source_makes_another_run_of_it(folder: Path, call: Call) -> None:
    call("run", *TINY, "model.num_layers=0")
    assert "This run is finished" in call("run", *TINY, "model.num_layers=0")
    file = folder / "my_metrics.py"
    file.write_text(f"{METRICS_OF_ONES_OWN}\n\n")
    try:
        assert "my_metrics changed since" in call("run", *TINY, "model.num_layers=0")
    finally:
        file.write_text(METRICS_OF_ONES_OWN)
