"""XSimGCL: one noisy pass, and what is contrasted in models of every shape."""

from typing import Any

import pytest
import torch
from torch import Tensor

from ragx.data.batches import Batch, PairBatches
from ragx.data.negatives import Negatives
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.layers.relevance_conv import RelevanceConv
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.info_nce import batch_info_nce
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.views import Views
from ragx.objectives.x_sim_gcl import XSimGCL
from ragx.training.step import OnGraph


class Counted(OnGraph):
    """Counts the passes over the graph."""

    passes = 0

    def forward(self, change: Any = None) -> Any:
        self.passes += 1
        return super().forward(change)


def views_of(graph: Graph, **options: Any) -> Views:
    torch.manual_seed(0)
    options = {"num_layers": 2, "hidden_dim": 6, "layer": RelevanceConv, **options}
    return Views(Counted(RelevanceAwareGraph(num_users=graph.num_users, num_items=graph.num_items, **options), graph))


@pytest.fixture
def batch(tiny_split: Split) -> Batch:
    return PairBatches(tiny_split.train, batch_size=50, seed=0, negatives=Negatives()).batch(0, 0)


def expected(final: Tensor, one: Tensor, other: Tensor, views: Views, batch: Batch) -> float:
    """Return the loss with λ = 0.7 and τ = 0.4."""
    contrast = batch_info_nce(one, other, batch, num_users=views.num_users, temperature=0.4)
    return float((BayesianPersonalizedRanking().of_vectors(final, views, batch) + 0.7 * contrast).detach())


@pytest.mark.parametrize("readout", ["mean", "mean_of_layers", "concat"])
@pytest.mark.parametrize("layer", [1, 2])
def test_a_layer_of_the_one_noisy_pass_is_contrasted_with_its_final_vectors(
    readout: str, layer: int, tiny_graph: Graph, batch: Batch
) -> None:
    """Of concatenated outputs, which are wider than a layer, the last stands for them."""
    views = views_of(tiny_graph, readout=readout)
    torch.manual_seed(1)
    loss = XSimGCL(weight=0.7, noise=0.3, temperature=0.4, layer=layer).of_batch(views, batch)
    assert views.model.passes == 1  # type: ignore[attr-defined]
    torch.manual_seed(1)
    view = views.perturbed(0.3)
    final = view.outputs[-1] if readout == "concat" else view.final
    assert loss.item() == pytest.approx(expected(view.final, final, view.outputs[layer], views, batch), rel=1e-6)


def test_without_layers_the_vectors_are_driven_apart(tiny_graph: Graph, batch: Batch) -> None:
    model = MatrixFactorization(num_users=tiny_graph.num_users, num_items=tiny_graph.num_items, hidden_dim=6)
    views = Views(OnGraph(model, tiny_graph))
    torch.manual_seed(1)
    loss = XSimGCL(weight=0.7, noise=0.3, temperature=0.4).of_batch(views, batch)
    torch.manual_seed(1)
    final = views.perturbed(0.3).final
    assert loss.item() == pytest.approx(expected(final, final, final, views, batch), rel=1e-6)


def test_a_layer_that_is_not_there_or_has_another_width_is_refused(tiny_graph: Graph, batch: Batch) -> None:
    with pytest.raises(ValueError, match="layer: expected at least 1, got 0"):
        XSimGCL(layer=0)
    with pytest.raises(ValueError, match="layer: expected a layer from 1 to 2, the model's last, got 3"):
        XSimGCL(layer=3).of_batch(views_of(tiny_graph), batch)
    views = views_of(tiny_graph, hidden_dim=[6, 4], readout="concat")
    with pytest.raises(ValueError, match=r"layer: expected one as wide as the last, 4, got layer 1 of 6\."):
        XSimGCL().of_batch(views, batch)
    assert XSimGCL(layer=2).of_batch(views, batch).isfinite()
