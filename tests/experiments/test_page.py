"""The command that writes the page of a sweep, in process."""

import sys
from pathlib import Path

import pytest

from ragx.runner.command_line import plain_command
from ragx.runner.commands.page import HELP, write
from ragx.runs.sweeps.record import PlannedCell, SweepRecord


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder of runs with two sweeps of one cell that failed."""
    for name in ("smoke-shop", "smoke-films"):
        record = SweepRecord(tmp_path / "sweeps" / name)
        cell = PlannedCell(("model.num_layers=1", "seed=0"), 0)
        record.plan([cell], [], name=name, axes=[], rows=[], seeds=[0], budget={"": 1})
        record.event(cell.key, "failed", error="no memory")
    return tmp_path


def _say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["ragx page", *arguments])
    status = plain_command(write, HELP)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return status, captured.out, captured.err


def test_the_path_of_the_page_is_printed(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = _say(monkeypatch, capsys, "sweep=smoke-s", f"runs={runs}")
    path = runs / "sweeps" / "smoke-shop" / "page.html"
    assert (status, out) == (0, f"{path}\n")
    assert "no memory" in path.read_text()
    status, out, _ = _say(monkeypatch, capsys)
    assert (status, out) == (0, f"{HELP}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep=other"], "sweep=other: there is no such sweep in"),
        (["sweep=smoke"], "2 sweeps begin so: smoke-films, smoke-shop. Write more of the name."),
        (["sweeps=smoke-shop"], "unknown option. Did you mean 'sweep'?"),
        (["sweep="], "sweep: a value is required"),
    ],
)
def test_mistakes_are_told(
    runs: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, _, error = _say(monkeypatch, capsys, f"runs={runs}", *arguments)
    assert status == 2
    assert message in error
