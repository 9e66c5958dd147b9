"""The baseline that every table needs."""

import torch

from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.ranking.scorers import Constant, Scorer


class MostPopular(ClosedForm):
    """s_ui = number of distinct users who have item i in train."""

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        return Constant(torch.tensor(train.item_counts(), dtype=torch.float64), train.num_users)
