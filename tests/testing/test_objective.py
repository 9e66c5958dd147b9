"""The contract of objectives: every objective here keeps it, and one broken in one way fails that clause."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ragx.data.batches import Batch
from ragx.data.negatives import Negatives, NegativeSampler, TrainPairs
from ragx.objectives.base import ViewObjective
from ragx.objectives.bilateral_softmax import BilateralSoftmax
from ragx.objectives.cosine_contrastive import CosineContrastive
from ragx.objectives.direct_au import DirectAU
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.sampled_softmax import SampledSoftmax
from ragx.objectives.sim_gcl import SimGCL
from ragx.objectives.views import Views
from ragx.objectives.x_sim_gcl import XSimGCL
from ragx.testing import check_objective


@pytest.mark.parametrize(
    "objective",
    [
        BayesianPersonalizedRanking(),
        BayesianPersonalizedRanking(similarity="cosine", temperature=0.1, negatives=Negatives(count=3)),
        InBatchSoftmax(),
        InBatchSoftmax(mask_false_negatives=False, correction=1.0, l2=0.01),
        SampledSoftmax(negatives=Negatives(count=4, distribution="popularity")),
        BilateralSoftmax(),
        BilateralSoftmax(negatives=Negatives(count=4), ratio=1.1, pool_positives=True, mask_false_negatives=False),
        CosineContrastive(),
        DirectAU(l2=0.01),
        SimGCL(),
        XSimGCL(ranking=InBatchSoftmax()),
    ],
)
def test_every_objective_keeps_the_contract(objective: ViewObjective) -> None:
    check_objective(objective)


class Alignment(ViewObjective):
    """Alignment and uniformity (Wang et al., 2022), over a view with noise: no negatives at all."""

    def __init__(self) -> None:
        super().__init__(negatives=None, l2=0.0)

    def of_batch(self, views: Views, batch: Batch) -> Tensor:
        final = functional.normalize(views.perturbed(0.1).final)
        users, items, _ = views.rows(final, batch)
        distinct = [final[torch.unique(batch.users)], final[torch.unique(batch.items) + views.num_users]]
        uniform = torch.stack([torch.pdist(vectors).square().mul(-2).exp().mean().log() for vectors in distinct])
        return (users - items).square().sum(1).mean() + uniform.mean()


def test_an_objective_of_ones_own_keeps_it_and_torch_s_generator_stays() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    check_objective(Alignment())
    assert torch.equal(torch.rand(3), expected)


class Drawn(NegativeSampler):
    """Negatives that are drawn in a wrong way."""

    def draw(self, users: Tensor, generator: torch.Generator) -> Tensor:
        return getattr(self, self.negatives.way)(super().draw(users, generator))  # type: ignore[attr-defined,no-any-return]

    @property
    def users_without(self) -> Tensor:
        without = NegativeSampler.users_without.func(self)  # type: ignore[attr-defined]
        return without[:0] if self.negatives.way == "nobody" else without  # type: ignore[attr-defined,no-any-return]

    def nobody(self, drawn: Tensor) -> Tensor:
        return drawn

    def seen(self, drawn: Tensor) -> Tensor:
        return torch.zeros_like(drawn)

    def flat(self, drawn: Tensor) -> Tensor:
        return drawn.flatten()

    def nodes(self, drawn: Tensor) -> Tensor:
        return drawn + self.pairs.num_users

    def elsewhere(self, drawn: Tensor) -> Tensor:
        torch.rand(())
        return drawn

    def by_numpy(self, drawn: Tensor) -> Tensor:
        return drawn[:, np.random.default_rng().permutation(drawn.shape[1])]


@dataclass(frozen=True, kw_only=True)
class Wrong(Negatives):
    way: str = ""
    count: int = 40

    def sampler(self, pairs: TrainPairs) -> NegativeSampler:
        return Drawn(self, pairs)


class Changed(BayesianPersonalizedRanking):
    """A loss that a subclass changes."""

    def loss(self, users: Tensor, items: Tensor, negatives: Tensor | None, batch: Batch) -> Tensor:
        return self.changed(super().loss(users, items, negatives, batch), users)

    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return loss


class OneEach(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return loss + users.sum(1)


class Endless(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return loss / 0


class Cut(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return loss.detach()


class UsersAlone(Changed):
    def loss(self, users: Tensor, items: Tensor, negatives: Tensor | None, batch: Batch) -> Tensor:
        return super().loss(users, items.detach(), negatives, batch)


class ItemsAlone(Changed):
    def loss(self, users: Tensor, items: Tensor, negatives: Tensor | None, batch: Batch) -> Tensor:
        return super().loss(users.detach(), items, negatives, batch)


class NegativesLeftOut(Changed):
    def loss(self, users: Tensor, items: Tensor, negatives: Tensor | None, batch: Batch) -> Tensor:
        return functional.softplus(-(users * items).sum(1)).mean()


class ByNumpy(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return loss * float(np.random.default_rng().random())


class ByPlace(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return loss + (users[:, 0] * torch.arange(len(users))).mean()


class OnTheModel(Changed):
    def of_batch(self, views: Views, batch: Batch) -> Tensor:
        loss = super().of_batch(views, batch)
        self.touch(views, batch)
        return loss

    def touch(self, views: Views, batch: Batch) -> None:
        views.base_embeddings.data.clamp_(-0.1, 0.1)


class OnTheBatch(OnTheModel):
    def touch(self, views: Views, batch: Batch) -> None:
        batch.items.fill_(0)


class OnTheGraph(OnTheModel):
    def touch(self, views: Views, batch: Batch) -> None:
        views.graph.edge_weight.data.mul_(0.5)


class InEvaluation(OnTheModel):
    def touch(self, views: Views, batch: Batch) -> None:
        views.model.eval()  # type: ignore[attr-defined]


class UpTheHill(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return 2 * loss.detach() - loss


class WrongSign(Changed):
    def changed(self, loss: Tensor, users: Tensor) -> Tensor:
        return -loss


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (nn.MSELoss(), "kind: expected a ragx.objectives.ViewObjective, got a MSELoss"),
        (
            Changed(negatives=Wrong(way="nobody")),
            r"negatives: users_without: expected the user who has every item, got \[",
        ),
        (Changed(negatives=Wrong(way="seen")), "negatives: draw gives items that the user has in train"),
        (Changed(negatives=Wrong(way="flat")), r"negatives: draw: expected item rows \[27, n\], got \[1080\] of"),
        (Changed(negatives=Wrong(way="nodes")), "negatives: draw: expected rows from 0 to 9, got 8 to 17"),
        (Changed(negatives=Wrong(way="elsewhere")), "negatives: draw takes from torch's generator, not from the one"),
        (Changed(negatives=Wrong(way="by_numpy")), "negatives: draw gives two results of one generator"),
        (OneEach(), r"loss: expected a loss that is one number, got \[30\]"),
        (Endless(), "loss: expected a finite loss, got inf"),
        (Cut(l2=0.0), "loss: expected a loss with a gradient, got one without"),
        (ItemsAlone(l2=0.0), "gradient: no gradient reaches the users"),
        (UsersAlone(l2=0.0), "gradient: no gradient reaches the items of users"),
        (NegativesLeftOut(l2=0.0), "gradient: no gradient reaches the negatives, which it asks for"),
        (ByNumpy(), "repeatable draws: the loss has two values under one state of torch's generator"),
        (ByPlace(), "order of the batch: a batch in another order has another loss: they differ"),
        (OnTheModel(), "model, graph and batch untouched: it changes the model's embedding"),
        (OnTheBatch(), "model, graph and batch untouched: it changes the batch's items"),
        (OnTheGraph(), "model, graph and batch untouched: it changes the graph"),
        (InEvaluation(), "model, graph and batch untouched: it leaves the model in evaluation"),
        (UpTheHill(), "learning: the loss does not fall in 60 steps: "),
        (WrongSign(), "learning: after 60 steps users prefer their items in "),
    ],
)
def test_a_broken_objective_fails_with_its_clause_named(objective: Any, message: str) -> None:
    with pytest.raises(AssertionError, match="^" + message):
        check_objective(objective)
