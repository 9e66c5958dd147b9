"""A run that is killed at random and taken up again, held against an unbroken one."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rich.console import Console

from ragx.checks import RunError, check
from ragx.runner.command_line import plain_command
from ragx.runner.commands.difference import difference
from ragx.runner.commands.options import key, parse_options, split_options
from ragx.runs.files import read_run
from ragx.runs.layout import METRICS, RECORD, TRAIN, finished_runs
from ragx.training.checkpoint import load_checkpoint
from ragx.training.layout import LAST, has_checkpoint

POLL, PATIENCE = 0.02, 3600.0
HELP = """ragx verify_resume [kills=1] [random=0] [option=value …]

kills=1     how often the run is killed, each time at a step of its own; a closed form, which has none, at a moment
random=0    key of the draw of these steps or moments
Every other option is one of ragx run, such as dataset=ml-100k trainer.checkpoint_every=20. The run is made
twice in a folder that is removed afterwards, once whole and once killed with SIGKILL; exit 0 if both end the same."""


class NotResumedError(RunError):
    """A run that was taken up ended otherwise than an unbroken one, or began anew."""


@dataclass(frozen=True)
class Options:
    """What was asked for, beside the options of the run."""

    kills: int = 1
    random: Annotated[int, key] = 0


def verify_resume(arguments: Sequence[str]) -> None:
    """Kill a run, take it up again and compare it with an unbroken one.

    Raises:
        ValueError: an option is at fault.
        NotResumedError: the two differ, or the run was not taken up at a step above 0.
    """
    given, options = split_options(Options, arguments)
    own = parse_options(Options, given)
    console = Console(file=sys.stdout)
    draw = random.Random(own.random)
    with tempfile.TemporaryDirectory(prefix="ragx-resume-") as folder:
        whole, broken = Path(folder) / "whole", Path(folder) / "broken"
        _finish(whole, options)
        (unbroken,) = finished_runs(whole)
        has_steps = has_checkpoint(unbroken / TRAIN)
        cut_off = _cut_off_at_steps if has_steps else _cut_off_at_moments
        for sentence in cut_off(unbroken, broken, options, draw, own.kills):
            console.print(sentence, highlight=False)
        _finish(broken, options)
        (resumed,) = finished_runs(broken)
        at = read_run(resumed)[1]["fit"]["resumed_at"]
        gap = difference(unbroken, resumed)
    how = f"taken up at step {at}" if has_steps else "fitted anew"
    console.print(f"{how}; weights differ by {gap.weights:g}, metrics by {gap.metric:g}", highlight=False)
    if has_steps and not at:
        raise NotResumedError("The run was not taken up at a step above 0: it began anew or was over before the kill.")
    if not gap.is_none:
        raise NotResumedError(f"The run that was taken up ended otherwise ({gap.where or 'weights'}).")
    console.print("The killed run ends as the unbroken one, to the bit.")


def _cut_off_at_steps(
    unbroken: Path, broken: Path, options: Sequence[str], draw: random.Random, kills: int
) -> Iterator[str]:
    """Kill a training at random steps, and give what is to be said of each kill."""
    steps = _steps_of(unbroken)
    check(steps >= 2, f"The run has {steps} step; it takes at least 2 to be cut off between them.")
    for step in sorted(draw.sample(range(1, steps), min(kills, steps - 1))):
        reached = _kill_within(broken, options, step, steps)
        yield f"killed; its last checkpoint is of step {reached} of {steps}"


def _cut_off_at_moments(
    unbroken: Path, broken: Path, options: Sequence[str], draw: random.Random, kills: int
) -> Iterator[str]:
    """Kill a run without steps at random moments between its beginning and its end."""
    began, ended = ((unbroken / name).stat().st_mtime for name in (RECORD, METRICS))
    for _ in range(kills):
        moment = draw.uniform(0, ended - began)
        while not _kill_after(broken, options, moment):
            if moment == 0:
                raise NotResumedError("The run was over before it could be killed.")
            shutil.rmtree(broken)
            moment = moment / 2 if moment > POLL / 10 else 0.0
        yield f"killed {1000 * moment:.0f} ms after it had begun"


def _command(runs: Path, options: Sequence[str]) -> list[str]:
    quiet = [] if any(option.startswith("tracker=") for option in options) else ["tracker=none"]
    return [sys.executable, "-m", "ragx", "run", *options, *quiet, f"runs={runs}"]  # flags of the options stand first


def _finish(runs: Path, options: Sequence[str]) -> None:
    done = subprocess.run(_command(runs, options), capture_output=True, text=True, check=False)
    check(
        done.returncode == 0, done.stderr.strip().removeprefix("error: ") or f"ragx run ended with {done.returncode}."
    )


def _steps_of(folder: Path) -> int:
    progress = load_checkpoint(folder / TRAIN / LAST)["progress"]
    return int(progress["steps"])


def _kill_within(runs: Path, options: Sequence[str], step: int, steps: int) -> int:
    """Kill the run behind a step; where it was already over by then, begin anew and aim at half of it."""
    reached = _kill_at(runs, options, step)
    while reached >= steps and step > 1:
        shutil.rmtree(runs)
        step //= 2
        reached = _kill_at(runs, options, step)
    return reached


def _kill_at(runs: Path, options: Sequence[str], step: int) -> int:
    """Start the run, kill it once a checkpoint at or behind a step is there, and return where that was."""
    with subprocess.Popen(
        _command(runs, options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy()
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            for path in runs.glob(f"*/{TRAIN}/{LAST}"):
                if _reached(path) >= step:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    return _reached(path)
            time.sleep(POLL)
        process.kill()
    raise NotResumedError(
        f"The run was over before it could be killed at step {step}; set trainer.checkpoint_every lower."
    )


def _kill_after(runs: Path, options: Sequence[str], seconds: float) -> bool:
    """Start the run, kill it some time after it has begun, and say whether it was not over then."""
    before = {path: path.stat().st_mtime_ns for path in runs.glob(f"*/{RECORD}")}
    with subprocess.Popen(
        _command(runs, options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy()
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            if any(path.stat().st_mtime_ns != before.get(path) for path in runs.glob(f"*/{RECORD}")):
                time.sleep(seconds)
                break
            time.sleep(POLL / 10)
        process.kill()
    return not finished_runs(runs)


def _reached(path: Path) -> int:
    try:
        return int(load_checkpoint(path)["progress"]["steps"])
    except ValueError:
        return 0  # it is just being replaced


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(verify_resume, HELP)
