"""The benchmark of layers runs through on a small graph, and says whether what was promised holds."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bench_common import Row, Verdict, at_least, at_most, best_first, compare, verdicts_of
from bench_outcome import Training
from bench_sweep import fits_of

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def test_on_a_small_graph_every_part_runs_and_is_written(tmp_path: Path) -> None:
    output = tmp_path / "folder" / "layers.json"
    command = [sys.executable, str(SCRIPTS / "bench_layers.py"), "--small", "--repeats=1", "--threads=1"]
    done = subprocess.run([*command, f"--output={output}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(output.read_text())
    forms = [row["form"] for row in report["rows"] if row["operation"] == "LightGCN step"]
    assert forms[0] == "ragx" and forms[1].startswith("best of all forms: ")
    assert forms[2] == "as its users call it: PyG LightGCN, edge index"
    assert {form.removeprefix("best of all forms: ").removeprefix("as its users call it: ") for form in forms} >= {
        "PyG EdgeIndex, matmul",
        "torch CSR, symmetric autograd",
        "torch CSR, symmetric autograd, ragx's memory settings",
        "PyG LightGCN, edge index",
        "PyG LightGCN, CSR",
        "PyG LightGCN, CSC",
        "PyG LightGCN, COO",
    }
    assert {"Adam update", "weighted sum"} <= {row["operation"] for row in report["rows"]}
    assert report["epoch_seconds"].keys() == {"1", "4"}
    assert len(report["sweep"]) == 4 * 3 * 4
    assert all(point["milliseconds"] > 0 for point in report["sweep"])
    assert [fit.get("heads") for fit in report["sweep_fits"]] == [None, None, 1, 2, 4, 8]
    assert report["attention_memory"][-1].keys() == {"a", "b"}
    assert isinstance(report["torch_scatter"], bool)
    assert report["broken_layer"].startswith("weight 0 = no edge: ")
    assert [verdict["met"] for verdict in report["verdicts"]] == [True] * len(report["verdicts"])
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


def training(rate: float) -> Training:
    weights = torch.ones(3)

    def step() -> torch.Tensor:
        weights.mul_(rate)
        return torch.zeros(())

    return Training(step, weights)


def test_weights_are_compared_after_the_last_step() -> None:
    compare("step", training(0.5), {"other": (training(0.5), None)}, 2)
    with pytest.raises(AssertionError, match=r"step, other: ended .* apart, over how far ours moved"):
        compare("step", training(0.5), {"other": (training(0.6), None)}, 2)


def test_the_fastest_of_all_stands_first_and_what_users_call_second() -> None:
    ratios = {"ragx": 1.0, "class": 9.0, "bound": 0.5, "fast": 2.0, "slow": 5.0}
    rows: list[Row] = [
        {"operation": "step", "form": form, "milliseconds": 10 * ratio, "ratio": ratio, "target": None}
        for form, ratio in ratios.items()
    ]
    ordered = best_first(rows, 1.5, called="class", unranked=["bound"])
    assert [row["form"] for row in ordered] == [
        "ragx",
        "best of all forms: fast",
        "as its users call it: class",
        "bound",
        "slow",
    ]
    assert [verdict.measured for verdict in verdicts_of(ordered)] == ["2.00"]
    alone = best_first(rows[:2], 10.0, called="class")
    assert [row["form"] for row in alone] == ["ragx", "best of all forms: class"]
    assert not verdicts_of(alone)[0].met


def test_no_verdict_of_a_script_has_seconds_for_a_bound() -> None:
    for path in SCRIPTS.glob("bench_*.py"):
        bounds = re.findall(r"(?:at_most|at_least)\(.*?\)|MOST_SECONDS|LIMIT|EPOCH_SECONDS", path.read_text())
        assert not [bound for bound in bounds if '" s"' in bound or bound.isupper()], path


@pytest.mark.parametrize("met", [True, False])
def test_a_missed_verdict_exits_with_1(met: bool, tmp_path: Path) -> None:
    import bench_kernels

    missed: Row = {
        "operation": "sum",
        "form": "other",
        "milliseconds": 1.0,
        "ratio": 1.0,
        "target": 0.5 if met else 2.0,
    }
    nothing: Any = lambda *given: []  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["bench_kernels.py", "--threads=1"])
        patch.setattr(bench_kernels, "read_pairs", lambda: ("none", np.zeros(1, dtype=int), np.zeros(1, dtype=int)))
        patch.setattr(bench_kernels, "sums", lambda *given: [missed])
        for name in ("softmaxes", "propagation", "forms"):
            patch.setattr(bench_kernels, name, nothing)
        with pytest.raises(SystemExit) as ended:
            bench_kernels.main()
    assert bool(ended.value.code) is not met
