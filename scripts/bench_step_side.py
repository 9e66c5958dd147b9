"""One side of ``bench_step.py``: trains one case with the ragx of its PYTHONPATH, a few steps whenever it is told to.

A line on standard input asks for so many steps; the answer is a line of JSON with their seconds and losses. With the
end of the input the weights before the first and after the last step are written, and the side ends.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import torch
from bench_common import WIDTH, drawn_pairs, read_pairs

import ragx.datasets
from ragx.data import Interactions, Negatives, PairBatches, default_split
from ragx.graph import build_graph
from ragx.layers import LightConv
from ragx.models import RelevanceAwareGraph
from ragx.objectives import BayesianPersonalizedRanking, InBatchSoftmax
from ragx.training import Engine, Trainer
from ragx.training.progress import NoProgress

BATCH, RATE, EPOCHS, SEED = 2_048, 0.005, 1_000_000, 0
ML_100K = 943, 1_682, 100_000
SMALL = {"gowalla": 50, "ml-100k": 10}  # of how many interactions the small data keep one
Weights = dict[str, torch.Tensor]


class Done(Exception):  # noqa: N818
    """No more steps are asked for."""


class Turns(NoProgress):
    """Lets a training go on for as many steps as are asked for, and answers with what they took and came to."""

    def __init__(self) -> None:
        self.left, self.losses, self.began = 0, list[float](), (0.0, 0.0)

    def wait(self) -> None:
        """Wait until steps are asked for.

        Raises:
            Done: the input has ended.
        """
        line = sys.stdin.readline()
        if not line.strip():
            raise Done
        self.left, self.losses, self.began = int(line), [], _clocks()

    def step(self, step: int, loss: float) -> None:
        """Count a step that was taken; after the last one answer and wait."""
        self.losses.append(loss)
        self.left -= 1
        if not self.left:
            passed, worked = (now - then for now, then in zip(_clocks(), self.began, strict=True))
            _answer({"seconds": passed, "processor_seconds": worked, "losses": self.losses})
            self.wait()


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _answer(value: object) -> None:
    print(json.dumps(value), flush=True)


def interactions(data: str, small: bool) -> Interactions:
    """Return the train part of Gowalla or of ml-100k, or of a drawn one of that size where the data is not there."""
    if data == "ml-100k" and (Path(os.environ.get("RAGX_DATA", "")) / data).is_dir():
        train = default_split(ragx.datasets.load(data)).train
        return train.filter(np.arange(len(train)) % SMALL[data] == 0) if small else train
    user, item = read_pairs()[1:] if data == "gowalla" else drawn_pairs(*ML_100K)
    every = SMALL[data] if small else 1
    return Interactions.from_events(pl.DataFrame({"user": user[::every], "item": item[::every]}))


def train_default(train: Interactions, turns: Turns) -> Weights:
    """Train what a run without any choice trains: one layer of plain sums, softmax over the batch."""
    model = _model(train, num_layers=1, similarity="cosine", temperature=0.12, popularity_prior=1.0)
    return _trained(train, turns, model, InBatchSoftmax())


def train_lightgcn(train: Interactions, turns: Turns, l2: float = 1e-4) -> Weights:
    """Train ``model=lightgcn``: three layers, BPR."""
    model = _model(train, num_layers=3, similarity="inner_product")
    return _trained(train, turns, model, BayesianPersonalizedRanking(l2=l2))


def train_peer(train: Interactions, turns: Turns) -> Weights:
    """Train LightGCN on torch's CSR product with a symmetric gradient, from the same weights on the same batches."""
    from bench_lightgcn import Setting, pyg_step  # not with an older ragx, whose sides need none of them
    from bench_peers import HandWritten, products

    setting = Setting("", build_graph(train), PairBatches(train, batch_size=BATCH, seed=SEED, negatives=Negatives()), 1)
    nodes = train.num_users + train.num_items
    model = HandWritten(nodes, WIDTH, 3, products(setting.graph)["torch CSR, symmetric autograd"])
    model.embedding.weight.data.copy_(_model(train, num_layers=3).embedding.detach())
    start, step = model.embedding.weight.detach().clone(), pyg_step(setting, model, None, RATE)
    try:
        turns.wait()
        while True:
            turns.step(0, float(step()))
    except Done:
        return {"start": start, "end": model.embedding.weight.detach()}


def _model(train: Interactions, **options: object) -> RelevanceAwareGraph:
    torch.manual_seed(SEED)
    sizes = {"num_users": train.num_users, "num_items": train.num_items, "hidden_dim": WIDTH}
    return RelevanceAwareGraph(layer=LightConv, **sizes, **options)  # type: ignore[arg-type]


def _trained(
    train: Interactions,
    turns: Turns,
    model: RelevanceAwareGraph,
    objective: InBatchSoftmax | BayesianPersonalizedRanking,
) -> Weights:
    start, optimizer = model.embedding.detach().clone(), partial(torch.optim.Adam, lr=RATE, fused=True)
    graph, trainer = build_graph(train), Trainer(max_epochs=EPOCHS, batch_size=BATCH, engine=Engine(device="cpu"))
    try:
        turns.wait()
        trainer.fit(
            model=model, graph=graph, train=train, objective=objective, optimizer=optimizer, seed=SEED, view=turns
        )
    except Done:
        return {"start": start, "end": model.embedding.detach()}
    raise RuntimeError("The training ended before its steps did.")


TRAININGS: dict[str, Callable[[Interactions, Turns], Weights]] = {
    "default": train_default,
    "lightgcn": train_lightgcn,
    "lightgcn without penalty": partial(train_lightgcn, l2=0.0),
    "peer": train_peer,
}


def main() -> None:
    """Say what is imported, train as told, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="file to write")
    parser.add_argument("training", choices=TRAININGS)
    parser.add_argument("data", choices=SMALL)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--our-memory", action="store_true", help="with ragx's memory settings from the start")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.our_memory:
        Engine(device="cpu").fabric()
    train = interactions(arguments.data, arguments.small)
    _answer({"ragx": str(Path(ragx.__file__).resolve())})
    torch.save(TRAININGS[arguments.training](train, Turns()), arguments.weights)


if __name__ == "__main__":
    main()
