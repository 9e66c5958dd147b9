"""Advice about sweeps, comparisons and tables of finished runs."""

import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from hydra.core.global_hydra import GlobalHydra

from ragx.runner.command import main
from ragx.runner.commands.compare import compare_runs
from ragx.runner.commands.final import finalize
from ragx.runner.commands.status import show_status

SHOP = "dataset.num_users=40 dataset.num_items=30 dataset.num_days=30 dataset.events_per_user=10"
TINY = f"{SHOP} tracker=none trainer.max_epochs=1 model.hidden_dim=8 evaluation.final=false threads=1"
OPENED = tuple(f"run {TINY} seed={seed} evaluation.final=true" for seed in (0, 1))
SWEEP = f"run {TINY} seeds=2 sweep.name=two -m"
TABLE = "table sweeps=two name=shown"
COMPARE = "compare runs=[runs] baseline=most_popular metric=ndcg@20"
Command = Callable[..., tuple[int, str, str]]
DIRECT: dict[str, Callable[[list[str]], object]] = {"compare": compare_runs, "final": finalize, "status": show_status}


class Case(NamedTuple):
    """What spoils a sweep of two seeds, the line that is refused, and the lines that its advice asks for."""

    spoil: Callable[[], object]
    wrong: str
    right: tuple[str, ...]
    mend: Callable[[], object] = lambda: None


def nothing() -> None:
    """Leave the sweep as it is."""


def folders() -> list[Path]:
    return sorted(path.parent for path in Path("runs").glob("*/metrics.json"))


def write(name: str, text: str) -> Callable[[], object]:
    return lambda: (Path("runs/sweeps/two") / name).write_text(text)


def copy_sweep() -> None:
    shutil.copytree("runs/sweeps/two", "runs/sweeps/two-b")


def copy_run() -> None:
    shutil.copytree(folders()[0], f"{folders()[0]}-again")


def take_away() -> None:
    folders()[0].rename("away")


def forget() -> None:
    for path in Path("runs/sweeps/two").glob("*.jsonl"):
        path.unlink()


def change_values() -> None:
    file = folders()[0] / "per_user_validation.parquet"
    shutil.copy(file, "kept.parquet")
    pl.read_parquet(file).with_columns(pl.col("ndcg@20") / 2).write_parquet(file)


def restore_values() -> None:
    shutil.copy("kept.parquet", folders()[0] / "per_user_validation.parquet")


SWEEP_ROWS = {
    "there is no such sweep in …; there are": Case(nothing, "status sweep=thre", ("status sweep=two",)),
    "sweeps begin so: …. Write more of the name": Case(copy_sweep, "status sweep=tw", ("status sweep=two-b",)),
    "damaged (…: …); run the sweep again": Case(
        write("sweep.json", "{"), "status sweep=two", (SWEEP, "status sweep=two")
    ),
    "the run is gone; run the sweep again, which makes what is missing": Case(
        take_away, "final sweep=two", (SWEEP, "final sweep=two")
    ),
    "is done with all its seeds; run the sweep again": Case(forget, "final sweep=two", (SWEEP, "final sweep=two")),
    "its test part was not opened yet. Run … first, or show part=validation": Case(
        nothing, TABLE, (f"{TABLE} part=validation", "final sweep=two", TABLE)
    ),
    "it has no rows; run … again": Case(write("final.json", '{"rows": []}'), TABLE, ("final sweep=two", TABLE)),
    "damaged (…: …); run … again": Case(write("final.json", "{"), TABLE, ("final sweep=two", TABLE)),
    "for runs of a sweep ragx final sweep=…; part=validation compares without": Case(
        nothing,
        COMPARE,
        ("final sweep=two", COMPARE),
    ),
    "its command with evaluation.final=true does, and for runs of a sweep": Case(
        nothing,
        COMPARE,
        (f"{COMPARE} part=validation", *OPENED, COMPARE),
    ),
    "are two runs of one configuration with seed …; leave one of them out": Case(
        copy_run,
        f"{COMPARE} part=validation",
        (f"{COMPARE} part=validation",),
        lambda: shutil.rmtree(folders()[1]),
    ),
    "Restore it, or run that configuration again with reuse=never": Case(
        change_values,
        f"{COMPARE} part=validation",
        (f"{SWEEP.replace(' -m', ' reuse=never -m')}", f"{COMPARE} part=validation"),
    ),
    "The command of a finished run with evaluation.final=true opens its test part; part=validation needs none": Case(
        nothing,
        "table name=shown 'rows=[{label: ours, where: {model: RelevanceAwareGraph}}]'",
        ("table name=shown part=validation 'rows=[{label: ours, where: {model: RelevanceAwareGraph}}]'",),
    ),
    "is a row of every table; call yours otherwise": Case(
        nothing,
        "table name=shown part=validation 'rows=[{label: MostPop, where: {model: RelevanceAwareGraph}}]'",
        ("table name=shown part=validation 'rows=[{label: ours, where: {model: RelevanceAwareGraph}}]'",),
    ),
}


@pytest.fixture(scope="module")
def runs_of_a_sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of runs that holds the sweep of two seeds, made once for all rows."""
    folder = tmp_path_factory.mktemp("sweep")
    GlobalHydra.instance().clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", [])
        patch.setattr("sys.path", [*sys.path])
        assert main(shlex.split(SWEEP)) == 0
    GlobalHydra.instance().clear()
    return folder / "runs"


@pytest.fixture
def sweep(runs_of_a_sweep: Path, command: Command) -> None:
    """Copy the sweep into the current folder, where rows may spoil it."""
    shutil.copytree(runs_of_a_sweep, "runs")


@pytest.mark.parametrize("advice", SWEEP_ROWS)
@pytest.mark.usefixtures("sweep")
def test_what_is_advised_goes_through(advice: str, command: Command, follow: Callable[..., None]) -> None:
    case = SWEEP_ROWS[advice]

    def call(line: str) -> None:
        name, *words = shlex.split(line)
        if name in DIRECT:
            DIRECT[name](words)
            return
        ended = command(name, *words)
        if ended[0]:
            raise ValueError(ended[2])

    def followed() -> None:
        case.mend()
        for line in case.right:
            call(line)

    case.spoil()
    follow(advice, lambda: call(case.wrong), followed)


@pytest.mark.usefixtures("sweep")
def test_status_names_a_run_that_is_gone_and_the_sweep_makes_it_anew(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    def status() -> str:
        show_status(["two"])
        return " ".join(capsys.readouterr().out.split())

    advice = "its run folder is not there; run the sweep again, which makes it anew"
    assert advice not in status()
    take_away()
    assert advice in status()
    assert command(*shlex.split(SWEEP))[0] == 0
    assert advice not in status()
