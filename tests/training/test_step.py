"""One optimiser step, against the same gradient taken through the whole graph at once."""

import functools
from dataclasses import replace
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric

from ragx.data.batches import Batch, PairBatches
from ragx.data.negatives import Negatives
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.base import Objective
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.views import batch_rows
from ragx.training.step import OnGraph, training_step

OBJECTIVES: dict[str, Objective] = {
    "bpr": BayesianPersonalizedRanking(negatives=Negatives(count=3), l2=0.1),
    "softmax": InBatchSoftmax(l2=0.1),
    "no penalty": InBatchSoftmax(),
}


def model_of(graph: Graph, **options: Any) -> RelevanceAwareGraph:
    torch.manual_seed(3)
    layer = functools.partial(RelevanceConv, activation="tanh")
    return RelevanceAwareGraph(
        num_users=graph.num_users, num_items=graph.num_items, layer=layer, num_layers=2, hidden_dim=6, **options
    )


def gradients(
    model: RelevanceAwareGraph, graph: Graph, objective: Objective, batches: list[Batch]
) -> tuple[float, list[torch.Tensor]]:
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped: Any = fabric.setup_module(OnGraph(model, graph))
    model.zero_grad()
    loss = training_step(fabric, wrapped, objective, batches)
    return loss.item(), [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]


def plainly(model: RelevanceAwareGraph, graph: Graph, objective: Objective, batch: Batch) -> torch.Tensor:
    """Return the loss with its graph whole, by plain indexing."""
    nodes, users, items = model(graph), batch.users, batch.items + graph.num_users
    negatives = None if batch.negatives is None else batch.negatives + graph.num_users
    drawn = None if negatives is None else nodes[negatives]
    loss = objective.loss(nodes[users], nodes[items], drawn, batch)
    rows = [users, items] if negatives is None else [users, items, negatives.flatten()]
    squares = model.embedding[torch.cat(rows)].square().sum()
    return loss + objective.l2 / 2 * squares / len(users)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("shared", [1, 2])
def test_batches_that_share_a_propagation_give_the_mean_of_their_gradients(
    name: str, shared: int, tiny_split: Split, tiny_graph: Graph
) -> None:
    objective, model = OBJECTIVES[name], model_of(tiny_graph)
    batches = PairBatches(tiny_split.train, batch_size=100, seed=0, negatives=objective.negatives)
    group = [batches.batch(0, step) for step in range(shared)]
    loss, of_parameters = gradients(model, tiny_graph, objective, group)
    expected_loss = sum(plainly(model, tiny_graph, objective, batch) for batch in group) / shared
    assert isinstance(expected_loss, torch.Tensor)
    assert loss == pytest.approx(expected_loss.item(), rel=1e-5)
    expected = torch.autograd.grad(expected_loss, list(model.parameters()))
    assert len(of_parameters) == len(expected)
    for one, other in zip(of_parameters, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


def test_two_shared_batches_are_the_mean_of_each_alone(tiny_split: Split, tiny_graph: Graph) -> None:
    objective, model = InBatchSoftmax(), model_of(tiny_graph)
    batches = PairBatches(tiny_split.train, batch_size=100, seed=0)
    first, second = batches.batch(0, 0), batches.batch(0, 1)
    one = gradients(model, tiny_graph, objective, [first])
    two = gradients(model, tiny_graph, objective, [second])
    both = gradients(model, tiny_graph, objective, [first, second])
    assert both[0] == pytest.approx((one[0] + two[0]) / 2, rel=1e-6)
    for a, b, c in zip(one[1], two[1], both[1], strict=True):
        torch.testing.assert_close(c, (a + b) / 2, atol=1e-7, rtol=1e-4)
    assert not torch.allclose(one[1][0], two[1][0], atol=1e-4)


def test_rows_of_a_batch_are_nodes_users_first(tiny_split: Split) -> None:
    pairs = PairBatches(tiny_split.train, batch_size=2, seed=0).pairs
    batch = Batch(torch.tensor([4, 0]), torch.tensor([1, 2]), torch.tensor([[3, 4], [5, 6]]), pairs)
    rows, sizes = batch_rows(batch, 10)
    assert rows.tolist() == [4, 0, 11, 12, 13, 14, 15, 16]
    assert sizes == [2, 2, 4]
    rows, sizes = batch_rows(Batch(batch.users, batch.items, None, pairs), 10)
    assert (rows.tolist(), sizes) == ([4, 0, 11, 12], [2, 2, 0])


LIGHT = functools.partial(RelevanceConv, linear=False, bias=False, activation=None)


def light_model(graph: Graph, num_layers: int) -> RelevanceAwareGraph:
    torch.manual_seed(3)
    sizes = {"num_users": graph.num_users, "num_items": graph.num_items, "hidden_dim": 8}
    return RelevanceAwareGraph(layer=LIGHT, num_layers=num_layers, **sizes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("shared", [1, 2])
def test_a_step_made_for_its_own_nodes_has_the_bits_of_one_made_for_all(
    name: str, num_layers: int, shared: int, tiny_split: Split, tiny_graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective, model = OBJECTIVES[name], light_model(tiny_graph, num_layers)
    batches = PairBatches(tiny_split.train, batch_size=5, seed=0, negatives=objective.negatives)
    group = [batches.batch(0, step) for step in range(shared)]
    group[0] = replace(group[0], users=group[0].users[:1].repeat(5))  # one user, again and again
    made = 0
    real = RelevanceAwareGraph.vectors_of

    def counted(model: RelevanceAwareGraph, graph: Graph, nodes: torch.Tensor) -> torch.Tensor | None:
        nonlocal made
        vectors = real(model, graph, nodes)
        made += vectors is not None
        return vectors

    monkeypatch.setattr(RelevanceAwareGraph, "vectors_of", counted)
    loss, of_parameters = gradients(model, tiny_graph, objective, group)
    assert made == 1
    monkeypatch.setattr(RelevanceAwareGraph, "vectors_of", lambda *_: None)
    expected_loss, expected = gradients(model, tiny_graph, objective, group)

    assert loss == expected_loss
    assert all(torch.equal(one, other) for one, other in zip(of_parameters, expected, strict=True))


class Wrapped(torch.nn.Module):
    """Twice what a model gives; all else is the model's own."""

    def __init__(self, model: RelevanceAwareGraph) -> None:
        super().__init__()
        self.inner = model

    def __getattr__(self, name: str) -> Any:
        return super().__getattr__(name) if name == "inner" else getattr(self.inner, name)

    def forward(self, graph: Graph) -> torch.Tensor:
        vectors: torch.Tensor = self.inner(graph)
        return 2 * vectors


def test_a_model_around_a_model_is_called_itself(tiny_split: Split, tiny_graph: Graph) -> None:
    model: Any = Wrapped(light_model(tiny_graph, 1))
    batch = PairBatches(tiny_split.train, batch_size=5, seed=0).batch(0, 0)
    loss, _ = gradients(model, tiny_graph, InBatchSoftmax(similarity="inner_product"), [batch])
    expected = plainly(model, tiny_graph, InBatchSoftmax(similarity="inner_product"), batch)
    assert loss == pytest.approx(expected.item(), rel=1e-5)


def test_a_hook_on_the_embeddings_sees_the_gradient_of_the_penalty_too(tiny_split: Split, tiny_graph: Graph) -> None:
    objective, model = OBJECTIVES["bpr"], light_model(tiny_graph, 1)
    batch = PairBatches(tiny_split.train, batch_size=5, seed=0, negatives=objective.negatives).batch(0, 0)
    _, (expected,) = gradients(model, tiny_graph, objective, [batch])
    seen: list[torch.Tensor] = []
    model.embedding.register_hook(lambda gradient: seen.append(gradient.clone()))  # type: ignore[no-untyped-call]
    _, (gradient,) = gradients(model, tiny_graph, objective, [batch])
    assert torch.equal(gradient, expected)
    torch.testing.assert_close(torch.stack(seen).sum(0), expected)
