"""What status.py says of a sweep, held against a record in which every state is planted."""

from pathlib import Path

import pytest

from ragx.runner.commands.status import show_status
from ragx.runs.lock import RunLock
from ragx.runs.sweeps.record import PlannedCell, SweepRecord


def joined(text: str) -> str:
    return " ".join(text.split())


def test_every_state_is_counted_and_what_failed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = SweepRecord(tmp_path / "sweeps" / "mine")
    cells = [PlannedCell((f"lr={number}", "seed=0"), 0) for number in range(7)]
    record.plan(cells, [{"cell": "lr=9", "reason": "9 heads do not divide it"}], name="mine", axes=["lr"], rows=[])
    folders = [str(tmp_path / f"run-{number}") for number in range(7)]
    for number, value in ((0, 0.25), (1, 0.75), (2, 0.5)):
        how = "continued" if number == 2 else "run"
        record.event(cells[number].key, "done", how=how, folder=folders[number], value=value, seconds=2.0)
    record.event(cells[3].key, "failed", error="it diverged", folder=folders[3])
    for number in (4, 5):  # the sixth has lost its process
        record.event(cells[number].key, "started", folder=folders[number])
    with RunLock(Path(folders[4]), lambda owner: None):
        show_status(["mine", f"runs={tmp_path}"])
    out = joined(capsys.readouterr().out)
    assert "7: 3 done, 1 running, 1 interrupted, 1 failed, 1 waiting" in out
    assert "best so far │ 0.7500 lr=1" in out
    assert "running │ lr=4" in out
    assert "2 run, 1 continued, 0 skipped." in out
    assert "continued: lr=2" in out
    assert "failed: lr=3: it diverged" in out
    assert "interrupted: lr=5" in out
    assert "dropped: lr=9: 9 heads do not divide it" in out


def test_an_unknown_sweep_is_named_with_those_there_are(tmp_path: Path) -> None:
    SweepRecord(tmp_path / "sweeps" / "mine").plan([], [], name="mine")
    with pytest.raises(ValueError, match=r"there is no such sweep in .*; there are: mine"):
        show_status(["yours", f"runs={tmp_path}"])
