"""What a run leaves behind, and how it is read back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.ids import Identifier
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.parts import Part, bind
from ragx.report.recommendations import recommendation_table
from ragx.training.checkpoint import load_checkpoint, write_atomically

GIVEN: dict[str, tuple[str, ...]] = {
    "dataset": (),
    "split": ("dataset",),
    "graph": ("interactions",),
    "layer": ("in_channels", "out_channels"),
    "model": ("num_users", "num_items", "layer", "features"),
    "objective": (),
    "optimizer": ("params",),
    "trainer": (),
    "evaluation": (),
    "tracker": (),
}
"""The parts of a run, and what each is given when it is built."""


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file whole or not at all."""
    write_atomically(path, lambda temporary: temporary.write_text(json.dumps(value, indent=2) + "\n"))


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, given back.

    Args:
        folder: where it lies.
        config: its parts with every default.
        metrics: its results.
        model: the trained model.
        graph: the graph the final model works on.
        dataset: the data.
        split: the split.
    """

    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]
    model: RelevanceAwareGraph
    graph: Graph
    dataset: Dataset
    split: Split

    def recommend(self, users: Iterable[Identifier], k: int = 10, *, exclude_seen: bool = True) -> pl.DataFrame:
        """Return the best k items of each user, in outside ids, as columns user, item, rank, score.

        Raises:
            ValueError: a user is unknown, or k is below 1.
        """
        rows = torch.tensor(self.split.train.users.rows(users))
        ranking = self.model.recommend(self.graph, rows, k, exclude_seen=exclude_seen)
        return recommendation_table(ranking, self.split.train)


def load_run(folder: str | Path) -> Run:
    """Return the run in a folder: data, split, graph and the trained model.

    Raises:
        ValueError: the folder holds no finished run, its data is not there, or the split is no longer the same.
    """
    folder = Path(folder)
    check((folder / "metrics.json").is_file(), f"{folder}: expected a finished run with metrics.json, found none.")
    record = json.loads((folder / "run.json").read_text())
    metrics = json.loads((folder / "metrics.json").read_text())
    parts = bind(record["config"], GIVEN)
    dataset = parts["dataset"].build()
    split = parts["split"].build(dataset=dataset)
    check(
        split.fingerprint == record["fingerprint"],
        f"{folder}: the run was made on split {record['fingerprint']}, the data now gives {split.fingerprint}.",
    )
    train = split.train_and_validation if record["refit"] else split.train
    graph = parts["graph"].build(interactions=train)
    model = build_model(parts, graph)
    model.load_state_dict(load_checkpoint(folder / "model.pt", record["identity"])["model"])
    return Run(folder, record["config"], metrics, model.eval(), graph, dataset, split)


def build_model(parts: dict[str, Part], graph: Graph) -> RelevanceAwareGraph:
    """Return the untrained model of a run, its weights drawn from torch's generator as it stands."""
    model: RelevanceAwareGraph = parts["model"].build(
        num_users=graph.num_users, num_items=graph.num_items, layer=parts["layer"].factory()
    )
    return model
