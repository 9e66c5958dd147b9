"""What ranking makes of the vectors of users and items."""

from dataclasses import dataclass

import torch

from ragx.checks import check, check_choice, check_positive
from ragx.graph.graph import Graph
from ragx.objectives.similarity import SIMILARITIES, SimilarityName, comparable
from ragx.ranking.scorers import InnerProduct
from ragx.typing import Float, Tensor


@dataclass(frozen=True, kw_only=True)
class Head:
    """s_ui = cos(x_u, x_i) / τ + β log d_i, or ⟨x_u, x_i⟩ / τ + β log d_i, with d_i the degree of item i in train.

    Args:
        similarity: ``"cosine"`` or ``"inner_product"``.
        temperature: τ, which orders items otherwise only beside a prior. A config writes it once, in the objective:
            ``model.temperature`` is read from there unless it is set, so that the prior is on the scale of training.
        popularity_prior: weight β of log d_i; 0 leaves popularity out.

    Raises:
        ValueError: an option is out of range.
    """

    similarity: SimilarityName = "cosine"
    temperature: float = 1.0
    popularity_prior: float = 0.0

    def __post_init__(self) -> None:
        check_choice("similarity", self.similarity, SIMILARITIES)
        check_positive("temperature", self.temperature)
        check(self.popularity_prior >= 0, f"popularity_prior: expected at least 0, got {self.popularity_prior}.")

    def scorer(self, nodes: Float[Tensor, "N D"], graph: Graph) -> InnerProduct:
        """Return what ranking asks for scores.

        Args:
            nodes: final vectors, users first, on the CPU.
            graph: train graph, whose degrees are the popularity.
        """
        users, items = nodes[: graph.num_users], nodes[graph.num_users :]
        users, items = comparable(self.similarity, users) / self.temperature, comparable(self.similarity, items)
        if self.popularity_prior:
            degree = graph.degree[graph.num_users :].cpu().to(items).clamp(min=0.5)  # never seen: half as often as once
            users = torch.cat([users, users.new_ones(len(users), 1)], dim=1)
            items = torch.cat([items, self.popularity_prior * degree.log().unsqueeze(1)], dim=1)
        return InnerProduct(users, items)
