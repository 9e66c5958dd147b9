"""The command that makes tables, in process: every YAML, its files, and what it refuses."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from ragx.runner.run.preflight import bind_parts
from ragx.runs.sweeps.record import PlannedCell, SweepRecord

CONF = Path(__file__).resolve().parents[2] / "conf"
NAMES = sorted(path.stem for path in (CONF / "table").glob("*.yaml"))
LAYERS = {"model.num_layers": ["1", "2"]}
METRICS = ("recall@20", "ndcg@20")
Make = Callable[..., tuple[int, str, str]]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Make]:
    """Return a function that runs the command and gives exit status, output and errors."""
    from ragx.runner.jobs import table

    (tmp_path / "runs").mkdir()
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def ask(*arguments: str) -> tuple[int, str, str]:
        GlobalHydra.instance().clear()
        monkeypatch.setattr(sys, "argv", ["table.py", f"runs={tmp_path / 'runs'}", *arguments])
        status = table.main()
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    yield ask
    GlobalHydra.instance().clear()


def config_of(name: str) -> dict[str, Any]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose("table", overrides=[f"table={name}"]))  # type: ignore[return-value]


def composed(*overrides: str) -> dict[str, Any]:
    """Return the parts of a run with every default, as ``run.json`` holds them."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("run", overrides=list(overrides)), resolve=True)
    return {name: part.as_dict() for name, part in bind_parts(config).items()}


def write_run(runs: Path, name: str, options: Sequence[str], seed: int, level: float, **change: Any) -> Path:
    """Write the folder of a run with some options whose users have values around a level."""
    config = composed(*options)
    folder = runs / f"{name}-{seed}"
    folder.mkdir(parents=True)
    sides: dict[str, dict[str, dict[str, float]]] = {"": {}, "most_popular_": {}}
    for number, part in enumerate(("validation", "test")):
        for side, mean in (("", level + 0.01 * seed), ("most_popular_", 0.1)):
            draw = np.random.default_rng(number).uniform(-0.05, 0.05, 30)
            values = {metric: mean + draw * (1 + 0.1 * bool(side)) for metric in METRICS}
            pl.DataFrame({"user": range(30), **values}).write_parquet(folder / f"per_user_{side}{part}.parquet")
            sides[side][part] = {metric: float(column.mean()) for metric, column in values.items()}
    record = {
        **{"name": folder.name, "identity": folder.name, "cell": name, "seed": seed, "source": "s", "fingerprint": "f"},
        **{"data": "d", "refit": False, "dataset": config["dataset"].get("name", "shop"), "config": config, **change},
    }
    metrics = {
        **{"monitor": "ndcg@20", "fit": {}, "evaluation": config["evaluation"], "split": {"name": "published"}},
        **{"baseline": {"most_popular": sides["most_popular_"]}, **sides[""]},
    }
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def write_sweep(runs: Path, name: str, axes: Mapping[str, Sequence[str]], *common: str) -> None:
    """Write a sweep of two configurations with two seeds each, and what was chosen of it."""
    record, chosen, cells, folders = SweepRecord(runs / "sweeps" / name), [], [], []
    for index, level in ((0, 0.2), (-1, 0.3)):
        options = [f"{axis}={values[index]}" for axis, values in axes.items()]
        run = f"{name}-{1 - index}"
        mine = [write_run(runs, run, [*common, *options], seed, level) for seed in (0, 1)]
        cells += [PlannedCell((*options, f"seed={seed}"), seed, run) for seed in (0, 1)]
        folders += mine
        chosen.append({"row": run, "options": options, "folders": [str(path) for path in mine], "budget": 3})
    record.plan(cells, [], name=name, axes=list(axes), rows=list(axes), budget={choice["row"]: 3 for choice in chosen})
    for cell, folder in zip(cells, folders, strict=True):
        record.event(cell.key, "done", folder=str(folder), value=0.2)
    (record.folder / "final.json").write_text(json.dumps({"refit": False, "rows": chosen}))


def axes_of(sweep: str) -> dict[str, list[str]]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("run", overrides=[f"sweep={sweep}"], return_hydra_config=True)
    return {axis: str(values).split(",") for axis, values in config.hydra.sweeper.params.items()}


def options_of(where: Mapping[str, Any]) -> list[str]:
    """Return the options of ``run.py`` that make a run of these conditions: a class by the YAML that names it."""
    options = ["split=published", "model=lightgcn"]
    for option, value in where.items():
        files = list((CONF / option).glob("*.yaml"))
        targets = [re.findall(r"^_target_: .*\.(\w+)$", path.read_text(), re.M) for path in files]
        choices = {name: path.stem for path, names in zip(files, targets, strict=True) for name in names}
        options.append(f"{option}={choices.get(value, value)}")
    return options


def write_what_a_table_shows(runs: Path, config: Mapping[str, Any]) -> None:
    if config["sweeps"]:
        sweep, _, dataset = config["sweeps"].rpartition("-")
        if dataset == "100k":
            sweep, dataset = sweep.removesuffix("-ml"), "ml-100k"
        write_sweep(runs, config["sweeps"], axes_of(sweep), f"sweep={sweep}", f"dataset={dataset}")
    for number, row in enumerate(config["rows"]):
        fingerprint = config["published"][row["where"]["dataset"]]["fingerprints"][0]
        for seed in (0, 1):
            options = options_of(row["where"])
            write_run(runs, f"r{number}", options, seed, 0.2 + 0.1 * number, fingerprint=fingerprint)


@pytest.mark.parametrize("name", NAMES)
def test_every_yaml_makes_its_four_files(name: str, make: Make, tmp_path: Path) -> None:
    config = config_of(name)
    write_what_a_table_shows(tmp_path / "runs", config)
    status, out, err = make(f"table={name}")
    assert (status, err) == (0, "")
    assert config["title"] in out
    output = " ".join(out.split())
    assert "no run fits" not in output and "cannot be read" not in output and "is gone" not in output
    table = pl.read_csv(tmp_path / "runs" / "tables" / f"{name}.csv")
    labels = [row["label"] for row in config["rows"]]
    measured = table.filter(pl.col("kind") == "measured")
    assert measured.height == (len(labels) or 2)
    assert not labels or measured["row"].to_list() == labels
    values = [column for column in measured.columns if column.endswith(("recall@20 mean", "ndcg@20 mean"))]
    assert len(values) == 2 and measured.select(values).null_count().sum_horizontal().item() == 0
    files = {
        kind: (tmp_path / "runs" / "tables" / f"{name}.{kind}").read_text() for kind in ("md", "tex", "csv", "html")
    }
    assert "MostPop" in files["md"]
    assert r"\toprule" in files["tex"]
    assert files["html"].startswith("<!doctype html>")
    assert files["csv"].splitlines()[1].startswith("MostPop,")


@pytest.mark.parametrize("name", ["gowalla", "yelp2018"])
def test_published_rows_are_of_the_same_split_where_the_fingerprint_says_so(
    name: str, make: Make, tmp_path: Path
) -> None:
    config = config_of(name)
    write_what_a_table_shows(tmp_path / "runs", config)
    assert make(f"table={name}")[0] == 0
    table = pl.read_csv(tmp_path / "runs" / "tables" / f"{name}.csv")
    published = table.filter(pl.col(f"{name}/recall@20 published").is_not_null())
    assert published.height == len(config["published"][name]["rows"]) == 20
    assert set(published["same split"]) == {"yes"}
    assert set(published.filter(pl.col("kind") != "published")["row"]) >= {"MostPop", "LightGCN", "NGCF"}
    for path in (tmp_path / "runs").glob("*/run.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "another"}))
    assert make(f"table={name}", "name=other")[0] == 0
    table = pl.read_csv(tmp_path / "runs" / "tables" / "other.csv")
    assert set(table["same split"].drop_nulls()) - {""} == {"no"}


def test_a_sweep_needs_no_yaml(make: Make, tmp_path: Path) -> None:
    write_sweep(tmp_path / "runs", "mine", LAYERS)
    status, out, _ = make("sweep=mi", "part=validation", "metrics=[ndcg@20]", "formats=[md]")
    assert status == 0
    tables = tmp_path / "runs" / "tables"
    assert [path.name for path in tables.iterdir()] == ["mine.md"]
    lines = (tables / "mine.md").read_text().splitlines()
    assert lines[0] == "**Sweep mi**"
    assert lines[2] == "| num_layers | ndcg@20 | gain |"
    assert lines[6].startswith("| 2 | **0.3")
    assert "All 2 configurations of sweep mine" in out


def test_the_results_of_all_runs_go_to_a_file_with_warnings(make: Make, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "a", ["model.num_layers=1"], 0, 0.2)
    (write_run(tmp_path / "runs", "a", ["model.num_layers=1"], 1, 0.2) / "metrics.json").write_text("{")
    output = tmp_path / "all.parquet"
    status, out, _ = make(f"results={output}")
    assert status == 0
    assert pl.read_parquet(output)["name"].to_list() == ["a-0"]
    assert "a-1: cut off, or left by another version of ragx" in " ".join(out.split())
    assert f"1 runs: {output}" in out
    assert not (tmp_path / "runs" / "tables").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["table=smokee"], "error: table=smokee: unknown choice. Did you mean 'smoke'? Choices: depth_width_heads,"),
        (["tabel=smoke"], "error: tabel: unknown option."),
        (["table=smoke", "prat=test"], "error: prat: unknown option. Did you mean 'part'?"),
        ([], "error: Expected table=…, sweep=… or results=all.parquet: there is nothing to make."),
        (["sweep=none"], "error: sweep=none: there is no such sweep in "),
        (["sweep=mine", "part=train"], "error: part: expected one of validation, test; got 'train'."),
        (["sweep=mine", "formats=[pdf]"], "error: formats: expected one of md, tex, csv, html; got 'pdf'."),
        (["sweep=mine", "gains=maybe"], "error: gains: expected true or false, got 'maybe'."),
        (["sweep=mine", "name=a/b"], "error: name: expected a name of at most 255 bytes without slashes"),
        (
            ["results=all.xlsx"],
            "error: output: expected a file ending in .parquet, .csv, .json, .jsonl, got 'all.xlsx'.",
        ),
        (["runs=nowhere", "sweep=mine"], "error: runs=nowhere: there is no such folder"),
        (["sweep=mine", "metrics=[recall@5]"], "recall@5 on shop: the baseline MostPop has no value"),
    ],
)
def test_mistakes_end_with_status_2_and_one_message(
    arguments: list[str], message: str, make: Make, tmp_path: Path
) -> None:
    write_sweep(tmp_path / "runs", "mine", LAYERS)
    status, out, err = make(*arguments)
    if message.startswith("error: "):
        assert (status, len(err.splitlines())) == (2, 1)
        assert err.startswith(message), err
    else:
        assert status == 0
        assert message in out


def test_mixed_splits_are_refused_with_the_names_of_runs(make: Make, tmp_path: Path) -> None:
    write_sweep(tmp_path / "runs", "mine", LAYERS)
    path = tmp_path / "runs" / "mine-2-0" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "g", "cell": "other"}))
    path = tmp_path / "runs" / "mine-2-1" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "g", "cell": "other"}))
    status, _, err = make("sweep=mine")
    assert status == 2
    assert err.startswith(
        "error: dataset shop: runs on 2 splits cannot stand in one column: f (mine-1-0, mine-1-1); g (mine-2-0, "
        "mine-2-1)."
    )
