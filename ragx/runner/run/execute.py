"""One configuration, run if it was not run before: finished runs are found again, unfinished ones taken up."""

import json
import shutil
from pathlib import Path
from typing import Any, Literal

from ragx.files import copy_folder, remove_abandoned
from ragx.runner.run.cell import Cell
from ragx.runner.run.course import Course
from ragx.runner.run.ground import taken_up
from ragx.runner.run.opening import is_opened, open_test
from ragx.runner.run.setting_aside import finish_setting_aside, is_being_set_aside, set_aside
from ragx.runner.run.speaker import Speaker
from ragx.runner.run.summary import print_data, print_summary, summary_line
from ragx.runs.files import read_json, read_run, write_json
from ragx.runs.find import folders_of
from ragx.runs.layout import LOG, METRICS, RECORD, STAGES, TRAIN, has_record, has_results
from ragx.runs.lock import RunLock
from ragx.runs.looks import Kind
from ragx.runs.source_hash import changed_sources
from ragx.training.keeper import finished_curve
from ragx.training.layout import has_checkpoint

How = Literal["skipped", "opened", "continued", "run"]


def execute(cell: Cell, say: Speaker, kind: Kind = "look", training: Path | None = None) -> How:
    """Run one configuration, or find what an earlier run of it left, and say which it was.

    Args:
        cell: the configuration with its data.
        say: where it speaks.
        kind: what a reading of the test part counts as.
        training: folder of a run whose training this one takes over, where it has none yet.

    Raises:
        ValueError: the config, the data or their combination is at fault; nothing has been trained then.
    """
    fresh = not has_record(cell.folder)
    try:
        return _execute(cell, say, kind, training)
    except ValueError:  # a mistake that only the data showed leaves nothing behind
        if fresh and not any(has_checkpoint(cell.folder / stage) for stage in STAGES):
            say.close_log()
            shutil.rmtree(cell.folder, ignore_errors=True)
        raise


def _execute(cell: Cell, say: Speaker, kind: Kind, training: Path | None) -> How:
    with RunLock(cell.folder, lambda owner: _wait(say, cell, owner)) as lock:
        say.log_to(cell.folder / LOG)
        for folder in (cell.folder, *(cell.folder / stage for stage in STAGES)):
            remove_abandoned(folder)
        if is_being_set_aside(cell.folder):
            finish_setting_aside(cell.folder)
        _tell_folder(cell, say)
        print_data(say, cell.dataset, cell.problem)
        if is_finished(cell):
            if cell.final and not is_opened(cell.folder):
                _open(cell, say, kind)
                return "opened"
            say.print(f"This run is finished; its results are in {cell.folder} (reuse=never runs it again).")
            print_summary(say, cell.folder)
            return "skipped"
        _make_way(cell, say)
        if training is not None and not (cell.folder / TRAIN).exists():
            _take_over(training, cell.folder)
        begun = any(has_checkpoint(cell.folder / stage) for stage in STAGES)
        is_unfinished = has_record(cell.folder) and not has_results(cell.folder)
        changes = taken_up(cell) if begun and is_unfinished else []
        try:
            Course(cell, lock, say, kind, changes).run()
        except BaseException:
            cell.tracker.finish({}, failed=True)
            raise
        print_summary(say, cell.folder)
        return "continued" if begun else "run"


def _tell_folder(cell: Cell, say: Speaker) -> None:
    """Say where a run is in another folder than its name lets expect, or in several."""
    given, others = cell.config.get("name"), folders_of(cell.runs, cell.identity)
    if given and not cell.name.startswith(f"{given}-"):
        say.print(f"This run has a folder already and keeps it: {cell.folder}.")
    if cell.folder in others and len(others) > 1:
        also = " and ".join(str(folder) for folder in others if folder != cell.folder)
        say.print(f"Several folders are this run: {cell.folder} is taken, {also} left as it is.")


def _open(cell: Cell, say: Speaker, kind: Kind) -> None:
    """Evaluate a finished run on test too, without training, and tell its tracker."""
    say.print(f"This run is finished; the model in {cell.folder} is evaluated on test.")
    metrics = open_test(cell, kind)
    curve = [record | _lines(metrics, record) for record in finished_curve(cell.folder / TRAIN)]
    cell.tracker.start(cell.folder, read_json(cell.folder / RECORD), curve)
    cell.tracker.finish(summary_line(metrics))
    print_summary(say, cell.folder)


def _lines(metrics: dict[str, Any], record: dict[str, Any]) -> dict[str, float]:
    """Return the validation values of the baselines that stand beside those of the model."""
    sides = ((name, side.get("validation", {})) for name, side in metrics["baseline"].items())
    return {f"{name}/{metric}": values[metric] for name, values in sides for metric in record.keys() & values.keys()}


def is_finished(cell: Cell) -> bool:
    """Say whether the folder holds this run, made by code that may be reused, under this protocol, test apart."""
    if cell.config["reuse"] == "never":
        return False
    try:
        _, metrics = read_run(cell.folder)
    except ValueError:
        return False
    stored, asked = metrics.get("evaluation", {}), json.loads(json.dumps(cell.plain.get("evaluation", {})))
    same = all(stored.get(name) == value for name, value in asked.items() if name not in ("final", "memory"))
    baselines = cell.task.baselines_for(cell.problem.train)
    same &= all(name in metrics["baseline"] for name in baselines)
    return same and (metrics.get("source") == cell.source or cell.config["reuse"] == "code")


def monitored(folder: Path) -> float:
    """Return the best value of the metric that training was stopped by."""
    metrics = read_json(folder / METRICS)
    best: dict[str, float] = metrics["fit"]["best"]
    return best.get(metrics["monitor"], float("nan"))


def _make_way(cell: Cell, say: Speaker) -> None:
    """Keep what other code left under another name, and drop what ``reuse=never`` does not want."""
    if not has_record(cell.folder):
        return
    try:
        record = read_json(cell.folder / RECORD)
    except ValueError:
        record = {"source": "unreadable"}
    made_by, sources = record.get("source"), record.get("sources")
    if made_by != cell.source and cell.config["reuse"] != "code":
        kept = set_aside(cell.folder, str(made_by))
        changed = changed_sources(sources, cell.sources) if isinstance(sources, dict) else ""
        what = f"Other code ({made_by}{f': {changed} since' if changed else ''}) made what was here"
        say.print(f"{what}; it is kept as {kept} (reuse=code would take it).")
    elif cell.config["reuse"] == "never" and has_results(cell.folder):
        for stage in STAGES:
            for path in (cell.folder / stage).glob("*"):
                path.unlink()
        (cell.folder / METRICS).unlink(missing_ok=True)


def _take_over(run: Path, folder: Path) -> None:
    """Copy the training of a run, whole or not at all, behind the record of the code that it is by."""
    write_json(folder / RECORD, read_json(run / RECORD))
    copy_folder(run / TRAIN, folder / TRAIN)


def _wait(say: Speaker, cell: Cell, owner: str) -> None:
    say.print(f"{cell.name}: {owner} is at this run; waiting for it.")
