"""Rows that a sweep gives: its whole grid on validation, and on test what was chosen."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragx.report.tables.rows import Found
from ragx.report.tables.spec import RowSpec, TableSpec
from ragx.report.tables.sweep import rows_of_sweeps
from ragx.runs.results import collect
from ragx.runs.sweeps.record import SweepRecord

MakeSweep = Callable[..., SweepRecord]
AXES = {"layer": ["own.Light", "own.Heads"], "model.num_layers": ["1", "2"]}


def rows(*records: SweepRecord, **options: Any) -> Found:
    runs = collect(records[0].folder.parents[1]).table.to_dicts()
    for run in runs:  # the made-up ones have a cell of their own, real ones share it among seeds
        run["cell"] = str([run["dataset"], *(value for name, value in run.items() if name.startswith("option."))])
    return rows_of_sweeps(records, runs, TableSpec(**options))


def layers(options: dict[str, str], seed: int) -> float:
    return int(options["model.num_layers"]) + seed / 8


def choose(record: SweepRecord, *chosen: dict[str, Any]) -> None:
    (record.folder / "final.json").write_text(json.dumps({"refit": False, "rows": list(chosen)}))


def folders(record: SweepRecord, *options: str) -> list[str]:
    return [str(cell.folder) for cell in record.cells() if {*options} <= {*cell.planned.overrides}]


def test_the_grid_on_validation_has_a_row_for_every_configuration(make_sweep: MakeSweep) -> None:
    selection = rows(make_sweep(AXES, layers, seeds=(0, 1)), part="validation")
    assert selection.headings == ("layer", "num_layers")
    assert [group.label for group in selection.groups] == [
        f"{layer}, num_layers {depth}" for layer in ("own.Light", "own.Heads") for depth in (1, 2)
    ]
    values = [[run["validation/ndcg@20"] for run in group.runs["shop"]] for group in selection.groups]
    assert values == [[1.0, 1.125], [2.0, 2.125]] * 2
    assert (selection.warnings, [group.budget for group in selection.groups]) == ([], [{}] * 4)
    assert selection.notes == ["All 4 configurations of sweep made-up, on the part that chooses among them."]


def test_labels_are_chosen_and_must_tell_rows_apart(make_sweep: MakeSweep) -> None:
    record = make_sweep(AXES, layers, seeds=(0,))
    selection = rows(record, part="validation", labels={"model.num_layers": "depth", "layer": ""})
    assert [group.label for group in selection.groups][:2] == ["depth 1, own.Light", "depth 2, own.Light"]
    message = (
        "row depth 1: 2 configurations of dataset shop fit, where a row is one: run-made-up-0000, run-made-up-0002. "
    )
    with pytest.raises(ValueError, match=re.escape(f"{message}They differ in layer._target_ (own.Light, own.Heads).")):
        rows(record, part="validation", labels={"model.num_layers": "depth"})


def test_what_is_not_done_or_cannot_be_read_is_warned_of(make_sweep: MakeSweep) -> None:
    def unfinished(options: dict[str, str], seed: int) -> float | None:
        return None if seed == 2 else layers(options, seed)

    record = make_sweep({"model.num_layers": ["1", "2"]}, unfinished)
    (record.cells()[0].folder or Path()).joinpath("metrics.json").write_text("{")
    selection = rows(record, part="validation")
    assert [len(group.runs["shop"]) for group in selection.groups] == [1, 2]
    assert selection.warnings == [
        "sweep made-up: runs that are not in the table: 2 waiting.",
        "sweep made-up: run-made-up-0000 cannot be read or is gone; its seed is missing from the table.",
    ]


def test_on_test_the_rows_are_those_that_were_chosen(make_sweep: MakeSweep) -> None:
    record = make_sweep(AXES, layers, seeds=(0, 1))
    first, second = ["layer=own.Light", "model.num_layers=2"], ["layer=own.Heads", "model.num_layers=1"]
    choose(
        record,
        {"row": "own.Light", "options": first, "folders": folders(record, *first), "budget": 2},
        {"row": "own.Heads", "options": second, "folders": folders(record, *second), "budget": 4},
    )
    selection = rows(record, labels={"layer": "layer"})
    assert [(group.label, group.budget, group.chosen) for group in selection.groups] == [
        ("own.Light", {"shop": 2}, "model.num_layers=2"),
        ("own.Heads", {"shop": 4}, "model.num_layers=1"),
    ]
    assert [run["seed"] for run in selection.groups[0].runs["shop"]] == [0, 1]
    assert selection.notes == [
        "Of every row of sweep made-up, what was best on validation, looked at on test afterwards."
    ]


def test_a_sweep_without_rows_is_called_by_what_was_chosen_or_by_its_name(make_sweep: MakeSweep) -> None:
    record = make_sweep(AXES, layers, seeds=(0,))
    choose(record, {"row": "", "options": ["model.num_layers=2"], "folders": [], "budget": 4})
    assert [group.label for group in rows(record).groups] == ["num_layers 2"]
    choose(record, {"row": "", "options": [], "folders": [], "budget": 4})
    assert [group.label for group in rows(record).groups] == ["made-up"]


def test_datasets_of_two_sweeps_become_columns_of_one_row(make_sweep: MakeSweep) -> None:
    axes = {"model.num_layers": ["1", "2"]}
    one, two = (make_sweep(axes, layers, seeds=(0,), dataset=name, name=f"of-{name}") for name in ("shop", "far"))
    selection = rows(one, two, part="validation")
    assert [(group.label, sorted(group.runs)) for group in selection.groups] == [
        ("num_layers 1", ["far", "shop"]),
        ("num_layers 2", ["far", "shop"]),
    ]
    other = make_sweep({"model.hidden_dim": ["8", "16"]}, lambda options, seed: 0.1, seeds=(0,), name="other")
    with pytest.raises(ValueError, match="of-shop, other vary different options: num_layers and hidden_dim"):
        rows(one, other, part="validation")


def test_a_dataset_that_is_an_axis_names_columns_and_no_rows(make_sweep: MakeSweep) -> None:
    record = make_sweep({"dataset": ["shop", "far"], **AXES}, layers, seeds=(0,))
    selection = rows(record, part="validation")
    assert selection.headings == ("layer", "num_layers")
    assert [sorted(group.runs) for group in selection.groups] == [["far", "shop"]] * 4


def test_conditions_choose_among_the_runs_of_the_sweep(make_sweep: MakeSweep) -> None:
    record = make_sweep(AXES, layers, seeds=(0,))
    make_sweep(AXES, layers, seeds=(0,), name="another")
    selection = rows(record, part="validation", rows=[RowSpec("Ours", {"layer": "Heads", "model.num_layers": 2})])
    assert [run["name"] for run in selection.groups[0].runs["shop"]] == ["run-made-up-0003"]
    options = ["layer=own.Heads", "model.num_layers=2"]
    choose(record, {"row": "", "options": options, "folders": folders(record, *options), "budget": 4})
    for run in folders(record, *options):
        path = Path(run) / "metrics.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"test": {"ndcg@20": 0.3}}))
    selection = rows(record, rows=[RowSpec("Ours", {"layer": "Heads"})])
    assert (selection.groups[0].label, selection.groups[0].budget) == ("Ours", {"shop": 4})


def test_what_was_not_chosen_yet_or_is_damaged_is_told(make_sweep: MakeSweep) -> None:
    record = make_sweep(AXES, layers, seeds=(0,))
    command = "ragx final sweep=made-up"
    with pytest.raises(
        ValueError, match=f"its test part was not opened yet. Run {command} first, or show part=validation."
    ):
        rows(record)
    for text, reason in (
        ('{"rows": [{"row": ""}]}', f"damaged \\(KeyError: 'options'\\); run {command} again."),
        ('{"rows": []}', f"it has no rows; run {command} again."),
        ("{", "expected a JSON file"),
    ):
        (record.folder / "final.json").write_text(text)
        with pytest.raises(ValueError, match=reason):
            rows(record)
