"""SimGCL: what its views are, what it adds to the loss that ranks, and that its noise is keyed."""

from functools import partial

import pytest
import torch

from ragx.data.batches import Batch, PairBatches
from ragx.data.negatives import Negatives
from ragx.data.split import Split
from ragx.graph.graph import Graph
from ragx.layers.light_conv import LightConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.direct_au import DirectAU
from ragx.objectives.info_nce import batch_info_nce
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.sampled_softmax import SampledSoftmax
from ragx.objectives.sim_gcl import SimGCL
from ragx.objectives.views import Views
from ragx.training.step import OnGraph


@pytest.fixture
def views(tiny_graph: Graph) -> Views:
    torch.manual_seed(0)
    model = RelevanceAwareGraph(
        num_users=tiny_graph.num_users, num_items=tiny_graph.num_items, layer=LightConv, hidden_dim=6
    )
    return Views(OnGraph(model, tiny_graph))


@pytest.fixture
def batch(tiny_split: Split) -> Batch:
    return PairBatches(tiny_split.train, batch_size=50, seed=0, negatives=Negatives()).batch(0, 0)


def test_it_is_the_loss_that_ranks_and_the_contrast_of_two_noisy_views(views: Views, batch: Batch) -> None:
    torch.manual_seed(1)
    loss = SimGCL(weight=0.7, noise=0.3, temperature=0.4).of_batch(views, batch)
    torch.manual_seed(1)
    one, other = views.perturbed(0.3).final, views.perturbed(0.3).final
    assert not torch.equal(one, other)
    contrast = batch_info_nce(one, other, batch, num_users=views.num_users, temperature=0.4)
    ranking = BayesianPersonalizedRanking().of_batch(views, batch)
    assert loss.item() == pytest.approx((ranking + 0.7 * contrast).item(), rel=1e-6)
    assert contrast.item() > 0.1


def test_any_loss_over_final_vectors_ranks(views: Views, batch: Batch) -> None:
    ranking = SampledSoftmax(negatives=Negatives(count=3), l2=0.25)
    objective = SimGCL(ranking=ranking, weight=0.0)
    assert objective.negatives == Negatives(count=3)
    assert objective.l2 == 0.25
    assert objective.of_batch(views, batch).item() == pytest.approx(ranking.of_batch(views, batch).item())
    assert SimGCL(ranking=DirectAU()).negatives is None
    assert SimGCL().negatives == Negatives()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (partial(SimGCL, weight=-1), "weight: expected at least 0, got -1"),
        (partial(SimGCL, noise=0), "noise: expected a number greater than 0, got 0"),
        (partial(SimGCL, temperature=0), "temperature: expected a number greater than 0, got 0"),
        (lambda: SimGCL(ranking=SimGCL()), "ranking: expected a ragx.objectives.Objective, .* got a SimGCL"),  # type: ignore[arg-type]
    ],
)
def test_settings_out_of_range_are_refused(make: partial[SimGCL], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
