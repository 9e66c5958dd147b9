"""What models are checked on: how one is made, and its graph."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from ragx.graph.graph import Graph
from ragx.layers.relevance_conv import RelevanceConv
from ragx.learners.node_models import sized_model, takes
from ragx.models.node_model import NodeModel
from ragx.parts import Part
from ragx.random import derive_seed, generator
from ragx.testing.subject import small_graph, without
from ragx.typing import Tensor

USERS, ITEMS, FEATURES = 7, 11, 3  # of which no width is likely to be one
NODES = USERS + ITEMS


@dataclass
class MadeModel:
    """A class of models with its options, made as a run makes it.

    Args:
        kind: the class, or what makes a model.
        options: its options; ``layer`` may be among them.
        with_features: whether it is given features of users and items.
    """

    kind: Callable[..., NodeModel]
    options: Mapping[str, Any]
    with_features: bool = False
    layers: list[torch.nn.Module] = field(default_factory=list)

    def seed(self, key: int = 0) -> None:
        """Key torch's generator, which models draw their weights and dropout from."""
        torch.default_generator.manual_seed(derive_seed(0, "check_model", key))

    @property
    def part(self) -> Part:
        """The model as a part of a run."""
        name = getattr(self.kind, "__name__", type(self.kind).__name__)
        return Part("model", self.kind, name, {key: value for key, value in self.options.items() if key != "layer"})

    def made(self, key: int = 0, features: Tensor | None = None) -> NodeModel:
        """Return a fresh model, whose layers are then in ``layers``.

        Args:
            key: of its weights.
            features: other features than the usual ones.
        """
        self.seed(key)
        self.layers.clear()
        factory = self.options.get("layer", RelevanceConv)

        def layer(*, in_channels: int, out_channels: int) -> torch.nn.Module:
            self.layers.append(factory(in_channels=in_channels, out_channels=out_channels))
            return self.layers[-1]

        parts = {"model": self.part, "layer": Part("layer", layer, "layer")}
        given = (self.features() if features is None else features) if self.with_features else None
        return sized_model(parts, USERS, ITEMS, given)

    def features(self, key: int = 0) -> Tensor:
        """Return features of users and items, users first."""
        return torch.randn(NODES, FEATURES, generator=generator(0, "check_model", key))

    @property
    def graph(self) -> Graph:
        """A graph of two thirds of all pairs."""
        return small_graph(USERS, ITEMS)

    @property
    def empty(self) -> Graph:
        """A graph without edges."""
        graph = self.graph
        return without(graph, torch.ones_like(graph.adjacency.target, dtype=torch.bool))

    @property
    def sparse(self) -> Graph:
        """A graph in which some users and some items have no edges."""
        graph = self.graph
        return without(graph, (graph.adjacency.source % 4 == 0) | (graph.adjacency.target % 4 == 0))


def variants(kind: Callable[..., NodeModel], options: Mapping[str, Any]) -> list[MadeModel]:
    """Return the model without and with features, as far as its constructor names and demands them."""
    plain, rich = MadeModel(kind, options), MadeModel(kind, options, with_features=True)
    if not takes(plain.part, "features"):
        return [plain]
    features = inspect.signature(kind).parameters.get("features")
    demanded = features is not None and features.default is inspect.Parameter.empty
    return [rich] if demanded else [plain, rich]


def moved(model: NodeModel) -> NodeModel:
    """Return the model in evaluation, with parameters moved off kinks such as a bias of zero before a ReLU."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


def projected(vectors: Tensor) -> Tensor:
    """Return one number of vectors, to which each of their components adds another share."""
    share = torch.randn(vectors.shape, generator=generator(0, "check_model", 1)).to(vectors)
    return (vectors * share).sum()
