"""The record of a sweep says where every cell stands, whatever died while it was written."""

import json
from pathlib import Path

import pytest

from ragx.runs.lock import RunLock
from ragx.runs.sweeps.record import PlannedCell, SweepRecord, find_sweep

ONE, TWO = PlannedCell(("a=1", "seed=0"), 0, "first"), PlannedCell(("a=1", "seed=1"), 1, "first")


@pytest.fixture
def record(tmp_path: Path) -> SweepRecord:
    sweep = SweepRecord(tmp_path / "runs" / "sweeps" / "mine")
    sweep.plan([ONE, TWO], [{"cell": "heads=3", "reason": "does not divide"}], name="mine", axes=["a"])
    return sweep


def states(record: SweepRecord) -> list[str]:
    return [cell.state for cell in record.cells()]


def test_the_plan_is_read_back(record: SweepRecord) -> None:
    assert record.planned == [ONE, TWO]
    assert record.settings["axes"] == ["a"]
    assert record.settings["dropped"][0]["cell"] == "heads=3"
    assert ONE.configuration == TWO.configuration == ("a=1",)
    assert ONE.key == "a=1 seed=0"


def test_a_cell_goes_from_waiting_to_done(record: SweepRecord, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "run"
    assert states(record) == ["waiting", "waiting"]
    record.event(ONE.key, "started", folder=str(folder))
    assert states(record) == ["interrupted", "waiting"], "nobody holds its folder"
    with RunLock(folder):
        assert states(record) == ["running", "waiting"]
    record.event(ONE.key, "done", how="run", value=0.5, seconds=2.0)
    record.event(TWO.key, "failed", error="no luck")
    one, two = record.cells()
    assert (one.state, one.how, one.value, one.seconds, one.folder) == ("done", "run", 0.5, 2.0, folder)
    assert (two.state, two.error) == ("failed", "no luck")


def test_a_cell_is_the_better_the_smaller_its_value_where_its_run_says_so(record: SweepRecord) -> None:
    record.event(ONE.key, "done", value=3.0, monitor="first_hit@20", larger_is_better=False)
    record.event(TWO.key, "done", value=4.0, monitor="gini@20")  # as an earlier version wrote it
    assert [cell.merit for cell in record.cells()] == [-3.0, -4.0]


def test_a_cell_that_is_tried_again_forgets_its_error(record: SweepRecord) -> None:
    record.event(ONE.key, "started")
    record.event(ONE.key, "failed", error="no luck")
    record.event(ONE.key, "started")
    record.event(ONE.key, "done", how="continued", value=0.1)
    (one, _) = record.cells()
    assert (one.state, one.error, one.attempts) == ("done", "", 2)


def test_an_event_that_was_torn_off_costs_itself_alone(record: SweepRecord) -> None:
    record.event(ONE.key, "done", how="run", value=0.5)
    with (record.folder / "events.jsonl").open("a") as file:
        file.write('{"cell": "a=1 seed=1", "event": "do')
    assert states(record) == ["done", "waiting"]
    record.event(TWO.key, "done", how="run", value=0.25)
    assert states(record) == ["done", "done"]


def test_a_sweep_is_found_by_the_beginning_of_its_name(record: SweepRecord, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    assert find_sweep(runs, "mi").folder == record.folder
    SweepRecord(runs / "sweeps" / "mine-too").plan([ONE], [], name="mine-too")
    assert find_sweep(runs, "mine").folder == record.folder
    with pytest.raises(ValueError, match=r"2 sweeps begin so: mine, mine-too\. Write more"):
        find_sweep(runs, "mi")
    with pytest.raises(ValueError, match=r"sweep=other: there is no such sweep in .*there are: mine, mine-too"):
        find_sweep(runs, "other")


def test_a_run_lies_beside_the_sweeps_wherever_an_event_says_it_does(record: SweepRecord, tmp_path: Path) -> None:
    for folder in ("/elsewhere/runs/shop-1", "../../../etc/shop-1", "shop-1"):
        record.event(ONE.key, "done", folder=folder, value=0.5)
        assert record.cells()[0].folder == tmp_path / "runs" / "shop-1"
    record.event(ONE.key, "done", folder="..", value=0.5)
    assert record.cells()[0].folder is None


@pytest.mark.parametrize(
    "cells", ['"x"', "[7]", '[{"overrides": 7, "seed": 0}]', '[{"seed": 0}]', '[{"overrides": []}]']
)
def test_a_damaged_plan_says_so(record: SweepRecord, cells: str) -> None:
    (record.folder / "sweep.json").write_text(f'{{"cells": {cells}}}')
    with pytest.raises(ValueError, match=r"sweep\.json: damaged .*; run the sweep again"):
        record.cells()


def test_an_odd_event_takes_nothing_down(record: SweepRecord) -> None:
    for odd in ({"cell": [1]}, {"cell": ONE.key}, {"cell": ONE.key, "event": "done", "value": "x", "seconds": 10**400}):
        with (record.folder / "events.jsonl").open("a") as file:
            file.write(json.dumps(odd) + "\n")
    assert (record.cells()[0].state, record.cells()[0].value, record.cells()[0].seconds) == ("done", None, None)
