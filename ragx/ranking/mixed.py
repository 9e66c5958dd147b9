"""Scores of a model with scores of closed forms added, on the scale of each user's own scores."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from ragx.ranking.scorers import CALL_USERS, InnerProduct, RoundedScorer, Scorer
from ragx.typing import Float, Int, Tensor

UNIT = 2.0**-23


class Deviations:
    """The deviation over the catalogue of users' scores, in double precision, calculated when it is asked for.

    Of inner products it is √(pᵀ C p), with C the covariance of the item vectors. Other scorers are asked for blocks of
    64 users, the same whoever is asked for, and a block is calculated once.

    Args:
        scorer: scores of users for items.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._known = torch.zeros(scorer.num_users, dtype=torch.bool)
        self._values = torch.empty(scorer.num_users, dtype=torch.float64)
        if isinstance(scorer, InnerProduct):
            users, items = scorer.user_vectors.double(), scorer.item_vectors.double()
            centred = items - items.mean(dim=0)
            self._values = ((users @ (centred.T @ centred / len(items))) * users).sum(dim=1).clamp(min=0).sqrt()
            self._known.fill_(True)

    def of(self, users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Return the deviations of the named users."""
        for block in torch.unique(users[~self._known[users]] // CALL_USERS).tolist():
            rows = torch.arange(block * CALL_USERS, min((block + 1) * CALL_USERS, self._scorer.num_users))
            scores = self._scorer.scores(rows, slice(0, self._scorer.num_items))
            self._values[rows] = scores.double().std(dim=1, correction=0)
            self._known[rows] = True
        return self._values[users]


class Addend(NamedTuple):
    """Scores that are added, how much they count, and their deviations."""

    scorer: Scorer
    weight: float
    deviations: Deviations


class Mixed:
    """Scores ``s_ui = m_ui + Σ_p λ_p (σ_u(m) / σ_u(p)) p_ui`` of a model m and of further scorers p.

    σ_u is the deviation of a user's scores over the catalogue, so that λ_p weighs scores on one scale, whatever theirs
    are. Taking means off would add the same to all items of a user, which changes no list. What is added to the items
    of a block of users is kept while their lists are made.

    Args:
        model: the scores that others are added to.
        added: the scorers p.
    """

    def __init__(self, model: RoundedScorer, added: Sequence[Addend]) -> None:
        self.model, self.num_users, self.num_items = model, model.num_users, model.num_items
        self._added, self._deviations = added, Deviations(model)
        self._users, self._rows = torch.empty(0, dtype=torch.int64), torch.empty(0, model.num_items)

    def scores(self, users: Int[Tensor, " B"], items: slice) -> Float[Tensor, "B I_block"]:
        """Return the sums for a slice of items."""
        return self.model.scores(users, items) + self._rows_of(users)[:, items]

    def scores_into(self, users: Int[Tensor, " B"], items: slice, out: Float[Tensor, "B I_block"]) -> None:
        """Write ``scores(users, items)`` to ``out``."""
        self.model.scores_into(users, items, out)
        out += self._rows_of(users)[:, items]

    def exact(self, users: Int[Tensor, " B"], items: Int[Tensor, "B C"]) -> Float[Tensor, "B C"]:
        """Return float64 sums of pairs; what is added counts as its scorer gives it."""
        return self.model.exact(users, items) + self._rows_of(users).gather(1, items).double()

    def rounding(self, users: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Return the bound of the model, and what the sum in single precision may lose."""
        own = self.model.rounding(users)
        largest = self._rows_of(users).abs().amax(dim=1).double()
        largest += self.model.scores(users, slice(0, self.num_items)).abs().amax(dim=1).double()
        return own + UNIT * (largest + own)

    def _rows_of(self, users: Tensor) -> Tensor:
        if not torch.equal(users, self._users):
            rows, own = torch.zeros(len(users), self.num_items), self._deviations.of(users)
            for scorer, weight, deviations in self._added:
                spread = deviations.of(users)
                factor = torch.where(spread > 0, weight * own / spread, 0.0)
                rows += scorer.scores(users, slice(0, self.num_items)) * factor.float().unsqueeze(1)
            self._users, self._rows = users.clone(), rows
        return self._rows
