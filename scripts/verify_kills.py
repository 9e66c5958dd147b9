"""Kill ragx at its file operations, start it again, and hold what it leaves against an unbroken run.

``python scripts/verify_kills.py [kills=50]`` shares the kills out among setting other code's run aside, ``final
refit=true``, checkpoints, looks and the cache of kernels. Exit 0 where all end as the unbroken ones and leave nothing
behind.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "experiments"))

import torch
from file_killer import in_child
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ragx.kernels.native import compiled
from ragx.runner.commands.difference import difference
from ragx.runner.commands.final import finalize
from ragx.runner.run.single import run_cell
from ragx.runner.sweep.job import run_in_sweep
from ragx.runs.files import read_json, write_json
from ragx.runs.sweeps.record import PlannedCell, SweepRecord
from ragx.training.checkpoint import load_checkpoint, save_checkpoint
from ragx.training.trackers import JsonLines

CONF = str(Path(__file__).resolve().parents[1] / "conf")
TINY = (
    *("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=30", "dataset.events_per_user=12"),
    *("tracker=none", "trainer.max_epochs=3", "trainer.checkpoint_every=1", "trainer.batch_size=128"),
    *("model.hidden_dim=8", "threads=1"),
)
CODE = "int answer(void) { return ANSWER; }"


@dataclass(frozen=True)
class Operation:
    """Something that is killed.

    Args:
        name: what it is called.
        pattern: found in the paths whose operations count.
        prepare: makes what is there before, in a folder.
        act: does it, and goes on with what is there.
    """

    name: str
    pattern: str
    prepare: Callable[[Path], object]
    act: Callable[[Path], object]


def run(runs: Path, *options: str) -> None:
    """Run the tiny shop."""
    run_cell(_config(f"runs={runs}", *options), quiet=True)


def left_by_other_code(runs: Path) -> None:
    """Leave an unfinished training of other code, whose weights are others."""
    run(runs)
    (folder,) = (path.parent for path in runs.glob("*/metrics.json"))
    (folder / "metrics.json").unlink()
    write_json(folder / "run.json", read_json(folder / "run.json") | {"source": "0123456789"})
    for name in ("last.pt", "best.pt"):
        state = load_checkpoint(folder / "train" / name)
        state["model"] = {key: torch.ones_like(value) for key, value in state["model"].items()}
        save_checkpoint(folder / "train" / name, state)


def sweep(runs: Path) -> None:
    """Leave a sweep of one cell that is done."""
    record = SweepRecord(runs / "sweeps" / "tiny")
    overrides = (*TINY, f"runs={runs}", f"sweep.folder={record.folder}", "sweep.name=tiny")
    record.plan([PlannedCell(overrides, 0)], [], name="tiny", axes=[], rows=[], seeds=[0])
    run_in_sweep(_config(*overrides), overrides)


def load_kernel(cache: Path) -> None:
    """Compile a library, or take it out of the cache, and call it."""
    os.environ["XDG_CACHE_HOME"] = str(cache)
    answer = compiled(CODE, {"ANSWER": 7}).answer()
    if answer != 7:
        raise ValueError(f"The library answers {answer}.")


OPERATIONS = (
    Operation("set-aside", r"set_aside|\.code-", left_by_other_code, run),
    Operation(
        "final refit=true",
        r"/train(/|$)|run\.json|final\.json|/refit/|model\.pt",
        sweep,
        lambda runs: finalize(["sweep=tiny", "refit=true", f"runs={runs}"]),
    ),
    Operation("checkpoint", r"/train/", lambda runs: None, run),
    Operation(
        "looks", r"looks\.jsonl|metrics\.json|per_user_\w*test", run, lambda runs: run(runs, "evaluation.final=true")
    ),
    Operation("kernel cache", r"kernels", lambda cache: None, load_kernel),
)


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    kills = int(dict(argument.partition("=")[::2] for argument in arguments).get("kills", "50"))
    began, wrong, done = time.monotonic(), 0, 0
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="ragx-kills-") as folder:
        for number, operation in enumerate(OPERATIONS):
            share = (kills - done) // (len(OPERATIONS) - number)
            faults, count, killed = verify(operation, Path(folder) / str(number), share)
            done, wrong = done + killed, wrong + len(faults)
            print(f"{operation.name}: {killed} kills at {count} operations on files, {len(faults)} ended otherwise")
            for fault in faults:
                print(f"  {fault}")
    print(f"{done} kills in {time.monotonic() - began:.0f} s: {wrong} ended otherwise than the unbroken run.")
    return int(wrong > 0 or done == 0)


def verify(operation: Operation, folder: Path, kills: int) -> tuple[list[str], int, int]:
    """Kill an operation at places spread over all of its file operations, and take it up each time.

    Returns:
        what ended otherwise, the number of file operations, and the number of kills.
    """
    start, whole = folder / "start", folder / "whole"
    start.mkdir(parents=True)
    in_child(partial(operation.prepare, start))
    shutil.copytree(start, whole)
    count = in_child(partial(operation.act, whole), operation.pattern) or 0
    steps = sorted({1 + int((number + 0.5) * count / kills) for number in range(kills)} if count else ())
    faults, killed = [], 0
    for step in steps:
        broken = folder / "broken"
        shutil.copytree(start, broken)
        killed += in_child(partial(operation.act, broken), operation.pattern, step) is None
        try:
            in_child(partial(operation.act, broken))
            fault = compare(whole, broken)
        except (RuntimeError, ValueError) as error:
            fault = str(error)
        if fault:
            faults.append(f"killed at operation {step} of {count}: {fault}")
        shutil.rmtree(broken)
    return faults, count, killed


def compare(whole: Path, broken: Path) -> str:
    """Return what is not as in the unbroken run: files, weights, metrics, lines; nothing where all is."""
    expected, kept = _names(whole), _names(broken)
    if expected != kept:
        return f"left behind {sorted(kept - expected)}, missing {sorted(expected - kept)}"
    for folder in (path.parent for path in whole.glob("*/metrics.json")):
        changed = difference(folder, broken / folder.name)
        if not changed.is_none:
            return f"weights differ by {changed.weights:g}, metrics by {changed.metric:g} ({changed.where})"
    for path in whole.rglob("*.jsonl"):
        other = broken / path.relative_to(whole)
        lines = [line for line in other.read_bytes().split(b"\n") if line]
        if len(JsonLines.read(other)) != len(lines):
            return f"{other.name} has a line that is none"
        if len(lines) < len(JsonLines.read(path)):
            return f"{other.name} has lost a line"
    return ""


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _config(*options: str) -> dict[str, Any]:
    with initialize_config_dir(CONF, version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("run", overrides=[*TINY, *options]), resolve=True)
    return dict(config)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
