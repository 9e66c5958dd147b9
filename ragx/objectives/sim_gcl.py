"""SimGCL: two noisy views of every node, beside a loss that ranks."""

from ragx.checks import check, check_positive
from ragx.data.batches import Batch
from ragx.objectives.base import Objective, ViewObjective
from ragx.objectives.info_nce import batch_info_nce
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.views import Views
from ragx.typing import Float, Tensor


class SimGCL(ViewObjective):
    """L = L_rank + λ Σ_v -log softmax_w( cos(x'_v, x''_w) / τ )_v, x' and x'' two noisy views (Yu et al., SIGIR 2022).

    The sum is the mean over the distinct users v of the batch plus that over its distinct items. Each view is a pass of
    its own, whose noise is :meth:`ragx.objectives.Views.perturbed`. Published with LightGCN whose read-out leaves the
    embeddings out (``mean_of_layers``).

    Args:
        ranking: L_rank with its negatives and penalty; BPR by default.
        weight: λ.
        noise: length ε of the shift of every layer's output.
        temperature: τ.
    """

    def __init__(
        self,
        *,
        ranking: Objective | None = None,
        weight: float = 0.5,
        noise: float = 0.1,
        temperature: float = 0.2,
    ) -> None:
        self.ranking = ranking or BayesianPersonalizedRanking()
        check_contrast(self.ranking, weight, noise, temperature)
        super().__init__(negatives=self.ranking.negatives, l2=self.ranking.l2)
        self.weight, self.noise, self.temperature = weight, noise, temperature

    def of_batch(self, views: Views, batch: Batch) -> Float[Tensor, ""]:
        """Return the loss that ranks, on the views' final vectors, plus λ times the contrast of two noisy views."""
        one, other = (views.perturbed(self.noise).final for _ in range(2))
        contrast = batch_info_nce(one, other, batch, num_users=views.num_users, temperature=self.temperature)
        return self.ranking.of_batch(views, batch) + self.weight * contrast


def check_contrast(ranking: Objective, weight: float, noise: float, temperature: float) -> None:
    """Check what objectives with a contrast of views are made of.

    Raises:
        ValueError: a number is out of range, or ``ranking`` is no objective over final vectors.
    """
    check(
        isinstance(ranking, Objective),
        f"ranking: expected a ragx.objectives.Objective, a loss over final vectors, got a {type(ranking).__name__}.",
    )
    check(weight >= 0, f"weight: expected at least 0, got {weight}.")
    check_positive("noise", noise)
    check_positive("temperature", temperature)
