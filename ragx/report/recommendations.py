"""Top-K lists in outside ids."""

import numpy as np
import polars as pl

from ragx.data.interactions import Interactions
from ragx.ranking.ranking import Ranking


def recommendation_table(ranking: Ranking, interactions: Interactions) -> pl.DataFrame:
    """Return one row for each user and place: outside ids ``user`` and ``item``, ``rank`` from 1, ``score``."""
    users, places = ranking.items.shape
    items, scores = ranking.items.flatten().numpy(), ranking.scores.flatten().numpy()
    present = items >= 0
    return pl.DataFrame(
        {
            "user": interactions.users.outside(np.repeat(ranking.users.numpy(), places)[present]),
            "item": interactions.items.outside(items[present]),
            "rank": np.tile(np.arange(1, places + 1), users)[present].astype(np.int32),
            "score": scores[present].astype(np.float32),
        }
    )
