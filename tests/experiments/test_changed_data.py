"""A finished run once its data file is another: sorted otherwise it serves as before, other contents are refused."""

import importlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hydra.core.global_hydra import GlobalHydra

from ragx.runner.command_line import guarded
from ragx.runner.commands.difference import difference
from ragx.runner.commands.final import finalize
from ragx.runner.commands.reproduce import reproduce
from ragx.runs.sweeps.record import PlannedCell, SweepRecord
from ragx.serving.run import load_run
from ragx.training.checkpoint import load_checkpoint

from .conftest import CONF

HEAD = "user,item,time,value,kind"


def _events() -> list[str]:
    draw = random.Random(5)
    return [
        f"u{user},i{item},{1_700_000_000 + draw.randrange(9)},{draw.randrange(1, 4)},{draw.choice(['view', 'buy'])}"
        for user in range(20)
        for item in draw.sample(range(12), 7)
    ]


def _write(folder: Path, events: list[str], items: list[str]) -> None:
    (folder / "orders.csv").write_text("\n".join([HEAD, *events]) + "\n")
    (folder / "products.csv").write_text("\n".join(["sku,price", *items]) + "\n")


EVENTS, ITEMS = _events(), [f"i{item},{item}.5" for item in range(12)]


def _train(folder: Path, *more: str) -> Path:
    """Run on the data in a folder, with features and a test part that is opened, and return the folder of the run."""
    table = "{_target_: ragx.data.AttributeTable, path: products.csv, id: sku, columns: {price: number}}"
    arguments = [
        *("dataset=csv", "dataset.path=orders.csv", f"dataset.items={table}", "model.features=true"),
        *(f"dataset.columns.{name}={name}" for name in ("time", "value", "kind")),
        *("split=leave_last_out", "graph=value", "model.hidden_dim=4", "trainer.max_epochs=2", "tracker=none"),
        *("threads=1", "evaluation.final=true", f"runs={folder / 'runs'}"),
        *more,
    ]
    GlobalHydra.instance().clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["run.py", *arguments])
        patch.setenv("RAGX_DATA", str(folder))
        assert guarded(importlib.import_module("ragx.runner.jobs.run").job, CONF, "run") == 0
    GlobalHydra.instance().clear()
    (run,) = (path.parent for path in folder.glob("runs/*/metrics.json"))
    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with data and, in ``runs``, one run on it."""
    folder = tmp_path_factory.mktemp("mine")
    _write(folder, EVENTS, ITEMS)
    _train(folder)
    return folder


@pytest.fixture
def mine(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return a copy of the data's folder and of the run."""
    folder = tmp_path / "mine"
    shutil.copytree(trained, folder)
    monkeypatch.setenv("RAGX_DATA", str(folder))
    (run,) = (path.parent for path in folder.glob("runs/*/metrics.json"))
    return folder, run


def test_the_rows_may_be_sorted_otherwise(mine: tuple[Path, Path]) -> None:
    folder, run = mine
    before, new = load_run(run).recommend(k=5), load_run(run).fold_in(["i3", "i4"], k=5)
    for events in (sorted(EVENTS), EVENTS[::-1]):
        _write(folder, events, ITEMS[::-1])
        loaded = load_run(run)
        assert loaded.recommend(k=5).equals(before)
        assert loaded.fold_in(["i3", "i4"], k=5).equals(new)
    assert before.equals(pl.read_parquet(run / "recommendations.parquet").filter(pl.col("rank") <= 5))


def test_a_run_on_shuffled_rows_is_the_same_run_to_the_bit(mine: tuple[Path, Path], tmp_path: Path) -> None:
    draw, other = random.Random(3), tmp_path / "other"
    other.mkdir()
    _write(other, draw.sample(EVENTS, len(EVENTS)), draw.sample(ITEMS, len(ITEMS)))
    rerun = _train(other)
    assert rerun.name == mine[1].name  # of one identity
    differences = difference(mine[1], rerun)
    assert differences.is_none, differences
    for name in ("recommendations.parquet", "per_user_test.parquet", "per_user_validation.parquet"):
        assert pl.read_parquet(mine[1] / name).equals(pl.read_parquet(rerun / name)), name


def test_ids_of_the_weights_are_those_that_filters_leave(
    mine: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    guests = [f"a guest {user},i{user},1700000000,1,buy" for user in range(3)]
    _write(other, [*guests, *EVENTS, *EVENTS[::5]], ITEMS)
    monkeypatch.setenv("RAGX_DATA", str(other))
    core = "{_target_: ragx.data.KCore, users: 3, items: 3}"
    run = _train(other, "dataset.rules.duplicates=sum", f"dataset.rules.filters=[{core}]")
    kept = load_checkpoint(run / "model.pt")
    assert kept["users"] == sorted({event.split(",")[0] for event in EVENTS})
    lists = pl.read_parquet(run / "recommendations.parquet").filter(pl.col("rank") <= 4)
    assert load_run(run).recommend(k=4).equals(lists)


def _with(index: int, **columns: str) -> list[str]:
    names = HEAD.split(",")
    row = dict(zip(names, EVENTS[index].split(","), strict=True)) | columns
    return [*EVENTS[:index], ",".join(row[name] for name in names), *EVENTS[index + 1 :]]


CHANGES: dict[str, tuple[Callable[[], tuple[list[str], list[str]]], str]] = {
    "a value": (lambda: (_with(3, value="9"), ITEMS), "what changed: values"),
    "a time": (lambda: (_with(3, time="1700000001"), ITEMS), "what changed: times"),
    "a kind": (lambda: (_with(3, kind="cart"), ITEMS), "what changed: kinds of event"),
    "an attribute": (lambda: (EVENTS, ["i0,77", *ITEMS[1:]]), "what changed: attributes of items"),
    "an item": (
        lambda: (_with(3, item="i99"), ITEMS),
        "what changed: 1 of the items were not there, such as 'i99'; which users have which items",
    ),
    "a user": (
        lambda: ([line for line in EVENTS if not line.startswith("u7,")], ITEMS),
        "what changed: 1 of the users are gone, such as 'u7'; which users have which items",
    ),
    "a row": (lambda: (EVENTS + EVENTS[:1], ITEMS), "what changed: which users have which items, or how often"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_contents_are_refused_by_name(mine: tuple[Path, Path], change: str) -> None:
    folder, run = mine
    make, reason = CHANGES[change]
    _write(folder, *make())
    sweep = SweepRecord(folder / "runs" / "sweeps" / "mine")
    sweep.plan([PlannedCell(("seed=0",), 0, "a")], [], axes=[], rows=[])
    sweep.event(sweep.cells()[0].planned.key, "done", folder=str(run), value=0.5)
    final = [f"sweep={sweep.folder.name}", f"runs={folder / 'runs'}"]
    for refused in (lambda: load_run(run), lambda: reproduce([str(run)]), lambda: finalize(final)):
        with pytest.raises(ValueError, match=f"the data is not what the run was made on; {reason}.* Restore the data"):
            refused()
    _write(folder, EVENTS, ITEMS)
    load_run(run)  # the remedy works
    finalize(final)
