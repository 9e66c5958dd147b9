"""Metrics of one's own in a table: their runs say which value is the best, and two of one name stand in no column."""

import json
import re
from typing import Any

import pytest

from ragx.report.tables.build import build_table
from ragx.report.tables.cells import Column, Table
from ragx.report.tables.rows import Found, Group, Name
from ragx.report.tables.spec import TableSpec


def group(label: str, rank: float, recorded: dict[str, Any]) -> Group:
    """Return a row of one run with values of two metrics."""
    run: dict[str, Any] = {
        **{"name": label, "folder": f"runs/{label}", "cell": label, "seed": 0, "dataset": "shop", "fingerprint": "f1"},
        **{"rules": '{"cold_users": "exclude", "conventions": "lightgcn"}', "refit": False, "source": None},
        **{"modules": "[]", "split": "time", "looks": 3, "commit": "0123456789abcdef", "dirty": False},
        **{"train_rows": 9000, "validation_rows": 500, "test_rows": 501, "test_units": 317},
        **{"per_unit_test": None, "per_unit_most_popular_test": None, "metrics": json.dumps({"rank": recorded})},
        **{"test/rank@20": rank, "most_popular/test/rank@20": 8.0},
        **{"test/ndcg@20": 0.2, "most_popular/test/ndcg@20": 0.1},
    }
    return Group((Name("", label),), {"shop": [run]}, {})


def table(*groups: Group, metrics: list[str]) -> Table:
    return build_table(Found(("",), list(groups), []), TableSpec(metrics=metrics), [])


def own(path: str = "mine.rank", better: bool = False, unit: str = "places") -> dict[str, Any]:
    """Return what a run records of a metric of its own called ``rank``."""
    return {"larger_is_better": better, "unit": unit, "takes_cutoff": True, "path": path}


def test_a_metric_of_ones_own_has_the_direction_that_its_runs_recorded() -> None:
    groups = [group("A", 4.0, own()), group("B", 6.0, own())]
    cells = [row.cells[Column("shop", "rank@20")] for row in table(*groups, metrics=["rank@20"]).rows]
    assert [cell.rank for cell in cells] == ["", "best", "second"]
    assert [cell.gain for cell in cells[1:]] == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize(
    ("other", "meanings"),
    [
        (own(better=True), "mine.rank (places, less is better), runs/B mine.rank (places, more is better)"),
        (own("theirs.rank"), "mine.rank (places, less is better), runs/B theirs.rank (places, less is better)"),
        (own(unit="EUR"), "mine.rank (places, less is better), runs/B mine.rank (EUR, less is better)"),
    ],
)
def test_two_metrics_of_one_name_do_not_stand_in_one_column(other: dict[str, Any], meanings: str) -> None:
    groups = [group("A", 4.0, own()), group("B", 6.0, other)]
    with pytest.raises(
        ValueError, match=re.escape(f"rank: expected one metric of that name, and runs/A means {meanings}")
    ):
        table(*groups, metrics=["rank@20"])
    assert len(table(*groups, metrics=["ndcg@20"]).rows) == 3  # where the metric is not shown, nothing is said of it


@pytest.mark.parametrize(
    ("name", "message"), [("ranks@20", "got 'ranks'. Did you mean 'rank'?"), ("rank", "expected names with a cut-off")]
)
def test_a_metric_that_neither_ragx_nor_the_runs_know_is_refused(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        table(group("A", 4.0, own()), metrics=[name])
