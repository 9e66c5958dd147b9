"""The contract of models, kept by a plain one of somebody's own."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ragx.graph.graph import Graph
from ragx.learners.node_models import sized_model, takes
from ragx.models.heads import Head
from ragx.models.node_model import NodeModel
from ragx.parts import Part
from ragx.ranking.scorers import InnerProduct, Scorer

WEIGHTS = ("weight", "bias")


class TwoTowers(NodeModel):
    """One map for the vectors of users, one for those of items."""

    def __init__(self, *, num_users: int, num_items: int, width: int = 4) -> None:
        super().__init__(num_users=num_users, num_items=num_items)
        self.embedding = nn.Parameter(torch.randn(num_users + num_items, width))
        self.of_users, self.of_items = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, graph: Graph) -> Tensor:
        users, items = self.embedding[: self.num_users], self.embedding[self.num_users :]
        return torch.cat([self.of_users(users), self.of_items(items)])


class HandsOn(TwoTowers):
    def __init__(self, gain: float = 1.0, **options: Any) -> None:
        super().__init__(**options)


def parts_of(target: Any) -> dict[str, Part]:
    return {"model": Part("model", target, f"mine.{target.__name__}")}


def scores_of(scorer: Scorer, users: int) -> Tensor:
    assert isinstance(scorer, InnerProduct)
    return scorer.user_vectors[:users] @ scorer.item_vectors.T


@pytest.mark.parametrize("target", [TwoTowers, HandsOn])
def test_a_model_that_names_no_layer_is_made_without_one(target: type[NodeModel], tiny_graph: Graph) -> None:
    parts = parts_of(target)
    assert not takes(parts["model"], "layer")
    assert takes(parts["model"], "num_users")
    model = sized_model(parts, tiny_graph.num_users, tiny_graph.num_items)
    scores = scores_of(model.scorer(tiny_graph), 3)
    nodes = nn.functional.normalize(model(tiny_graph), dim=1)
    torch.testing.assert_close(scores, nodes[:3] @ nodes[tiny_graph.num_users :].T, check_dtype=False)
    assert set(model.state_dict()) == {"embedding"} | {f"of_{s}.{p}" for s in ("users", "items") for p in WEIGHTS}


def test_features_for_a_model_that_takes_none_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^model\.features: mine\.TwoTowers takes no features"):
        sized_model(parts_of(TwoTowers), 2, 2, torch.ones(4, 1))


def test_a_head_adds_the_logarithm_of_popularity(tiny_graph: Graph) -> None:
    nodes = torch.randn(tiny_graph.num_nodes, 4)
    head = Head(similarity="inner_product", temperature=0.5, popularity_prior=2.0)
    degree = tiny_graph.degree[tiny_graph.num_users :].clamp(min=0.5)
    expected = nodes[:2] @ nodes[tiny_graph.num_users :].T / 0.5 + 2 * degree.log()
    scores = scores_of(head.scorer(nodes, tiny_graph), 2)
    torch.testing.assert_close(scores, expected, check_dtype=False, rtol=1e-4, atol=1e-4)


def test_an_option_of_the_head_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="temperature"):
        Head(temperature=0)
    with pytest.raises(ValueError, match="popularity_prior: expected at least 0"):
        Head(popularity_prior=-1)
