"""Time what the runner adds to a cell: composing, binding, identity, trackers and folders, beside the bare library.

Both sides train and validate the same model, alternating; only the difference means anything. It is told, without a
verdict: seconds are those of a machine.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "experiments"))

from ragx.data.split import Split
from ragx.evaluation.protocol import Protocol
from ragx.learners.node_models import build_model
from ragx.random import seed_modules
from ragx.runner.run.cell import load_cell
from ragx.runner.sweep.job import run_in_sweep

CONF = str(Path(__file__).resolve().parents[1] / "conf")
TINY = ("dataset.num_users=200", "dataset.num_items=100", "dataset.num_days=90", "trainer.max_epochs=1")
TRACKERS = ("none", "wandb")


def config_of(overrides: list[str]) -> dict[str, Any]:
    """Return the plain config of a cell."""
    plain: Any = OmegaConf.to_container(compose("run", overrides=overrides), resolve=True)
    config: dict[str, Any] = plain
    return config


def through_runner(runs: Path, tracker: str, seed: int) -> float:
    """Return the seconds of one cell of a sweep."""
    folder = runs / tracker  # a tracker makes no run another one, so each has runs of its own
    overrides = [*TINY, f"tracker={tracker}", f"seed={seed}", f"runs={folder}", f"sweep.folder={folder / 'sweep'}"]
    began = time.perf_counter()
    run_in_sweep(config_of(overrides), overrides)
    return time.perf_counter() - began


def bare(seed: int) -> float:
    """Return the seconds that the library takes for the same training and validation."""
    cell = load_cell(config_of([*TINY, "tracker=none", f"seed={seed}"]))
    began = time.perf_counter()
    split, trainer = cell.problem, cell.parts["trainer"].build()
    protocol: Protocol = cell.parts["evaluation"].build()
    assert isinstance(split, Split)
    graph = cell.parts["graph"].build(interactions=split.evidence)
    seed_modules(seed, "model")
    model = build_model(cell.parts, graph)

    def validate(trained: Any) -> dict[str, float]:
        return protocol.validate(trained.scorer(graph), split, metrics=["ndcg@20", "recall@20"]).values

    trainer.fit(
        model=model,
        graph=graph,
        train=split.train,
        objective=cell.parts["objective"].build(),
        optimizer=lambda parameters: cell.parts["optimizer"].build(params=parameters),
        seed=seed,
        validate=validate,
    )
    protocol.validate(model.scorer(graph), split)
    return time.perf_counter() - began


def main() -> None:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="cells of every kind")
    parser.add_argument("--output", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in ("library", *TRACKERS)}
    with initialize_config_dir(CONF, version_base="1.3"), tempfile.TemporaryDirectory() as folder:
        sides: dict[str, Callable[[int], float]] = {"library": bare}
        sides |= {name: partial(through_runner, Path(folder), name) for name in TRACKERS}
        for seed in range(arguments.repeats + 1):
            names = list(sides)
            for name in names[seed % len(names) :] + names[: seed % len(names)]:  # what follows what makes a difference
                seconds = sides[name](seed)
                if seed:  # the first of each imports what all others find imported
                    taken[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    overhead = {name: medians[name] - medians["library"] for name in TRACKERS}
    print(f"library alone: {medians['library']:.2f} s a cell (median of {arguments.repeats})")
    for name, value in overhead.items():
        print(
            f"tracker={name}: the runner adds {value:.2f} s a cell, {value / medians['library']:.2f} of the library's"
        )
    if arguments.output:
        arguments.output.write_text(json.dumps({"medians": medians, "overhead": overhead}, indent=2) + "\n")


if __name__ == "__main__":
    main()
