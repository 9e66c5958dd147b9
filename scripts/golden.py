"""Whether two checkouts give the same results: weights, lists and curves to the bit, and the values of metrics.

A refactoring shows with it that it changed nothing:

    git worktree add ../before <commit>
    python scripts/golden.py ../before .            # exit 1 where anything differs
    python scripts/golden.py --values .             # the values of one checkout, as experiments/expected/golden.json

Both checkouts run on this machine, with this Python: bits depend on the processor and on the versions of packages.
Eight small configurations name their options in full, so that a changed default is no difference.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import torch

DATASET = {"num_users": 200, "num_items": 100, "num_days": 120, "events_per_user": 40.0, "seed": 0}
MODEL = {"num_layers": 1, "hidden_dim": 64, "readout": "mean", "similarity": "cosine", "temperature": 0.12}
LIGHTGCN = MODEL | {"num_layers": 3, "similarity": "inner_product", "temperature": 1.0, "popularity_prior": 0.0}
TRAINER = {
    "max_epochs": 2,
    "max_steps": 2800,
    "batch_size": 256,
    "batches_per_propagation": 1,
    "schedule.decay": "cosine",
    "schedule.warmup": 0.0,
    "schedule.final": 0.0,
    "stopping.monitor": "ndcg@20",
    "stopping.patience": 10,
}
SOFTMAX = {"similarity": "cosine", "temperature": 0.12, "mask_false_negatives": "true", "correction": 0.0, "l2": 0.0}
NEGATIVES = {"negatives.count": 1, "negatives.distribution": "uniform"}
PAIRWISE = {"similarity": "inner_product", "temperature": 1.0, "l2": 0.0001} | NEGATIVES
SAMPLED = {"similarity": "cosine", "temperature": 0.12, "l2": 0.0, "negatives.count": 64}
ATTENTION = {"heads": 4, "concat": "true", "relevance": "dot", "edge_weight_role": "none", "residual": "true"}
NGCF = {"activation": "leaky_relu", "dropout": 0.1, "edge_dropout": 0.0}
DECAY = {"half_life": 90.0, "activation": "relu", "edge_dropout": 0.0}
METRICS = {"metrics": "[recall,precision,f1,hit_rate,ndcg,mrr,map]", "cutoffs": "[10,20,50]", "conventions": "lightgcn"}
BASE: dict[str, str | dict[str, Any]] = {
    "dataset": "shop",
    "dataset.": DATASET,
    "split": "time",
    "split.": {"validation": 0.1, "test": 0.1},
    "graph": "symmetric",
    "layer": "light",
    "model": "relevance_aware_graph",
    "model.": MODEL | {"popularity_prior": 1.0},
    "objective": "in_batch_softmax",
    "objective.": SOFTMAX,
    "optimizer": "adam",
    "optimizer.": {"lr": 0.005},
    "trainer.": TRAINER | {"refit": "false"},
    "evaluation.": METRICS | {"final": "true", "cold_users": "exclude"},
    "diagnostics": "none",
    "tracker": "none",
    "seed": "0",
    "threads": "1",
}
CONFIGURATIONS: dict[str, dict[str, str | dict[str, Any]]] = {
    "softmax": {},
    "lightgcn": {"model": "lightgcn", "model.": LIGHTGCN, "objective": "bpr", "objective.": PAIRWISE},
    "attention": {"layer": "relevance_attention", "layer.": ATTENTION, "diagnostics": "layers"},
    "refit": {
        "objective": "sampled_softmax",
        "objective.": SAMPLED | {"negatives.distribution": "uniform"},
        "trainer.": TRAINER | {"refit": "true"},
    },
    "ngcf": {"layer": "ngcf", "layer.": NGCF},
    "time_decay": {
        "layer": "time_decay",
        "layer.": DECAY,
        "graph": "recency",
        "graph.": {"weight.half_life": 90.0},
    },
    "gatv2": {"layer": "gatv2", "layer.": {"options.heads": 4, "options.concat": "true", "options.edge_dim": 1}},
    "shared": {"trainer.": TRAINER | {"refit": "false", "batches_per_propagation": 3}},
}
CLOCKS = ("seconds", "started", "time")
SECONDS_A_RUN = 300


class Outcome(NamedTuple):
    """What one configuration left: weights by name, lists, the curve line by line, and values of metrics by name."""

    weights: dict[str, torch.Tensor]
    lists: pl.DataFrame
    curve: list[dict[str, Any]]
    values: dict[str, float]


def options_of(name: str) -> list[str]:
    """Return a configuration as the overrides of a command line."""
    chosen = BASE | CONFIGURATIONS[name]
    groups = [f"{key}={value}" for key, value in chosen.items() if not isinstance(value, dict)]
    nested = {key: value for key, value in chosen.items() if isinstance(value, dict)}
    return groups + [f"{key}{option}={value}" for key, options in nested.items() for option, value in options.items()]


def run(checkout: Path, name: str, runs: Path) -> Outcome:
    """Run one configuration with a checkout's own command and return what it left.

    Raises:
        RuntimeError: the command failed; the message ends with what it printed.
    """
    command = [sys.executable, str(checkout / "experiments/run.py"), *options_of(name), f"runs={runs}"]
    environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=runs, env=environment, capture_output=True, text=True, timeout=SECONDS_A_RUN)
    if done.returncode:
        raise RuntimeError(f"{checkout}: {name} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    (metrics,) = runs.glob("*/metrics.json")
    return read_outcome(metrics.parent)


def read_outcome(folder: Path) -> Outcome:
    """Return what a finished run left in its folder."""
    weights = torch.load(folder / "model.pt", weights_only=True)["model"]
    lines = (folder / "train/curve.jsonl").read_text().splitlines()
    curve = [{key: value for key, value in json.loads(line).items() if key not in CLOCKS} for line in lines]
    metrics = json.loads((folder / "metrics.json").read_text())
    tables = {part: metrics[part] for part in ("validation", "test")}
    for baseline, parts in metrics["baseline"].items():
        tables |= {f"{baseline}/{part}": values for part, values in parts.items()}
    values = {f"{table}/{metric}": value for table, metrics in tables.items() for metric, value in metrics.items()}
    return Outcome(weights, pl.read_parquet(folder / "recommendations.parquet"), curve, values)


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Return what two outcomes of one configuration differ in, a line each; none where they are equal to the bit."""
    lines = []
    if one.weights.keys() != other.weights.keys():
        lines.append(f"names of weights: {sorted(one.weights.keys() ^ other.weights.keys())} in one alone")
    for name in sorted(one.weights.keys() & other.weights.keys()):
        if not torch.equal(one.weights[name], other.weights[name]):
            lines.append(f"weights {name}: {_gap(one.weights[name], other.weights[name])}")
    if not one.lists.equals(other.lists):
        lines.append(f"lists: {len(one.lists)} and {len(other.lists)} rows, not the same")
    unequal = [epoch for epoch, pair in enumerate(zip(one.curve, other.curve, strict=False), 1) if pair[0] != pair[1]]
    if unequal or len(one.curve) != len(other.curve):
        lines.append(f"curve: {len(one.curve)} and {len(other.curve)} lines, unequal at {unequal}")
    for name in sorted(one.values.keys() | other.values.keys()):
        if one.values.get(name) != other.values.get(name):
            lines.append(f"value {name}: {one.values.get(name)} and {other.values.get(name)}")
    return lines


def _gap(one: torch.Tensor, other: torch.Tensor) -> str:
    if one.shape != other.shape:
        return f"shapes {list(one.shape)} and {list(other.shape)}"
    return f"up to {float((one.double() - other.double()).abs().max()):.3g} apart"


def outcomes(checkouts: list[Path], name: str, folder: Path) -> list[Outcome]:
    """Return what a configuration leaves in every checkout, run at the same time."""
    runs = [folder / name / str(number) for number in range(len(checkouts))]
    for run_folder in runs:
        run_folder.mkdir(parents=True)
    with ThreadPoolExecutor(len(checkouts)) as pool:
        return list(pool.map(run, checkouts, [name] * len(checkouts), runs))


def main() -> int:
    """Compare two checkouts, or print the values of one; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path, help="two checkouts, or one with --values")
    parser.add_argument("--values", action="store_true", help="print the values of metrics of one checkout as JSON")
    parser.add_argument("--only", nargs="*", choices=list(CONFIGURATIONS), help="these configurations alone")
    arguments = parser.parse_args()
    checkouts = [checkout.resolve() for checkout in arguments.checkouts]
    if len(checkouts) != (1 if arguments.values else 2):
        parser.error("expected two checkouts, or one with --values")
    values, differing = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only or CONFIGURATIONS:
            results = outcomes(checkouts, name, Path(folder))
            if arguments.values:
                values[name] = results[0].values
                continue
            lines = differences(*results)
            differing += bool(lines)
            print(f"{name}: {'equal to the bit' if not lines else 'differs'}", *lines, sep="\n    ", flush=True)
    if arguments.values:
        rounded = {name: {metric: round(value, 6) for metric, value in of.items()} for name, of in values.items()}
        print(json.dumps(rounded, indent=1))
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
