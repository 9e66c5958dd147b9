"""The judge of training steps: sides take turns, ratios are the rounds' own, and values decide too."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bench_step
import pytest
import torch
from bench_step import HERE, Side, equal, in_turns, ratios_of

SCRIPT = HERE / "scripts/bench_step.py"


def test_a_checkout_is_judged_against_itself(tmp_path: Path) -> None:
    output = tmp_path / "step.json"
    options = ["--small", "--repeats=1", "--threads=1", "--only", "2", "--output", str(output)]
    done = subprocess.run([sys.executable, str(SCRIPT), str(HERE), *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(output.read_text())
    (case,) = report["cases"]
    assert case["case"] == "default step, ml-100k" and case["milliseconds"].keys() == {"ours", "before"}
    assert case["ratios"]["before"] > 0
    assert [verdict["measured"] for verdict in report["verdicts"]] == ["0.0e+00", "0.0e+00"]
    assert all(verdict["met"] for verdict in report["verdicts"])


class Told:
    """A side whose steps take what it is told."""

    def __init__(self, name: str, seconds: float, order: list[str]) -> None:
        self.name, self.taken, self.order = name, seconds, order

    def seconds(self, steps: int) -> float:
        self.order.append(f"{self.name} {steps}")
        return self.taken


def test_sides_take_turns_of_as_many_steps() -> None:
    order: list[str] = []
    sides: Any = {name: Told(name, seconds, order) for name, seconds in (("ours", 0.1), ("before", 0.15))}
    times = in_turns(sides, 3)
    warm, turns = order[:4], order[4:]
    assert warm == ["ours 3", "before 3"] * 2
    assert turns == ["ours 2", "before 2", "before 2", "ours 2", "ours 2", "before 2"]  # .3 s of the slower one
    assert times == {"ours": [0.1] * 3, "before": [0.15] * 3}


def test_a_ratio_is_the_median_of_the_ratios_of_rounds() -> None:
    """A machine that is ten times as slow in the third round leaves 2, 3 and 1."""
    assert ratios_of({"ours": [1.0, 1.0, 10.0], "before": [2.0, 3.0, 10.0]}) == {"before": 2.0}


@pytest.mark.parametrize(
    ("losses", "end", "met"),
    [
        ([2.0, 1.0], [1.0, 1.0], [True, True]),
        ([2.0, 1.01], [1.0, 1.0], [False, True]),
        ([2.0, 1.0], [1.0, 1.01], [True, False]),
    ],
)
def test_trainings_that_differ_are_told(losses: Sequence[float], end: Sequence[float], met: Sequence[bool]) -> None:
    start = torch.zeros(2)
    ours, theirs = ({"start": start, "end": torch.tensor(weights)} for weights in ([1.0, 1.0], end))
    verdicts = equal("step", ([2.0, 1.0], losses), (ours, theirs))
    assert [verdict.met for verdict in verdicts] == met
    assert "after 2 steps" in verdicts[1].what


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("""print('{"ragx": "/elsewhere/ragx/__init__.py"}')""", r"its own ragx, and /elsewhere\S+ was imported"),
        ("import sys; sys.exit(2)", "default ml-100k ended with 2"),
    ],
)
def test_a_side_that_cannot_be_judged_is_told(code: str, message: str, tmp_path: Path) -> None:
    side = Side(HERE, tmp_path / "0.pt", ["default", "ml-100k"])
    side.command = [sys.executable, "-c", code, "default", "ml-100k"]
    with pytest.raises(RuntimeError, match=message), side:
        side.ready()


@pytest.mark.parametrize(("clock", "expected"), [("seconds", 3.0), ("processor_seconds", 2.0)])
def test_the_clock_that_counts_is_chosen(clock: str, expected: float, tmp_path: Path) -> None:
    answer = """input(); print('{"seconds": 6.0, "processor_seconds": 4.0, "losses": [1.0, 0.5]}')"""
    side = Side(HERE, tmp_path / "0.pt", ["default", "ml-100k"], clock)
    side.command = [sys.executable, "-c", answer]
    with side:
        assert side.seconds(2) == expected
    assert side.losses == [1.0, 0.5]


def test_every_case_names_a_training() -> None:
    import bench_step_side

    assert {case.training for case in bench_step.CASES} | {"peer"} == bench_step_side.TRAININGS.keys()
