"""The network that docs/extending.md shows, trained on rows: run, killed and resumed, swept, compared and loaded."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra

import ragx
from ragx.runner.command import main
from ragx.runs.files import read_run

from .conftest import Call

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"^```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"\A(?:# @package _global_\n)?# (\S+\.(?:py|yaml))\n")
FILES = {match[1]: text for text in BLOCKS if (match := SHOWN.match(text))}
SHOP = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=300", "tracker=none", "threads=1")
TASK = ("--config-dir", "my_conf", "task=spending", *SHOP)
NETWORK = (*TASK, "model=network", "trainer.batch_size=64", "trainer.max_epochs=4", "trainer.checkpoint_every=2")
TRUST = "trust=[my_spending,my_network]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the current folder, with the files of the page and one finished run."""
    path = tmp_path_factory.mktemp("rows")
    for name, text in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setattr("sys.argv", [])
        patch.setattr("sys.path", [*sys.path])
        GlobalHydra.instance().clear()
        assert main(["run", *NETWORK]) == 0
        yield path
    for name in FILES:
        sys.modules.pop(Path(name).stem, None)


@pytest.fixture(scope="module")
def first(folder: Path) -> Path:
    """Return the folder of the first run."""
    (made,) = (path.parent for path in (folder / "runs").glob("*/metrics.json"))
    return made


def weights_of(folder: Path) -> dict[str, Any]:
    return dict(torch.load(folder / "model.pt", weights_only=False)["model"])


def test_a_run_has_a_curve_and_predicts_by_its_weights(first: Path) -> None:
    metrics, written = read_run(first)[1], json.loads((first / "run.json").read_text())["config"]
    assert first.name.startswith("shop-Spending-Network-value_loss-")
    assert written.keys() == {"task", "dataset", "model", "objective", "optimizer", "trainer", "tracker"}
    curve = [json.loads(line) for line in (first / "train" / "curve.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in curve] == [1, 2, 3, 4]
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert metrics["fit"]["best"]["mae"] == min(line["mae"] for line in curve) == metrics["validation"]["mae"]
    loaded: Any = ragx.load_run(first, trust=["my_spending", "my_network"])
    rows, kept = loaded.split.validation, {name: weight.double().numpy() for name, weight in weights_of(first).items()}
    hidden = np.maximum(np.log1p(rows.x) @ kept["layers.0.weight"].T + kept["layers.0.bias"], 0)
    expected = rows.x.mean(1) * (1 + (hidden @ kept["layers.2.weight"].T + kept["layers.2.bias"])[:, 0])
    assert loaded.predictor(rows.x) == pytest.approx(expected, rel=1e-4)
    assert pl.read_parquet(first / "predictions.parquet")["predicted"].to_numpy() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("refit", ["false", "true"])
def test_a_run_that_was_killed_at_a_step_ends_as_one_that_was_not(
    refit: str, folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Stands for the death of the process."""

    options = ("run", *NETWORK, f"trainer.refit={refit}", "model.width=12")
    call(*options, f"runs=whole-{refit}")
    steps = iter(range(7 if refit == "false" else 19))  # the first training takes 16
    taken = ragx.models.RowSetup.loss

    def dying(*arguments: Any) -> Any:
        if next(steps, None) is None:
            raise Killed
        return taken(*arguments)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("ragx.models.row_model.RowSetup.loss", dying)
        call(*options, f"runs=broken-{refit}")
    assert not list(folder.glob(f"broken-{refit}/*/metrics.json"))
    assert "taken up at step" in call(*options, f"runs=broken-{refit}")
    (whole,), (broken,) = (list(folder.glob(f"{name}-{refit}/*")) for name in ("whole", "broken"))
    assert whole.name == broken.name
    expected, got = weights_of(whole), weights_of(broken)
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    assert read_run(whole)[1]["validation"] == read_run(broken)[1]["validation"]


def test_widths_are_swept_and_the_best_is_compared_with_ridge(folder: Path, call: Call) -> None:
    call("sweep", *NETWORK, "model.width=2,4", "seeds=2", "sweep.name=widths")
    call("run", *TASK)
    cells = json.loads((folder / "runs" / "sweeps" / "widths" / "sweep.json").read_text())["cells"]
    assert len(cells) == 4
    output = call("compare", "runs=runs", "baseline=last_month", "part=validation", "output=found.csv", TRUST)
    assert not output.startswith("error"), output
    rows = {row["run"]: row for row in pl.read_csv("found.csv").to_dicts()}
    labels = " ".join(rows)
    assert "Ridge" in labels and "Network" in labels
    assert sorted(row["seeds"] for row in rows.values()) == [1, 1, 2, 2]  # ridge draws nothing; the first run has one
    assert "MiB" in call("sweep", *NETWORK, "model.width=2,4", "dry_run=true")


def test_a_run_is_reproduced_and_opened_on_test_once(first: Path, call: Call) -> None:
    assert "bit-equal" in call("reproduce", f"run={first}", TRUST)
    assert "has had 1 look" in call("run", *NETWORK, "evaluation.final=true")
    assert {"mae", "rmse"} <= read_run(first)[1]["test"].keys()


def test_an_objective_of_pairs_gives_way_to_one_of_values(call: Call) -> None:
    refused = call("run", *NETWORK, "objective=bpr")
    assert "is no loss of predicted and actual values" in refused
    assert refused.endswith("; choose objective=values.")
    assert "mae" in call("run", *NETWORK, "objective=values", "objective.name=l1_loss")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("+model.features=true",), "model.features: my_network.Network takes no features of users and items"),
        (("task=rank",), "learns from rows with x and y, and the task gives Interactions"),
    ],
)
def test_what_does_not_fit_rows_is_one_line(options: tuple[str, ...], message: str, call: Call) -> None:
    given = [option for option in NETWORK if not option.startswith("task=") or options != ("task=rank",)]
    output = call("run", *given, *options)
    assert output.startswith("error: ")
    assert message in output
