"""Which runs fit the conditions of a row, and which cannot be one row."""

import re
from typing import Any

import pytest

from ragx.report.tables.conditions import matches
from ragx.report.tables.rows import Name, differences, label_of, rows_by_conditions
from ragx.report.tables.spec import RowSpec, TableSpec

FOUR = {"option.layer.heads": "4"}


def run(name: str = "a", seed: int | None = 0, /, **change: Any) -> dict[str, Any]:
    return {
        **{"name": name, "folder": f"runs/{name}", "identity": name, "cell": "c", "seed": seed, "kept": False},
        **{"dataset": "shop", "fingerprint": "f", "test/ndcg@20": 0.2, "option.layer.heads": "2"},
        **{"option.layer._target_": "ragx.layers.LightConv", "option.optimizer.lr": "0.001"},
        **{"option.model.bias": "true", "option.trainer.clip_norm": "null", "refit": False, **change},
    }


def spec(where: dict[str, Any], part: str = "test") -> TableSpec:
    return TableSpec(rows=[RowSpec("A", where)], part=part)


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"layer": "LightConv"}, True),
        ({"layer": "ragx.layers.LightConv"}, True),
        ({"layer": "light"}, False),
        ({"layer.heads": 2}, True),
        ({"layer.heads": 2.0}, True),
        ({"layer.heads": "2"}, True),
        ({"layer.heads": [1, 2]}, True),
        ({"layer.heads": [1, 4]}, False),
        ({"optimizer.lr": 1e-3}, True),
        ({"model.bias": True}, True),
        ({"model.bias": 1}, False),
        ({"trainer.clip_norm": None}, True),
        ({"dataset": "shop", "refit": False}, True),
        ({"dataset": "gowalla"}, False),
        ({"layer.heads": 2, "layer": "GATConv"}, False),
    ],
)
def test_conditions_are_about_options_classes_and_columns(where: dict[str, Any], fits: bool) -> None:
    assert matches(run(), where) is fits


def test_a_row_holds_the_seeds_of_one_configuration_by_dataset() -> None:
    runs = [
        run("b", 1),
        run("a", 0),
        run("g", 0, dataset="gowalla", cell="d"),
        run("x", 0, **FOUR),
    ]
    selection = rows_by_conditions(runs, spec({"layer.heads": 2}), {"runs/a": 6})
    (group,) = selection.groups
    names = {dataset: [member["name"] for member in members] for dataset, members in group.runs.items()}
    assert names == {"shop": ["a", "b"], "gowalla": ["g"]}
    assert (group.label, group.budget, selection.warnings) == ("A", {"shop": 6}, [])


def test_several_configurations_are_refused_with_their_differences() -> None:
    runs = [run("a"), run("b", cell="c2", **FOUR)]
    expected = (
        "row A: 2 configurations of dataset shop fit, where a row is one: a, b. They differ in layer.heads (2, 4). "
        "Add a condition (where), or a label (labels), that tells them apart."
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        rows_by_conditions(runs, spec({"layer": "LightConv"}), {})
    assert differences([run("a"), run("b")]).startswith("nothing that is recorded but their cells")


def test_an_option_that_no_run_has_is_told() -> None:
    with pytest.raises(ValueError, match=r"row A: no run has an option 'layer.head'. Did you mean 'layer.heads'\?"):
        rows_by_conditions([run()], spec({"layer.head": 2}), {})


def test_a_row_without_runs_stays_empty_and_says_why() -> None:
    selection = rows_by_conditions([run()], spec({"layer.heads": 8}), {})
    assert selection.groups[0].runs == {}
    assert selection.warnings == [
        "row A: no run fits its conditions; the row stays empty. Among all runs, layer.heads is 2."
    ]
    selection = rows_by_conditions([run()], spec({"layer.heads": 2}, part="validation"), {})
    assert selection.warnings == ["row A: a fit, but none was evaluated on validation; the row stays empty."]


def test_what_newer_code_has_run_again_stands_back() -> None:
    kept = run("a.code-1", kept=True, identity="a")
    selection = rows_by_conditions([kept, run("a")], spec({"layer.heads": 2}), {})
    assert [member["name"] for member in selection.groups[0].runs["shop"]] == ["a"]
    selection = rows_by_conditions([kept], spec({"layer.heads": 2}), {})
    assert [member["name"] for member in selection.groups[0].runs["shop"]] == ["a.code-1"]


def test_a_seed_in_two_folders_counts_once() -> None:
    selection = rows_by_conditions([run("a"), run("copy of a", identity="b")], spec({"layer.heads": 2}), {})
    assert [member["name"] for member in selection.groups[0].runs["shop"]] == ["a"]
    assert selection.warnings == [
        "row A, dataset shop: seed 0 stands in two folders, runs/a and runs/copy of a; the first is used."
    ]


def test_a_number_in_a_label_has_its_heading() -> None:
    stub = (Name("layers", "2"), Name("loss", "bpr"), Name("rate", "0.1"), Name("heads", ""))
    assert label_of(stub) == "layers 2, bpr, rate 0.1"
