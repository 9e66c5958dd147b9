"""What the benchmarks share: a graph, calls that are timed in turn once their values are equal, and limits."""

import argparse
import gzip
import json
import os
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch_geometric
from bench_outcome import Call, check_outcome, outcome_of
from torch.nn import functional

from ragx.graph.adjacency import Adjacency
from ragx.kernels.forms import has_scatter

USERS, ITEMS, INTERACTIONS, WIDTH, HEADS = 29_858, 40_981, 810_128, 64, 4
CPU = torch.device("cpu")
OUR_MEMORY = ", ragx's memory settings"
BEST, AS_CALLED = "best of all forms: ", "as its users call it: "
Row = dict[str, str | float | None]


class Timed(Protocol):
    """Calls that are timed elsewhere, by name: see ``bench_apart``."""

    names: list[str]

    def seconds(self, name: str) -> float:
        """Return how long a call takes there."""

    def value(self, name: str) -> torch.Tensor:
        """Return what a call gives there."""

    def outcome(self, name: str) -> torch.Tensor:
        """Return what the calls there have come to."""


@dataclass(frozen=True)
class Verdict:
    """Whether one thing that was promised holds, and what was found."""

    what: str
    met: bool
    measured: str

    def __str__(self) -> str:
        return f"{self.what:78}{self.measured:>22}   {'met' if self.met else 'NOT MET'}"


def at_least(what: str, value: float, bound: float) -> Verdict:
    """Return the verdict on a lower bound."""
    return Verdict(f"{what}: at least {bound:.2f}", value >= bound, f"{value:.2f}")


def at_most(what: str, value: float, bound: float, unit: str = "") -> Verdict:
    """Return the verdict on an upper bound."""
    return Verdict(f"{what}: at most {bound:.2f}{unit}", value <= bound, f"{value:.2f}{unit}")


def verdicts_of(rows: Iterable[Row]) -> list[Verdict]:
    """Return a verdict for every row with a target, the smallest ratio that is promised."""
    return [
        at_least(f"{row['operation']} against {row['form']}", float(row["ratio"] or 0), float(row["target"]))
        for row in rows
        if row["target"] is not None
    ]


def read_pairs() -> tuple[str, np.ndarray, np.ndarray]:
    """Return a name, and user and item of every interaction: Gowalla's training part, or a skewed random draw."""
    path = Path(os.environ.get("RAGX_DATA", "")) / "gowalla" / "train.txt.gz"
    if path.is_file():
        with gzip.open(path, "rt") as lines:
            rows = [np.array(line.split(), dtype=np.int64) for line in lines]
        return (
            "gowalla",
            np.repeat([row[0] for row in rows], [len(row) - 1 for row in rows]),
            np.concatenate([row[1:] for row in rows]),
        )
    return "generated", *drawn_pairs(USERS, ITEMS, INTERACTIONS)


def drawn_pairs(users: int, items: int, interactions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return user and item of interactions that are drawn, few users and items having most of them."""
    generator = np.random.default_rng(0)
    user = (users * generator.random(interactions) ** 2).astype(np.int64)
    return user, (items * generator.random(interactions) ** 3).astype(np.int64)


def compare(
    operation: str,
    ours: Call,
    others: Mapping[str, tuple[Call, float | None]],
    repeats: int,
    *,
    device: torch.device = CPU,
    unchecked: Collection[str] = (),
    apart: Sequence[Timed] = (),
) -> list[Row]:
    """Check that all forms give equal values, time them in turn, and check again; return medians and ratios to ours.

    What is timed is what is checked, in the process where it was timed: the first values, and after the last call what
    the calls have come to, the weights of a training among them.

    Args:
        operation: name of the rows.
        ours: our form.
        others: other forms by name, each with the ratio to ours that it must have at least, or None.
        repeats: timings of every form.
        device: where they run; it is waited for before and after.
        unchecked: names of those that compute something else, such as a bound of what is possible.
        apart: processes that time those of their names, ours by the operation's; others are timed here too, where they
            gain by our memory settings.
    """
    timed_apart = {name: process for process in apart for name in process.names}
    reference = timed_apart[operation].value(operation) if operation in timed_apart else ours()
    for name, (call, _) in others.items():
        if name not in unchecked:
            torch.testing.assert_close(call(), reference, rtol=1e-4, atol=1e-4)
            if name in timed_apart:
                torch.testing.assert_close(timed_apart[name].value(name), reference, rtol=1e-4, atol=1e-4)
    elsewhere = [name for name in others if name in timed_apart]
    timed_here = {name + OUR_MEMORY * (name in timed_apart): call for name, (call, _) in others.items()}
    timers: dict[str, Callable[[], float]] = {
        "ragx": partial(timed_apart[operation].seconds, operation)
        if operation in timed_apart
        else partial(_warm, ours, device),
        **{name: partial(_warm, call, device) for name, call in timed_here.items()},
        **{name: partial(timed_apart[name].seconds, name) for name in elsewhere},
    }
    times: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(repeats):
        for name, timer in timers.items():
            times[name].append(1000 * timer())
    ended = timed_apart[operation].outcome(operation) if operation in timed_apart else outcome_of(ours)
    for name in others.keys() - set(unchecked):
        check_outcome(outcome_of(others[name][0]), ended, f"{operation}, {name}")
        if name in timed_apart:
            check_outcome(timed_apart[name].outcome(name), ended, f"{operation}, {name}, in a process of its own")
    median = {name: statistics.median(values) for name, values in times.items()}
    targets = {name: target for name, (_, target) in others.items()}
    return [
        {
            "operation": operation,
            "form": name,
            "milliseconds": round(median[name], 2),
            "ratio": round(median[name] / median["ragx"], 4),
            "target": targets.get(name),
        }
        for name in times
    ]


def best_first(
    rows: Sequence[Row], target: float | None, *, called: str = "", unranked: Collection[str] = ()
) -> list[Row]:
    """Return rows with the fastest other form behind ours, then what its users call, then the rest.

    Args:
        rows: those of :func:`compare`, ours first.
        target: ratio to ours that the fastest must have at least, or None.
        called: the form that users call, if there is one.
        unranked: names of those that compute something else.
    """
    ours, *others = (dict(row) for row in rows)
    ranked = sorted((row for row in others if row["form"] not in unranked), key=lambda row: float(row["ratio"] or 0))
    best, usual = ranked[0], next((row for row in others if row["form"] == called and row is not ranked[0]), None)
    rest = [row for row in others if row is not best and row is not usual]
    best["form"], best["target"] = f"{BEST}{best['form']}", target
    if usual is not None:
        usual["form"] = f"{AS_CALLED}{usual['form']}"
    return [ours, best, *([usual] if usual else []), *rest]


def _warm(call: Call, device: torch.device) -> float:
    call()  # every form is timed with its own data in the caches
    return seconds_of(call, device)


def seconds_of(call: Callable[[], object], device: torch.device) -> float:
    """Return how long a call takes until the device has done it."""
    wait_for(device)
    start = time.perf_counter()
    call()
    wait_for(device)
    return time.perf_counter() - start


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def bare_product(adjacency: Adjacency, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return the weighted sum as one call of torch, without checks or gradient."""
    return functional.embedding_bag(
        adjacency.source, x, adjacency.row_pointer, mode="sum", per_sample_weights=weight, include_last_offset=True
    )


def print_rows(rows: Iterable[Row]) -> None:
    """Print a table of medians and ratios."""
    for row in rows:
        print(f"{row['operation']:40}{row['form']:52}{row['milliseconds']:9.1f} ms{row['ratio']:9.2f} ×", flush=True)


def write_json(path: Path, setting: Mapping[str, Any], verdicts: Iterable[Verdict], figures: Mapping[str, Any]) -> None:
    """Write what was found, beside where and with what it was."""
    machine = torch.cuda.get_device_name() if setting["device"] == "cuda" else f"{os.cpu_count()} CPU cores"
    versions = {"torch": torch.__version__, "torch_geometric": torch_geometric.__version__}
    where = {"machine": machine, **versions, "torch_scatter": has_scatter(), "day": time.strftime("%Y-%m-%d")}
    limits = [asdict(verdict) for verdict in verdicts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**setting, **where, "verdicts": limits, **figures}, indent=2) + "\n")


def parser_of(text: str | None, output: Path | None, repeats: int) -> argparse.ArgumentParser:
    """Return the options that the benchmarks share."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--output", type=Path, default=output, help=f"JSON file to write (default: {output})")
    parser.add_argument("--repeats", type=int, default=repeats, help="timings of every form")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    return parser
