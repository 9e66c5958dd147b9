"""Closed forms beside a trained model: how much each counts is chosen on validation."""

import copy
from collections.abc import Callable, Mapping, Sequence
from weakref import WeakKeyDictionary

import polars as pl
import torch

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions
from ragx.graph.graph import Graph
from ragx.models.closed_form import ClosedForm
from ragx.ranking.mixed import Addend, Deviations, Mixed
from ragx.ranking.scorers import RoundedScorer, Scorer
from ragx.typing import Float, Tensor

GIB = 2**30
PATIENCE = 2
"""Weights in a row that gain nothing, after which larger ones are not tried."""


class Mixture:
    """Adds λ (σ_u(m) / σ_u(c)) c_ui to the scores m_ui of a model: the scores c of a closed form on the model's scale.

    σ_u is the deviation of a user's scores over the catalogue. After a training λ is chosen on validation, for one
    closed form after another: the weights are tried from the smallest on, as long as they gain. Nothing is added where
    nothing gains, and a closed form that takes more memory than ``most_gib`` is left out.

    Args:
        closed_forms: by name; each is fitted to the pairs of the graph.
        weights: λ, ascending, all above 0.
        most_gib: memory in GiB that the fit of a closed form may take.

    Raises:
        ValueError: there is no closed form or weight, or the weights do not ascend from above 0.
    """

    def __init__(
        self,
        *,
        closed_forms: Mapping[str, ClosedForm],
        weights: Sequence[float] = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4),
        most_gib: float = 2.0,
    ) -> None:
        ascending = len(weights) > 0 and all(a < b for a, b in zip((0.0, *weights), weights, strict=False))
        check(ascending, f"weights: expected weights above 0 in ascending order, got {list(weights)}.")
        check(len(closed_forms) > 0, "closed_forms: expected at least one by its name, got none.")
        self.closed_forms, self.weights, self.most_gib = dict(closed_forms), tuple(weights), most_gib
        self._fitted: WeakKeyDictionary[Graph, dict[str, tuple[Scorer, Deviations]]] = WeakKeyDictionary()

    def __deepcopy__(self, memo: object) -> "Mixture":
        """Return one that shares the closed forms and what they were fitted to."""
        return copy.copy(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the closed forms."""
        return tuple(self.closed_forms)

    def scorer(self, model: RoundedScorer, graph: Graph, weights: Float[Tensor, " P"]) -> Scorer:
        """Return the scores of the model with those of the closed forms added.

        Args:
            model: the model's scores.
            graph: what the closed forms are fitted to.
            weights: λ of each closed form; one of weight 0 is not fitted.
        """
        chosen = {name: weight for name, weight in zip(self.names, weights.tolist(), strict=True) if weight}
        if not chosen:
            return model
        added = []
        for name, weight in chosen.items():
            scorer, deviations = self._fit(name, graph)
            added.append(Addend(scorer, weight, deviations))
        return Mixed(model, added)

    def choose(
        self, graph: Graph, value_of: Callable[[Tensor], float], is_better: Callable[[float, float | None], bool]
    ) -> Float[Tensor, " P"]:
        """Return the weights that validation chooses.

        Args:
            graph: what the closed forms are fitted to.
            value_of: the monitored value at given weights.
            is_better: says whether a value is better than another; than None, every value is.
        """
        best = torch.zeros(len(self.names), dtype=torch.float64)
        best_value, train = value_of(best), pairs_of(graph)
        for index, name in enumerate(self.names):
            if self.closed_forms[name].needed_bytes(train) > self.most_gib * GIB:
                continue
            before, losses = best.clone(), 0
            for weight in self.weights:
                tried = before.clone()
                tried[index] = weight
                value = value_of(tried)
                if is_better(value, best_value):
                    best, best_value, losses = tried, value, 0
                elif (losses := losses + 1) == PATIENCE:
                    break
        return best

    def _fit(self, name: str, graph: Graph) -> tuple[Scorer, Deviations]:
        fitted = self._fitted.setdefault(graph, {})
        if name not in fitted:
            scorer: Scorer = self.closed_forms[name].fit(pairs_of(graph))
            fitted[name] = scorer, Deviations(scorer)
        return fitted[name]


def pairs_of(graph: Graph) -> Interactions:
    """Return the pairs of a graph as interactions, whose outside ids are the rows."""
    into_user = graph.adjacency.target < graph.num_users
    users, items = graph.adjacency.target[into_user], graph.adjacency.source[into_user] - graph.num_users
    table = pl.DataFrame({"user": users.cpu().numpy(), "item": items.cpu().numpy()})
    ids = (
        IdMap(name, pl.Series(name, range(size), dtype=pl.Int64))
        for name, size in (("user", graph.num_users), ("item", graph.num_items))
    )
    return Interactions(table, *ids)
