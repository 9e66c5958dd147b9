"""What final.py chooses, when it looks, and what it says of that."""

import io
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ragx.runner.commands.final import choose, finalize
from ragx.runner.run.cell import Cell
from ragx.runner.run.opening import rehearse
from ragx.runner.sweep.view import best_of
from ragx.runs.files import read_json, read_run, write_json
from ragx.runs.looks import Looks
from ragx.runs.sweeps.record import PlannedCell, SweepRecord

TINY = (
    *("dataset.num_users=60", "dataset.num_items=40", "tracker=none", "trainer.max_epochs=1", "model.hidden_dim=8"),
    *("sweep.name=mine", "sweep.rows=[dataset.num_days]", "dataset.num_days=40,50", "model.num_layers=0,1", "seeds=2"),
)
Values = Mapping[str, Sequence[float | None]]


def planted(folder: Path, rows: Mapping[str, Values], monitors: Mapping[str, str] | None = None) -> SweepRecord:
    """Return a sweep whose configurations have known values by seed; None is one that is not done.

    Monitors are by configuration, none as in sweeps of earlier versions by default.
    """
    record = SweepRecord(folder / "sweeps" / "mine")
    cells = {
        PlannedCell((f"row={row}", f"lr={name}", f"seed={seed}"), seed, row): value
        for row, configurations in rows.items()
        for name, values in configurations.items()
        for seed, value in enumerate(values)
    }
    record.plan(list(cells), [], axes=["lr"], rows=["row"])
    for cell, value in cells.items():
        if value is not None:
            monitor = (monitors or {}).get(cell.configuration[1].removeprefix("lr="), "")
            record.event(cell.key, "done", folder=str(folder / cell.key), value=value, monitor=monitor)
    return record


def chosen(record: SweepRecord) -> tuple[dict[str, str], str]:
    """Return the chosen configuration of every row, and what was said."""
    output = io.StringIO()
    choices = choose(record, Console(file=output, width=200))
    return {choice.row: choice.cells[0].planned.configuration[1] for choice in choices}, output.getvalue()


def test_the_highest_mean_over_seeds_is_chosen_in_every_row(tmp_path: Path) -> None:
    """Neither the first seed, nor the best seed, nor the lowest value, nor the first configuration decides."""
    rows = {
        "a": {"1": (0.5, 0.1), "2": (0.4, 0.4), "3": (0.3, 0.3)},
        "b": {"1": (0.3, 0.9), "2": (0.4, 0.4), "3": (0.1, 0.1)},
    }
    assert chosen(planted(tmp_path, rows)) == ({"a": "lr=2", "b": "lr=1"}, "")


def test_of_a_metric_of_which_less_is_better_the_lowest_mean_is_chosen(tmp_path: Path) -> None:
    rows = {"a": {"1": (0.1, 0.9), "2": (0.4, 0.4), "3": (0.45, 0.45)}}
    record = planted(tmp_path, rows, dict.fromkeys("123", "gini@20"))
    assert chosen(record) == ({"a": "lr=2"}, "")
    best = best_of(record.cells())
    assert best is not None and best.value == 0.1


def test_no_choice_is_made_between_metrics_of_two_directions(tmp_path: Path) -> None:
    record = planted(tmp_path, {"a": {"1": (0.1,), "2": (0.4,)}}, {"1": "gini@20", "2": "ndcg@20"})
    with pytest.raises(ValueError, match=r"row a chose by gini@20 and ndcg@20, .* sweep each monitor by itself"):
        chosen(record)


def test_of_equals_the_first_that_was_planned_is_chosen(tmp_path: Path) -> None:
    assert chosen(planted(tmp_path, {"a": {"9": (0.2,), "1": (0.4,), "5": (0.4,)}}))[0] == {"a": "lr=1"}


def test_what_is_not_done_with_all_seeds_is_named_and_not_chosen(tmp_path: Path) -> None:
    rows: dict[str, Values] = {
        "a": {"1": (0.9, None), "2": (0.9, float("nan")), "3": (0.2, 0.2)},
        "b": {"1": (0.1, 0.1)},
    }
    options, message = chosen(planted(tmp_path, rows))
    assert options == {"a": "lr=3", "b": "lr=1"}
    assert message == "2 of 3 configurations of row a are not done; the choice is among the others.\n"
    with pytest.raises(ValueError, match="no configuration of row b is done with all its seeds; run the sweep again"):
        chosen(planted(tmp_path / "none", {"a": {"1": (0.1,)}, "b": {"1": (None,)}}))


@pytest.fixture
def sweep(command: Any, tmp_path: Path) -> tuple[Path, SweepRecord]:
    """Return the folder and record of a sweep of two rows on two splits, its values planted so that layer 0 wins."""
    runs = tmp_path / "runs"
    ended = command("run", "-m", *TINY, f"runs={runs}")
    assert ended.status == 0, ended.err
    record = SweepRecord(runs / "sweeps" / "mine")
    for cell in record.cells():
        value = {"0": (0.9, 0.1), "1": (0.7, 0.2)}["0" if "model.num_layers=0" in cell.planned.overrides else "1"]
        record.event(cell.planned.key, "done", folder=str(cell.folder), value=value[cell.planned.seed], how="run")
    return runs, record


def looks_of(runs: Path) -> int:
    return sum(part.looks for part in Looks(runs).by_test_part().values())


def final(runs: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    capsys.readouterr()
    finalize(["sweep=mine", f"runs={runs}", *options])
    return capsys.readouterr().out


def table_of(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]


def test_what_validation_chose_is_opened_counted_and_shown(
    sweep: tuple[Path, SweepRecord], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, record = sweep
    monkeypatch.setenv("COLUMNS", "200")
    with monkeypatch.context() as patch:
        fail_at_the_last(patch)
        with pytest.raises(ValueError, match="the last cell cannot be loaded"):
            finalize(["sweep=mine", f"runs={runs}"])
    assert looks_of(runs) == 0  # three of four were ready, and none was shown the test part
    out = final(runs, capsys)
    rows = read_json(record.folder / "final.json")["rows"]
    assert [row["row"] for row in rows] == ["dataset.num_days=40", "dataset.num_days=50"]
    assert all("model.num_layers=0" in row["options"] and row["budget"] == 2 for row in rows)
    opened = {path.parent.name for path in runs.glob("*/per_user_test.parquet")}
    assert opened == {Path(folder).name for row in rows for folder in row["folders"]}
    assert len(opened) == looks_of(runs) == 4
    for row, shown in zip(rows, table_of(out), strict=True):
        values = [read_run(Path(folder))[1]["test"]["ndcg@20"] for folder in row["folders"]]
        assert shown[3] == "0.5000 ± 0.5657"
        assert shown[4] == f"{statistics.fmean(values):.4f} ± {statistics.stdev(values):.4f}"
        fingerprint = read_run(Path(row["folders"][0]))[1]["split"]["fingerprint"]
        assert f"split {fingerprint} has had 2 looks. 2 of the looks were made now, after the choice." in out
    repeated = final(runs, capsys)
    assert table_of(repeated) == table_of(out)
    assert repeated.count("has had 2 looks. 0 of the looks were made now") == 2
    refitted = final(runs, capsys, "refit=true")
    assert refitted.count("has had 4 looks. 2 of the looks were made now") == 2
    folders = [Path(folder) for row in read_json(record.folder / "final.json")["rows"] for folder in row["folders"]]
    assert all(read_run(folder)[0]["refit"] and folder.name not in opened for folder in folders)


def test_what_other_code_made_is_run_again_and_named(
    sweep: tuple[Path, SweepRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    runs, record = sweep
    (folder, *_) = (cell.folder for cell in record.cells() if "model.num_layers=0" in cell.planned.overrides)
    assert folder is not None
    for name in ("run.json", "metrics.json"):
        write_json(folder / name, read_json(folder / name) | {"source": "0123456789"})
    out = final(runs, capsys)
    assert out.count("other code made what was chosen") == 1
    assert f"{folder.name}: other code made what was chosen; this is run by the code here" in out
    assert "other code" not in final(runs, capsys)


def test_a_run_that_is_gone_is_named_before_any_look(sweep: tuple[Path, SweepRecord], capsys: Any) -> None:
    runs, record = sweep
    folder = next(cell.folder for cell in record.cells() if "model.num_layers=0" in cell.planned.overrides)
    assert folder is not None
    folder.rename(runs / "away")
    with pytest.raises(ValueError, match=rf"{folder.name}: the run is gone; run the sweep again, which makes"):
        final(runs, capsys)
    assert looks_of(runs) == 0


def fail_at_the_last(patch: pytest.MonkeyPatch) -> None:
    """Have the rehearsal of the fourth run fail."""
    plain = rehearse
    done: list[object] = []

    def failing(cell: Cell) -> Any:
        done.append(cell)
        if len(done) == 4:
            raise ValueError("the last cell cannot be loaded")
        return plain(cell)

    patch.setattr("ragx.runner.commands.final.rehearse", failing)
