"""One cell within a sweep: it notes where it stands, never opens the test part, and fails without ending the sweep."""

import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ragx.files import write_atomically
from ragx.runner.run.cell import load_cell
from ragx.runner.run.execute import execute, monitored
from ragx.runner.run.speaker import Speaker
from ragx.runs.sweeps.record import SweepRecord
from ragx.training.interruption import sigterm_raises


class CellFailedError(RuntimeError):
    """A cell of a sweep failed; the sweep goes on."""


def run_in_sweep(config: dict[str, Any], overrides: Sequence[str]) -> float:
    """Run one cell and return its monitored validation value.

    Raises:
        CellFailedError: whatever went wrong, in words that any launcher can pass on.
    """
    record = SweepRecord(Path(config["sweep"]["folder"]))
    key = " ".join(sorted(overrides))
    config.setdefault("evaluation", {})["final"] = False
    began, folder = time.monotonic(), ""
    try:
        with sigterm_raises(), Speaker(quiet=True) as speaker:
            cell = load_cell(config)
            folder = str(cell.folder)
            record.event(key, "started", folder=folder, identity=cell.identity)
            how = execute(cell, speaker)
        value = monitored(cell.folder)
    except Exception as error:
        text = str(error).strip() or type(error).__name__
        record.event(key, "failed", error=text.splitlines()[0], folder=folder)
        _keep_trace(folder)
        raise CellFailedError(text) from None
    seconds = round(time.monotonic() - began, 2)
    details = {"value": value, "monitor": cell.monitor, "larger_is_better": cell.metric.larger_is_better}
    record.event(key, "done", how=how, folder=folder, seconds=seconds, **details)
    return value


def _keep_trace(folder: str) -> None:
    if folder:
        text = traceback.format_exc()
        write_atomically(Path(folder) / "error.txt", lambda part: part.write_text(text, encoding="utf-8"))
