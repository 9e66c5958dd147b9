"""Judge training steps: this checkout's against an older one's, and LightGCN's against torch's fastest product.

    git worktree add ../before COMMIT
    RAGX_DATA=… python scripts/bench_step.py ../before

Every side trains in a process of its own with its own checkout's ragx. The sides take turns of a few steps, the first
of them another one each round; a ratio is the median of the rounds' own ratios. After the last step the losses of all
steps and the weights must be equal within rounding. Run it on a quiet machine: it exits with 1 where a limit is not met
or values differ. Where it has other work too, --processor-time --threads=1 judges seconds of the processor, which that
changes less. With --small it shows that everything runs, and judges no times.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from bench_common import Verdict, at_least, parser_of, write_json
from bench_outcome import MOST_APART

OUTPUT = Path("build/bench_step.json")
HERE, OURS = Path(__file__).resolve().parents[1], "ours"
WARM, SECONDS_A_TURN = 3, 0.3
LOSSES_APART = 1e-3
"""How far the losses of one step may be apart, over the loss: by rounding, which Adam makes larger step by step."""


@dataclass(frozen=True)
class Case:
    """What is trained on either side.

    Args:
        name: what the verdict calls it.
        training: what our side trains, one of ``bench_step_side.TRAININGS``.
        data: what it is trained on.
        target: how many times as long the other side must take at least.
        is_peer: whether the other side is torch's product, in both settings of memory, instead of the older checkout.
    """

    name: str
    training: str
    data: str
    target: float
    is_peer: bool = False


CASES = (
    Case("default step, Gowalla", "default", "gowalla", 1.8),
    Case("default step, ml-100k", "default", "ml-100k", 2.0),
    Case("LightGCN with BPR, Gowalla", "lightgcn", "gowalla", 1.25),
    Case("LightGCN against torch CSR, symmetric autograd", "lightgcn without penalty", "gowalla", 1.9, is_peer=True),
)


class Side:
    """A training in a process of its own.

    Args:
        checkout: whose ragx it imports.
        weights: file that it writes its weights to.
        options: what else ``bench_step_side.py`` is given.
        clock: which of the seconds that it answers count.
    """

    def __init__(self, checkout: Path, weights: Path, options: Sequence[str], clock: str = "seconds") -> None:
        self.clock = clock
        self.checkout, self.weights, self.losses = checkout.resolve(), weights, list[float]()
        self.command = [sys.executable, str(HERE / "scripts/bench_step_side.py"), str(weights), *options]

    def __enter__(self) -> Self:
        environment = os.environ | {"PYTHONPATH": str(self.checkout)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(self.command, env=environment, stdin=pipe, stdout=pipe, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        self.process.communicate()

    def ready(self) -> None:
        """Wait until the data is read.

        Raises:
            RuntimeError: another ragx than that of the checkout was imported, or none.
        """
        imported = self._answer()["ragx"]
        if not Path(imported).is_relative_to(self.checkout):
            raise RuntimeError(f"{self.checkout}: expected its own ragx, and {imported} was imported.")

    def seconds(self, steps: int) -> float:
        """Return the seconds of a step, over so many more of them."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.losses += answer["losses"]
        return float(answer[self.clock]) / steps

    def end(self) -> Mapping[str, torch.Tensor]:
        """End the process and return the weights before the first and after the last step."""
        self.process.communicate()
        weights: Mapping[str, torch.Tensor] = torch.load(self.weights, weights_only=True)
        return weights

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.checkout}: {' '.join(self.command[1:])} ended with {self.process.wait()}.")
        answer: dict[str, Any] = json.loads(line)
        return answer


def judge(case: Case, before: Path, arguments: argparse.Namespace) -> tuple[list[Verdict], dict[str, Any]]:
    """Return the verdicts on one case, and its figures."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sides = sides_of(case, before, Path(folder), arguments)
        for side in sides.values():
            stack.enter_context(side).ready()  # one after the other: what one reads is in the caches of the next
        times = in_turns(sides, arguments.repeats)
        ended = {name: side.end() for name, side in sides.items()}
    ratios = ratios_of(times)
    nearest = min(ratios, key=lambda name: ratios[name])
    verdicts = [] if arguments.small else [at_least(f"{case.name}, {nearest}", ratios[nearest], case.target)]
    for name in ratios:
        losses = sides[OURS].losses, sides[name].losses
        verdicts += equal(f"{case.name}, {name}", losses, (ended[OURS], ended[name]))
    medians = {name: round(1000 * statistics.median(of_side), 2) for name, of_side in times.items()}
    steps = len(sides[OURS].losses)
    return verdicts, {"case": case.name, "milliseconds": medians, "ratios": ratios, "steps": steps}


def sides_of(case: Case, before: Path, folder: Path, arguments: argparse.Namespace) -> dict[str, Side]:
    """Return the sides of a case by name, ours first."""
    options = [case.data, f"--threads={arguments.threads}", *(["--small"] if arguments.small else [])]
    chosen: dict[str, tuple[Path, list[str]]] = {"before": (before, [case.training])}
    if case.is_peer:
        chosen = {
            "glibc's memory settings": (HERE, ["peer"]),
            "ragx's memory settings": (HERE, ["peer", "--our-memory"]),
        }
    clock = "processor_seconds" if arguments.processor_time else "seconds"
    return {
        name: Side(checkout, folder / f"{number}.pt", [*training, *options], clock)
        for number, (name, (checkout, training)) in enumerate([(OURS, (HERE, [case.training])), *chosen.items()])
    }


def in_turns(sides: Mapping[str, Side], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of a step of every side in every round."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side.seconds(WARM)
    steps = max(1, round(SECONDS_A_TURN / max(side.seconds(WARM) for side in sides.values())))
    names = list(sides)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(sides[name].seconds(steps))
    return times


def ratios_of(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return how many times as long as ours every other side takes: the median of the rounds' own ratios."""
    return {
        name: round(statistics.median(other / our for other, our in zip(of_side, times[OURS], strict=True)), 4)
        for name, of_side in times.items()
        if name != OURS
    }


def equal(
    name: str,
    losses: tuple[Sequence[float], Sequence[float]],
    weights: tuple[Mapping[str, torch.Tensor], Mapping[str, torch.Tensor]],
) -> list[Verdict]:
    """Return the verdicts on the values of two trainings, the former ours: losses of all steps, and weights."""
    (ours, theirs), (mine, other) = losses, weights
    of_losses = max(abs(one - two) / abs(one) for one, two in zip(ours, theirs, strict=True))
    moved = (mine["end"] - mine["start"]).norm()
    of_weights = float(((mine["end"] - mine["start"]) - (other["end"] - other["start"])).norm() / moved)
    return [
        Verdict(f"{name}: losses apart at most {LOSSES_APART:.0e}", of_losses <= LOSSES_APART, f"{of_losses:.1e}"),
        Verdict(
            f"{name}: weights after {len(ours)} steps apart at most {MOST_APART:.0e}",
            of_weights <= MOST_APART,
            f"{of_weights:.1e}",
        ),
    ]


def main() -> None:
    """Print times and verdicts, write them as JSON, and exit with 1 where a limit is not met."""
    parser = parser_of(__doc__, OUTPUT, 15)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("before", type=Path, help="the older checkout")
    parser.add_argument("--small", action="store_true", help="a part of the interactions, to see that it runs")
    parser.add_argument("--processor-time", action="store_true", help="judge seconds of the processor, not the clock's")
    parser.add_argument("--only", nargs="*", type=int, help="numbers of cases, from 1")
    arguments = parser.parse_args()
    verdicts, figures = list[Verdict](), list[dict[str, Any]]()
    for number, case in enumerate(CASES, 1):
        if arguments.only and number not in arguments.only:
            continue
        judged, figure = judge(case, arguments.before, arguments)
        times = ", ".join(f"{name} {milliseconds:.1f} ms" for name, milliseconds in figure["milliseconds"].items())
        print(f"{number} {case.name}: {times}", *judged, sep="\n", flush=True)
        verdicts += judged
        figures.append(figure)
    run = {name: getattr(arguments, name) for name in ("threads", "device", "small", "repeats", "processor_time")}
    write_json(arguments.output, run, verdicts, {"cases": figures})
    sys.exit(not all(verdict.met for verdict in verdicts))


if __name__ == "__main__":
    main()
