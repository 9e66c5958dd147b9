"""Matrix factorisation, a model without layers."""

import torch
from torch import nn

from ragx.checks import check
from ragx.models.heads import Head
from ragx.models.node_model import NodeModel
from ragx.objectives.similarity import SimilarityName


class MatrixFactorization(NodeModel):
    """s_ui = ⟨x_u, x_i⟩ / τ + β log d_i, with one learned vector for every user and item (Rendle et al., 2009).

    The graph gives the model nothing but the degrees d_i. Initial values are drawn from N(0, 0.1²).

    Args:
        num_users: number of users U.
        num_items: number of items I.
        hidden_dim: width D of the vectors.
        similarity: what ranking compares by, ``"inner_product"`` or ``"cosine"``.
        temperature: τ of the ranking.
        popularity_prior: weight β of log d_i in the ranking; 0 leaves popularity out.

    Raises:
        ValueError: sizes or options are out of range.
    """

    def __init__(
        self,
        *,
        num_users: int,
        num_items: int,
        hidden_dim: int = 64,
        similarity: SimilarityName = "inner_product",
        temperature: float = 1.0,
        popularity_prior: float = 0.0,
    ) -> None:
        head = Head(similarity=similarity, temperature=temperature, popularity_prior=popularity_prior)
        super().__init__(num_users=num_users, num_items=num_items, head=head)
        check(hidden_dim >= 1, f"hidden_dim: expected a width of at least 1, got {hidden_dim}.")
        self.embedding = nn.Parameter(torch.empty(num_users + num_items, hidden_dim))
        nn.init.normal_(self.embedding, std=0.1)
