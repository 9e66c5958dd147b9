"""What a metric of one's own is refused with, and that its advice goes through."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ragx.evaluation.names import parse_metrics
from ragx.metrics import Metric
from ragx.metrics.recorded import agreed

HEAD = "from ragx.metrics import metric\n"
BODY = "def {name}(hits, counts, k, conventions):\n    return hits[:, :k].sum(1).double()\n"
DECLARED = f"{HEAD}@metric(larger_is_better=True)\n{BODY}"
CLASS = (
    f"{HEAD}@metric(larger_is_better=True)\nclass Gain:\n"
    "    def __init__(self, base{default}):\n        self.base = base\n"
    "    def __call__(self, hits, counts, k, conventions):\n        return hits[:, :k].sum(1) / self.base\n{instance}"
)
MINE, THEIRS = (Metric("gain", path=f"{module}.gain") for module in ("mine", "theirs"))
Row = tuple[Callable[[], Any], ...]


@pytest.fixture(autouse=True)
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("of_a_row_")]:
        del sys.modules[name]


def asked(*metrics: str, **modules: str) -> Callable[[], Any]:
    """Return what asks for metrics of modules with such code."""

    def ask() -> None:
        for name, code in modules.items():
            Path(f"{name}.py").write_text(code)
        parse_metrics(metrics, [20])

    return ask


ROWS: dict[str, Row] = {
    "write @ragx.metrics.metric(larger_is_better=True), or False, above it": (
        asked("of_a_row_1.gain", of_a_row_1=BODY.format(name="gain")),
        asked("of_a_row_2.gain", of_a_row_2=DECLARED.format(name="gain")),
        asked("of_a_row_3.gain", of_a_row_3=DECLARED.replace("True", "False").format(name="gain")),
    ),
    "call yours by another name": (
        asked("of_a_row_1.NDCG", of_a_row_1=DECLARED.format(name="NDCG")),
        asked("of_a_row_2.ndcg_of_mine", of_a_row_2=DECLARED.format(name="ndcg_of_mine")),
    ),
    "rename one of them": (
        asked(
            *("of_a_row_1.gain", "of_a_row_2.gain"),
            of_a_row_1=DECLARED.format(name="gain"),
            of_a_row_2=DECLARED.format(name="gain"),
        ),
        asked(
            *("of_a_row_3.gain", "of_a_row_4.another"),
            of_a_row_3=DECLARED.format(name="gain"),
            of_a_row_4=DECLARED.format(name="another"),
        ),
    ),
    "give them defaults, or name an instance": (
        asked("of_a_row_1.Gain", of_a_row_1=CLASS.format(default="", instance="")),
        asked("of_a_row_2.Gain", of_a_row_2=CLASS.format(default="=2", instance="")),
        asked("of_a_row_3.halves", of_a_row_3=CLASS.format(default="", instance="halves = Gain(2)\n")),
    ),
    "leave one of them out": (
        lambda: agreed("gain@20", {"one": {"gain": MINE}, "other": {"gain": THEIRS}}),
        lambda: agreed("gain@20", {"one": {"gain": MINE}}),
    ),
}


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(advice: str, follow: Callable[..., None]) -> None:
    follow(advice, *ROWS[advice])
