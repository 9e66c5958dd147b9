"""Items at random: the floor of every table."""

import numpy as np
import torch

from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.random import derive_seed
from ragx.ranking.scorers import FunctionScorer, Scorer
from ragx.ranking.ties import mixed_bits
from ragx.typing import Float, Tensor


class RandomItems(ClosedForm):
    """s_ui = a number from 0 to 1 that is drawn for the seed, the user's id and the item's.

    So a list stays what it is, whoever else is ranked, however rows are sorted, and whatever is learned from.

    Args:
        seed: key of the draw.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer for the users and items of the train part, whose events say nothing."""
        key = np.uint64(derive_seed(self.seed, "random items"))
        users = mixed_bits(train.users.tie_keys.astype(np.uint64) ^ key)
        items = train.items.tie_keys.astype(np.uint64)

        def scores(rows: Tensor, columns: slice) -> Float[Tensor, "B I_block"]:
            drawn = mixed_bits(users[rows.numpy(), None] + items[columns])
            return torch.from_numpy((drawn >> np.uint64(11)) * 2.0**-53)

        return FunctionScorer(scores, train.num_users, train.num_items)
