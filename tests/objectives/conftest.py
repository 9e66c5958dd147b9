"""Batches of every awkward kind for losses."""

from collections.abc import Callable

import pytest
import torch

from ragx.data.batches import Batch
from ragx.data.negatives import TrainPairs


@pytest.fixture
def batch_of() -> Callable[..., Batch]:
    """Return a maker of batches: rows of users and items, whose pairs are train pairs along with ``others``."""

    def make(users: list[int], items: list[int], others: tuple[tuple[int, int], ...] = ()) -> Batch:
        of_users, of_items = torch.tensor(users), torch.tensor(items)
        extra = torch.tensor(others, dtype=torch.int64).reshape(-1, 2)
        known = torch.cat([of_users, extra[:, 0]]), torch.cat([of_items, extra[:, 1]])
        return Batch(of_users, of_items, None, TrainPairs(*known, 10, 10))

    return make
