"""Who is served by what: users of whom a model knows neither events nor features get no list from it."""

import torch

from ragx.data.interactions import Interactions
from ragx.evaluation.cold_users import ColdUsers, serve_by_popularity
from ragx.ranking.scorers import Scorer
from ragx.typing import Bool, Int, Tensor


def serving_scorer(scorer: Scorer, knows_strangers: bool, known: Interactions, cold_users: ColdUsers) -> Scorer:
    """Return what lists are made by: the model, and popularity for users that only an untrained vector speaks for.

    Args:
        scorer: the model's scores.
        knows_strangers: whether the model can tell users without events apart, by features of theirs.
        known: what it learned from.
        cold_users: with ``"model"``, or where the model knows strangers, everybody is served by the model.
    """
    if cold_users == "model" or knows_strangers:
        return scorer
    return serve_by_popularity(scorer, _cold(known), torch.tensor(known.item_counts(), dtype=torch.float64))


def users_to_serve(known: Interactions, cold_users: ColdUsers) -> Int[Tensor, " B"]:
    """Return the users whose lists a run leaves: all, or with ``"exclude"`` those who have interactions."""
    everybody = torch.arange(known.num_users)
    return everybody[~_cold(known)] if cold_users == "exclude" else everybody


def _cold(known: Interactions) -> Bool[Tensor, " U"]:
    cold = torch.ones(known.num_users, dtype=torch.bool)
    cold[torch.tensor(known.column("user"))] = False
    return cold
