"""The benchmark of layers runs through on a small graph, and says whether what was promised holds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from bench_common import Row, Verdict, at_least, at_most, compare, verdicts_of
from bench_sweep import fits_of

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def test_on_a_small_graph_every_part_runs_and_is_written(tmp_path: Path) -> None:
    output = tmp_path / "folder" / "layers.json"
    command = [sys.executable, str(SCRIPTS / "bench_layers.py"), "--small", "--repeats=1", "--threads=1"]
    done = subprocess.run([*command, f"--output={output}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(output.read_text())
    forms = {row["form"] for row in found["rows"] if row["operation"] == "LightGCN step"}
    assert sum("its best" in form for form in forms) == 1
    assert {form.removesuffix(" (its best)") for form in forms} >= {
        "ragx",
        "PyG LightGCN, edge index",
        "PyG LightGCN, CSR",
        "PyG LightGCN, CSC",
        "PyG LightGCN, COO",
    }
    assert {"Adam update", "weighted sum"} <= {row["operation"] for row in found["rows"]}
    assert found["epoch_seconds"].keys() == {"1", "4"}
    assert len(found["sweep"]) == 4 * 3 * 4
    assert all(point["milliseconds"] > 0 for point in found["sweep"])
    assert [fit.get("heads") for fit in found["sweep_fits"]] == [None, None, 1, 2, 4, 8]
    assert found["attention_memory"][-1].keys() == {"a", "b"}
    assert isinstance(found["torch_scatter"], bool)
    assert found["broken_layer"].startswith("weight 0 = no edge: ")
    assert [verdict["met"] for verdict in found["verdicts"]] == [True] * len(found["verdicts"])
    assert "R²" in done.stdout and "NOT MET" not in done.stdout


def test_a_verdict_says_whether_a_limit_is_met() -> None:
    assert str(at_least("ratio", 2.5, 2.5)).split() == ["ratio:", "at", "least", "2.50", "2.50", "met"]
    assert str(at_most("epoch", 41.0, 40.0, " s")).split() == [
        "epoch:",
        "at",
        "most",
        "40.00",
        "s",
        "41.00",
        "s",
        "NOT",
        "MET",
    ]
    rows: list[Row] = [
        {"operation": "sum", "form": "slow", "milliseconds": 9.0, "ratio": 3.0, "target": 2.0},
        {"operation": "sum", "form": "fast", "milliseconds": 3.0, "ratio": 1.0, "target": 2.0},
        {"operation": "sum", "form": "other", "milliseconds": 3.0, "ratio": 1.0, "target": None},
    ]
    assert verdicts_of(rows) == [
        Verdict("sum against slow: at least 2.00", True, "3.00"),
        Verdict("sum against fast: at least 2.00", False, "1.00"),
    ]


def test_forms_are_timed_only_if_their_values_are_equal() -> None:
    one = torch.ones(2)
    rows = compare("sum", lambda: one, {"other": (lambda: one + 1e-6, 2.0), "bound": (lambda: 0 * one, None)}, 3,
                   unchecked=["bound"])  # fmt: skip
    assert [row["form"] for row in rows] == ["ragx", "other", "bound"]
    assert rows[0]["ratio"] == 1.0 and rows[1]["target"] == 2.0
    with pytest.raises(AssertionError, match="Tensor-likes are not close"):
        compare("sum", lambda: one, {"bound": (lambda: 0 * one, None)}, 3)


def test_a_line_is_found_again() -> None:
    points = [
        {"depth": 2.0, "edges": 1e6, "width": width, "heads": heads, "milliseconds": 5 + 2 * (3 * width + 7 * heads)}
        for width in (32.0, 64.0, 128.0)
        for heads in (1.0, 2.0, 4.0, 8.0)
    ]
    both, all_of_them, *of_heads = fits_of(points)
    assert both == {"nanoseconds_width": 3.0, "nanoseconds_heads": 7.0, "intercept": 5.0, "r_squared": 1.0}
    assert all_of_them["nanoseconds_width"] == 3.0 and all_of_them["r_squared"] < 1
    assert of_heads[2] == {"nanoseconds_width": 3.0, "intercept": 61.0, "r_squared": 1.0, "heads": 4.0}
