"""What an objective sees of a model: shared final vectors, perturbed and thinned views."""

import functools
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ragx.data.batches import Batch, PairBatches
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.graph.weights import SymmetricNorm
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.base import ViewObjective
from ragx.objectives.views import View, Views, thinned
from ragx.training.step import OnGraph, training_step


class TwoViews(ViewObjective):
    """Pulls two perturbed views of a batch's users together, and the batch's users to their items."""

    def __init__(self, noise: float = 0.1) -> None:
        super().__init__(negatives=None, l2=0.0)
        self.noise = noise

    def of_batch(self, views: Views, batch: Batch) -> Tensor:
        users, items, _ = views.rows(views.final, batch)
        one, other = (views.perturbed(self.noise).final[batch.users] for _ in range(2))
        return (users - items).square().mean() + (one - other).square().mean()


def model_of(graph: Graph) -> RelevanceAwareGraph:
    torch.manual_seed(3)
    layer = functools.partial(RelevanceConv, activation="tanh")
    return RelevanceAwareGraph(
        num_users=graph.num_users, num_items=graph.num_items, layer=layer, num_layers=2, hidden_dim=6
    )


def test_gradients_of_all_views_are_those_of_one_whole_backward_pass(tiny_split: Split, tiny_graph: Graph) -> None:
    model, objective = model_of(tiny_graph), TwoViews()
    batches = PairBatches(tiny_split.train, batch_size=50, seed=0)
    group = [batches.batch(0, step) for step in range(2)]
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped: Any = fabric.setup_module(OnGraph(model, tiny_graph))

    torch.manual_seed(5)
    loss = training_step(fabric, wrapped, objective, group)

    torch.manual_seed(5)
    views = Views(OnGraph(model, tiny_graph))
    nodes = model(tiny_graph)
    views.__dict__["_final"] = nodes, nodes  # no leaf: one graph from the weights to the loss
    expected = torch.stack([objective.of_batch(views, batch) for batch in group]).mean()
    torch.testing.assert_close(loss, expected.detach())
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(expected, parameters), strict=True):
        torch.testing.assert_close(parameter.grad, gradient, atol=1e-7, rtol=1e-4)


def test_an_objective_that_never_asks_for_the_final_vectors_costs_no_pass_for_them(
    tiny_split: Split, tiny_graph: Graph
) -> None:
    class Perturbed(ViewObjective):
        def of_batch(self, views: Views, batch: Batch) -> Tensor:
            return views.perturbed(0.1).final[batch.users].square().mean()

    class Counted(OnGraph):
        passes = 0

        def forward(self, change: Any = None) -> Any:
            Counted.passes += 1
            return super().forward(change)

    model = model_of(tiny_graph)
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped: Any = fabric.setup_module(Counted(model, tiny_graph))
    batch = PairBatches(tiny_split.train, batch_size=50, seed=0).batch(0, 0)
    training_step(fabric, wrapped, Perturbed(negatives=None, l2=0.0), [batch])
    assert Counted.passes == 1
    assert model.embedding.grad is not None and bool(model.embedding.grad.any())


def test_a_perturbation_has_the_length_asked_for_and_the_sign_of_what_it_shifts(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph)
    seen: list[tuple[Tensor, Tensor]] = []
    real = model.layer_outputs

    def watched(graph: Graph, after: Any = None) -> list[Tensor]:
        def watch(x: Tensor) -> Tensor:
            shifted: Tensor = after(x)
            seen.append((x, shifted))
            return shifted

        return real(graph, watch)

    model.layer_outputs = watched  # type: ignore[method-assign]
    view = Views(OnGraph(model, tiny_graph)).perturbed(0.25)

    assert len(seen) == 2
    for (before, after), output in zip(seen, view.outputs[1:], strict=True):
        assert after is output
        nonzero = before.abs().amin(dim=1) > 0
        shift = (after - before)[nonzero]
        torch.testing.assert_close(shift.norm(dim=1), torch.full((len(shift),), 0.25), atol=1e-5, rtol=0)
        assert bool((shift * before[nonzero] >= -1e-6).all())
    torch.testing.assert_close(view.final, model.readout(view.outputs))


def test_the_plain_view_is_the_model_with_the_outputs_of_its_layers(tiny_graph: Graph) -> None:
    model = model_of(tiny_graph)
    view = Views(OnGraph(model, tiny_graph)).plain()
    torch.testing.assert_close(view.final, model(tiny_graph))
    assert [list(output.shape) for output in view.outputs] == [[tiny_graph.num_nodes, 6]] * 3


def test_a_thinned_graph_weighs_as_if_its_pairs_were_all_there_are(tiny_graph: Graph) -> None:
    torch.manual_seed(0)
    graph = thinned(tiny_graph, 0.3)
    kept = graph.edge_weight > 0

    assert 0.6 < kept.float().mean() < 0.8
    assert torch.equal(kept, kept[graph.reverse])
    into_item = kept & (graph.adjacency.target >= graph.num_users)
    users, items = graph.adjacency.source[into_item], graph.adjacency.target[into_item] - graph.num_users
    alone = Graph.from_pairs(users, items, graph.num_users, graph.num_items)
    torch.testing.assert_close(graph.edge_weight[kept], SymmetricNorm()(alone).float(), atol=1e-6, rtol=1e-5)
    assert torch.equal(thinned(tiny_graph, 0.0).edge_weight, tiny_graph.edge_weight)


class Towers(nn.Module):
    """A model without layers."""

    def __init__(self, nodes: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(nodes, 4))

    @property
    def base_embeddings(self) -> Tensor:
        return self.embedding

    def forward(self, graph: Graph) -> Tensor:
        return self.embedding


def test_a_model_without_layers_is_named_by_an_objective_that_looks_at_them(tiny_graph: Graph) -> None:
    views = Views(OnGraph(Towers(tiny_graph.num_nodes), tiny_graph))
    assert views.final.shape == (tiny_graph.num_nodes, 4)
    for ask in (views.plain, lambda: views.perturbed(0.1), lambda: views.dropped(0.1)):
        with pytest.raises(ValueError, match="asks for the outputs of layers, which Towers does not give"):
            ask()


@pytest.mark.parametrize("without", [MatrixFactorization, functools.partial(RelevanceAwareGraph, num_layers=0)])
def test_without_layers_the_vectors_themselves_are_shifted(without: Any, tiny_graph: Graph) -> None:
    options = {} if without is MatrixFactorization else {"layer": RelevanceConv}
    model = without(num_users=tiny_graph.num_users, num_items=tiny_graph.num_items, hidden_dim=6, **options)
    views = Views(OnGraph(model, tiny_graph))
    assert torch.equal(views.plain().final, model.embedding)
    one, other = views.perturbed(0.25), views.perturbed(0.25)
    assert torch.equal(one.final, one.outputs[0])
    shift = one.final - model.embedding
    torch.testing.assert_close(shift.norm(dim=1), torch.full((len(shift),), 0.25), atol=1e-5, rtol=0)
    assert bool((shift * model.embedding >= -1e-6).all())
    assert not torch.equal(one.final, other.final)


def test_views_out_of_range_are_refused(tiny_graph: Graph) -> None:
    views = Views(OnGraph(model_of(tiny_graph), tiny_graph))
    with pytest.raises(ValueError, match="noise: expected"):
        views.perturbed(0.0)
    with pytest.raises(ValueError, match="share: expected"):
        views.dropped(1.0)
    assert isinstance(views.dropped(0.5), View)


def test_rows_of_the_steps_batches_and_of_any_other_are_those_of_the_final_vectors(
    tiny_split: Split, tiny_graph: Graph
) -> None:
    torch.manual_seed(0)
    layer = functools.partial(RelevanceConv, linear=False, bias=False, activation=None)
    sizes = {"num_users": tiny_graph.num_users, "num_items": tiny_graph.num_items, "hidden_dim": 4}
    model = RelevanceAwareGraph(layer=layer, num_layers=1, **sizes)  # type: ignore[arg-type]
    batches = PairBatches(tiny_split.train, batch_size=5, seed=0)
    known, other = batches.batch(0, 0), batches.batch(0, 1)
    whole = model(tiny_graph).detach()
    model.zero_grad()

    views = Views(OnGraph(model, tiny_graph), [known])
    rows = [views.final_rows(batch)[:2] for batch in (known, other)]
    assert views.__dict__["_own"] is not None
    for (users, items), batch in zip(rows, (known, other), strict=True):
        assert torch.equal(users, whole[batch.users])
        assert torch.equal(items, whole[batch.items + tiny_graph.num_users])

    torch.stack([part.sum() for pair in rows for part in pair]).sum().backward()  # type: ignore[no-untyped-call]
    views.send_back(lambda tensor, gradient: tensor.backward(gradient))
    nodes = model(tiny_graph)
    parts = [
        nodes[rows].sum() for batch in (known, other) for rows in (batch.users, batch.items + tiny_graph.num_users)
    ]
    (expected,) = torch.autograd.grad(torch.stack(parts).sum(), model.embedding)
    torch.testing.assert_close(model.embedding.grad, expected)
