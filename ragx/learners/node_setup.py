"""The setup of models of nodes: pairs of users and items, on the graph of what is known before."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import nn

from ragx.data.batches import Batch, Batches
from ragx.data.features import feature_joins
from ragx.data.interactions import Interactions
from ragx.data.negatives import TrainPairs
from ragx.data.problem import HeldOutPart, Problem
from ragx.data.split import Split
from ragx.evaluation.diagnostics import Diagnostics
from ragx.graph.graph import Graph
from ragx.learners.node_memory import advice, needed_bytes, small_model
from ragx.learners.node_models import build_model, features_for, tried_model
from ragx.models.node_model import NodeModel
from ragx.models.training_setup import IsBetter, TrainingSetup, ValueOf
from ragx.objectives.base import ViewObjective
from ragx.parts import Part
from ragx.ranking.scorers import Scorer
from ragx.training.step import OnGraph, training_step
from ragx.training.tiny_step import try_step
from ragx.typing import Float, Tensor

MOST_TRIED = 2**22
"""Parameters of a model, apart from its rows, up to which one step of it costs next to nothing."""
SHOWN = 3


class NodeSetup(TrainingSetup):
    """Trains a :class:`ragx.models.NodeModel` on the pairs of a split, its graph made of the split's evidence.

    Args:
        parts: as :class:`ragx.models.TrainingSetup`, like all that follow.
        problem: likewise; a :class:`ragx.data.Split`.
        refit: likewise.
        features: likewise.

    Raises:
        ValueError: the problem is no split of users and items.
    """

    groups = ("graph", "layer", "objective", "sampler", "optimizer", "trainer", "diagnostics")
    given = ("num_users", "num_items", "layer", "features")
    predicts_by_part = False
    asked = {  # noqa: RUF012
        "model": ("base_embeddings", "scorer", "parameters"),
        "objective": ("of_batch", "negatives"),
    }

    def __init__(
        self, parts: Mapping[str, Part], problem: Problem[Any], *, refit: bool = False, features: bool = False
    ) -> None:
        super().__init__(parts, problem, refit=refit, features=features)
        if not isinstance(problem, Split):
            raise ValueError(
                f"model: {parts['model'].name} learns from users and items, and the task gives "
                f"{type(problem.train).__name__}; choose a model that learns from those, such as a closed form."
            )
        self.split = problem

    @cached_property
    def evidence(self) -> Interactions:
        """What the graph is made of: what was learned from, with a target events of every kind."""
        return self.split.evidence_and_validation if self.refit else self.split.evidence

    @cached_property
    def graph(self) -> Graph:
        """The graph that the model works on."""
        graph: Graph = self.parts["graph"].build(interactions=self.evidence)
        return graph

    @cached_property
    def node_features(self) -> Tensor | None:
        """The features of its nodes, where they are wanted."""
        return features_for(self.split.dataset, self.evidence, self.features)

    @cached_property
    def objective(self) -> ViewObjective:
        """Loss and penalty."""
        objective: ViewObjective = self.parts["objective"].build()
        return objective

    def model(self) -> NodeModel:
        """Return the untrained model for the nodes of the graph."""
        return build_model(self.parts, self.graph, self.node_features)

    def batches(self, batch_size: int, seed: int) -> Batches:
        """Return what the sampler makes of the train pairs and the negatives that the objective asks for."""
        negatives = self.objective.negatives
        batches: Batches = self.parts["sampler"].build(
            train=self.train, batch_size=batch_size, seed=seed, negatives=negatives
        )
        return batches

    def step(self, fabric: Any, module: nn.Module, batches: Sequence[Batch]) -> Float[Tensor, ""]:
        """Propagate once for all batches, see :func:`ragx.training.step.training_step`."""
        return training_step(fabric, module, self.objective, batches)

    def module(self, model: nn.Module, device: torch.device) -> nn.Module:
        """Return the model on its graph."""
        return OnGraph(model, self.graph.to(device))

    def predictor(self, model: nn.Module, part: HeldOutPart) -> Scorer:
        """Return the scores of users for items on the graph of what was learned from, whatever the part."""
        scorer: Scorer = model.scorer(self.graph)  # type: ignore[operator]
        return scorer

    def measures(self, model: nn.Module) -> dict[str, float]:
        """Return what the diagnostics say of layers and heads."""
        diagnostics: Diagnostics = self.parts["diagnostics"].build()
        return diagnostics.measure(model, self.graph)  # type: ignore[arg-type]

    def choose(self, model: nn.Module, value_of: ValueOf, is_better: IsBetter) -> Mapping[str, float]:
        """Choose how much the closed forms of the model's mixture count."""
        mixture: Any = getattr(model, "mixture", None)
        if mixture is None:
            return {}

        def value_at(weights: Tensor) -> float:
            model.mixture_weights.copy_(weights)  # type: ignore[operator]
            return value_of(model)

        weights = mixture.choose(self.graph, value_at, is_better)
        choices = dict(zip(mixture.names, weights.tolist(), strict=True))
        self.adopt(model, choices)
        return choices

    def adopt(self, model: nn.Module, choices: Mapping[str, float]) -> None:
        """Give the closed forms of a model's mixture the chosen weights."""
        if choices:
            model.mixture_weights.copy_(torch.tensor(list(choices.values())))  # type: ignore[operator]

    def largest(self, choices: Mapping[str, float]) -> list[str]:
        """Return the closed forms that count the most that was tried."""
        most = max(self.parts["model"].arguments["mixture"].build().weights) if choices else 0.0
        return [name for name, weight in choices.items() if weight == most]

    def knows_strangers(self, model: nn.Module) -> bool:
        """Say whether the model looks at features of users and items."""
        return model.features is not None

    def joins(self) -> list[str]:
        """Say how many users and items have the features that are wanted.

        Raises:
            ValueError: none has.
        """
        return feature_joins(self.split.dataset, self.split.evidence) if self.features else []

    def sentences(self) -> list[str]:
        """Name the users who have every item, from whose pairs an objective that draws negatives cannot learn."""
        if self.objective.negatives is None:
            return []
        left_out = self.objective.negatives.sampler(TrainPairs.of(self.train)).users_without
        if not len(left_out):
            return []
        names = ", ".join(map(repr, self.train.users.outside(left_out[:SHOWN].numpy())))
        return [
            f"No negative can be drawn for {len(left_out):,} of {self.train.num_users:,} users, who have every item: "
            f"{names}. Their pairs stay in the graph and are left out of the objective."
        ]

    def needed_bytes(self) -> int:
        """Return about how many bytes parameters with their moments and the outputs of layers take."""
        return needed_bytes(self.parts, self.graph, self.node_features)

    def advice(self, free: int) -> str:
        """Say which width would fit."""
        return advice(self.parts, self.graph, self.node_features, free)

    @classmethod
    def check_features(cls, parts: Mapping[str, Part], features: bool) -> None:
        """Leave it to the model, whose constructor says whether it takes features."""

    @classmethod
    def tables_read(cls, features: bool) -> set[str]:
        """Return the tables that features are made of, where they are wanted."""
        return {"users", "items"} if features else set()

    @classmethod
    def small_model(cls, parts: Mapping[str, Part], features: bool) -> NodeModel:
        """Return the model for two users and items, without memory where its layers can be made so."""
        return small_model(parts, features)

    @classmethod
    def try_step(cls, parts: Mapping[str, Part], features: bool) -> None:
        """Take one step on three users and four items, where the layers are not large."""
        if sum(parameter.numel() for parameter in small_model(parts, features).parameters()) <= MOST_TRIED:
            try_step(lambda users, items: tried_model(parts, users, items, features), parts["objective"].build())
