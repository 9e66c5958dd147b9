"""A model on its data, evaluated: what every command that evaluates has in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.names import needs_item_features
from ragx.evaluation.per_user_table import write_per_user
from ragx.evaluation.protocol import Protocol
from ragx.files import write_atomically
from ragx.graph.graph import Graph
from ragx.metrics.recorded import record_of
from ragx.models.most_popular import MostPopular
from ragx.models.node_model import NodeModel
from ragx.ranking.scorers import InnerProduct, Scorer

Results = dict[str, EvaluationResult]
"""The results of the model, of ``most_popular`` and, where it is known, of ``best_achievable``."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """A model on its data under a protocol, beside the most popular items and, on generated data, the best ranking.

    Args:
        protocol: how it is evaluated.
        dataset: the data.
        split: its parts.
        model: the trained model.
        graph: what it works on.
        refit: whether it has learned from validation too.
    """

    protocol: Protocol
    dataset: Dataset
    split: Split
    model: NodeModel
    graph: Graph
    refit: bool = False

    @cached_property
    def _attributes(self) -> dict[str, Any]:
        return attributes_of(self.protocol, self.dataset, self.split)

    def check(self) -> list[str]:
        """Raise ``ValueError`` where the data lacks what metrics and groups are made of; say for how many it has."""
        return self.protocol.check_attributes(self.split, **self._attributes)

    def on_validation(self) -> Results:
        """Return what the validation part says."""
        scorers = self._scorers(self.split.train, "validation")
        validate = self.protocol.validate
        return {name: validate(scorer, self.split, **self._attributes) for name, scorer in scorers.items()}

    def model_on_validation(self) -> EvaluationResult:
        """Return what the validation part says of the model alone."""
        return self.protocol.validate(self.model.scorer(self.graph), self.split, **self._attributes)

    def on_test(self, *, reason: str, on_open: Callable[[str], None]) -> Results:
        """Open the test part and return what it says; ``on_open`` is told before any number is made."""
        scorers = self._scorers(self.split.train_and_validation if self.refit else self.split.train, "test")
        return self.protocol.test(scorers, self.split, reason=reason, on_open=on_open, **self._attributes)

    def _scorers(self, known: Interactions, part: str) -> dict[str, Scorer]:
        scorers = {"model": self.model.scorer(self.graph), "most_popular": MostPopular().fit(known)}
        return scorers | ({"best_achievable": best} if (best := self._best_achievable(part)) else {})

    def _best_achievable(self, part: str) -> Scorer | None:
        """Return the ranking by the planted preference over the period of a part, among items that train knows."""
        truth, split = self.dataset.truth, self.split
        if truth is None:
            return None
        preference = torch.tensor(truth.preference(*split.periods[part]), dtype=torch.float32)
        preference[:, torch.tensor(split.train.item_counts()) == 0] = 0
        return InnerProduct(preference, torch.eye(preference.shape[1]))


def attributes_of(protocol: Protocol, dataset: Dataset, split: Split) -> dict[str, Any]:
    """Return what some metrics and groups are made of: vectors of items and the table of users."""
    features = None
    if needs_item_features(protocol.metrics):
        nodes = node_features(dataset, split.train)
        features = None if nodes is None else nodes[split.train.num_users :]
    return {"item_features": features, "user_table": dataset.tables.get("users")}


def add_results(metrics: dict[str, Any], part: str, results: Mapping[str, EvaluationResult]) -> None:
    """Put what a part says of every scorer into what ``metrics.json`` holds."""
    metrics[part] = results["model"].values
    metrics["metrics"] = metrics.get("metrics", {}) | record_of(results["model"].metrics.values())
    for name in ("intervals", "groups", "tie_rate", "counts"):
        metrics.setdefault(name, {})[part] = getattr(results["model"], name)
    metrics.setdefault("baseline", {}).setdefault("most_popular", {})[part] = results["most_popular"].values
    if "best_achievable" in results:
        metrics.setdefault("best_achievable", {})[part] = results["best_achievable"].values


def keep_per_user(folder: Path, part: str, results: Mapping[str, EvaluationResult], split: Split) -> None:
    """Write the values of every user under the model and under the most popular items."""
    about = {"split": split.fingerprint, "part": part}
    for name, file in (("model", "per_user"), ("most_popular", "per_user_most_popular")):
        keep = partial(write_per_user, results[name], split.train.users, about=about)
        write_atomically(folder / f"{file}_{part}.parquet", keep)
