"""The contract of models, which every model here keeps."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.learners.given import GIVEN
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.node_model import NodeModel
from ragx.models.relevance_aware_graph import LayerFactory, RelevanceAwareGraph
from ragx.testing import check_model

MODELS = Path(__file__).resolve().parents[2] / "conf" / "model"
NO_VECTORS = ("custom", "ease")
NAMES = {"ragx.models.MatrixFactorization": MatrixFactorization, "ragx.models.RelevanceAwareGraph": RelevanceAwareGraph}
LAYERS = {"lightgcn": LightConv, "ngcf": NGCFConv, "relevance_attention": RelevanceAttentionConv}


@pytest.mark.parametrize("name", sorted(path.stem for path in MODELS.glob("*.yaml") if path.stem not in NO_VECTORS))
def test_every_model_that_has_a_yaml_keeps_the_contract(name: str) -> None:
    config: Any = OmegaConf.to_container(OmegaConf.load(MODELS / f"{name}.yaml"))
    left_out = ("_target_", "defaults", *GIVEN["model"])
    options = {key: value for key, value in config.items() if key not in left_out} | {"hidden_dim": 8}
    options = {key: 0.5 if key == "temperature" else value for key, value in options.items()}
    if name in LAYERS:
        options["layer"] = LAYERS[name]
    check_model(NAMES[config["_target_"]], **options)


@pytest.mark.parametrize("readout", ["last", "concat", "learned"])
def test_every_read_out_and_depth_keeps_it(readout: str) -> None:
    check_model(RelevanceAwareGraph, readout=readout, num_layers=2, hidden_dim=8)
    check_model(RelevanceAwareGraph, readout=readout, num_layers=3, hidden_dim=8, layer=LightConv)


def test_torch_s_generator_stays_as_it_was() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    check_model(MatrixFactorization, hidden_dim=4)
    assert torch.equal(torch.rand(3), expected)


class Towers(NodeModel):
    """Two towers over ids, without a table of all nodes."""

    def __init__(self, *, num_users: int, num_items: int, width: int = 4) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.of_users, self.of_items = nn.Embedding(num_users, width), nn.Embedding(num_items, width)
        self.user_tower, self.item_tower = nn.Linear(width, width), nn.Linear(width, width)

    @property
    def base_embeddings(self) -> Tensor:
        return torch.cat([self.of_users.weight, self.of_items.weight])

    def forward(self, graph: Graph) -> Tensor:
        return self.joined(self.user_tower(self.of_users.weight), self.item_tower(self.of_items.weight))

    def joined(self, users: Tensor, items: Tensor) -> Tensor:
        return torch.cat([users, items])


class Featured(NodeModel):
    """A map of features, which it must have."""

    def __init__(self, *, num_users: int, num_items: int, features: Tensor) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.features = features
        self.linear = nn.Linear(features.shape[1], 4)

    @property
    def base_embeddings(self) -> Tensor:
        assert self.features is not None
        out: Tensor = self.linear(self.features)
        return out


class Stack(NodeModel):
    """A layer of its own making, after an embedding."""

    def __init__(self, *, num_users: int, num_items: int, layer: LayerFactory) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.embedding = nn.Parameter(torch.randn(num_users + num_items, 8))
        self.layer = layer(in_channels=8, out_channels=8)

    def forward(self, graph: Graph) -> Tensor:
        out: Tensor = self.embedding + self.layer(self.embedding, graph)
        return out


@pytest.mark.parametrize("kind", [Towers, partial(Towers, width=6), Featured, Stack])
def test_a_model_of_ones_own_keeps_it(kind: Any) -> None:
    check_model(kind)
