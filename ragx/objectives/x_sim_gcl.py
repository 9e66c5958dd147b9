"""XSimGCL: one noisy pass, in which a layer is contrasted with the final vectors."""

from ragx.checks import check
from ragx.data.batches import Batch
from ragx.objectives.base import Objective, ViewObjective
from ragx.objectives.info_nce import batch_info_nce
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.objectives.sim_gcl import check_contrast
from ragx.objectives.views import View, Views
from ragx.typing import Float, Tensor


class XSimGCL(ViewObjective):
    """L = L_rank + λ Σ_v -log softmax_w( cos(x_v, x^l_w) / τ )_v, x and x^l of one noisy pass (Yu et al., TKDE 2023).

    x are the final vectors, which L_rank compares too, and x^l is the output of layer l; the sum is the mean over the
    distinct users v of the batch plus that over its distinct items. Where the read-out makes wider vectors than the
    layers, as ``concat`` does, the output of the last layer stands for x. In a model without layers x^l is x itself,
    and the contrast drives the vectors apart. Published with LightGCN whose read-out is ``mean_of_layers``.

    Args:
        ranking: L_rank with its negatives and penalty; BPR by default.
        weight: λ.
        noise: length ε of the shift of every layer's output, as in :meth:`ragx.objectives.Views.perturbed`.
        temperature: τ.
        layer: l, from 1 up to the number of layers.
    """

    def __init__(
        self,
        *,
        ranking: Objective | None = None,
        weight: float = 0.2,
        noise: float = 0.2,
        temperature: float = 0.15,
        layer: int = 1,
    ) -> None:
        self.ranking = ranking or BayesianPersonalizedRanking()
        check_contrast(self.ranking, weight, noise, temperature)
        check(layer >= 1, f"layer: expected at least 1, got {layer}.")
        super().__init__(negatives=self.ranking.negatives, l2=self.ranking.l2)
        self.weight, self.noise, self.temperature, self.layer = weight, noise, temperature, layer

    def of_batch(self, views: Views, batch: Batch) -> Float[Tensor, ""]:
        """Return the loss that ranks, on the noisy final vectors, plus λ times the contrast of them and layer l."""
        view = views.perturbed(self.noise)
        contrast = batch_info_nce(
            *self._contrasted(view), batch, num_users=views.num_users, temperature=self.temperature
        )
        return self.ranking.of_vectors(view.final, views, batch) + self.weight * contrast

    def _contrasted(self, view: View) -> tuple[Tensor, Tensor]:
        depth = len(view.outputs) - 1
        if depth == 0:
            return view.final, view.final
        check(self.layer <= depth, f"layer: expected a layer from 1 to {depth}, the model's last, got {self.layer}.")
        inner = view.outputs[self.layer]
        final = view.final if view.final.shape[1] == inner.shape[1] else view.outputs[-1]
        check(
            final.shape[1] == inner.shape[1],
            f"layer: expected one as wide as the last, {final.shape[1]}, got layer {self.layer} of {inner.shape[1]}.",
        )
        return final, inner
