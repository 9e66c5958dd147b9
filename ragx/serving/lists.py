"""The lists of a run that ranks, in outside ids."""

from collections.abc import Iterable
from typing import TypedDict

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.ids.identifiers import Identifier
from ragx.data.interactions import Interactions
from ragx.evaluation.held_out import item_lists
from ragx.ranking.ranking import rank
from ragx.ranking.recommendations import recommendation_table, with_titles
from ragx.ranking.scorers import Scorer
from ragx.serving.allowed_items import allowed_items, only_allowed
from ragx.typing import Tensor

Ids = Iterable[Identifier] | Identifier


class ListOptions(TypedDict, total=False):
    """What is left out of lists, and what is added; all of it may be left out.

    Args:
        exclude_seen: whether items the model saw the user take are left out, of a new user the given ones; True by
            default.
        only: items to choose from, in outside ids.
        without: items to leave out.
        titles: whether a column ``title`` is added where the data has titles; False by default.
    """

    exclude_seen: bool
    only: Ids | None
    without: Ids | None
    titles: bool


def lists(
    scorer: Scorer,
    known: Interactions,
    rows: Tensor,
    k: int,
    dataset: Dataset,
    *,
    user: str | None = None,
    exclude_seen: bool = True,
    only: Ids | None = None,
    without: Ids | None = None,
    titles: bool = False,
) -> pl.DataFrame:
    """Return the best k items of each user as columns user, item, rank, score.

    Args:
        scorer: what they are made by.
        known: what the model learned from, and the ids.
        rows: rows of the users.
        k: length of the lists.
        dataset: the data, for titles.
        user: what stands in the column of users instead of their ids.
        exclude_seen: see :class:`ListOptions`, like all that follow.
        only: likewise.
        without: likewise.
        titles: likewise.

    Raises:
        ValueError: an item is unknown, or k is below 1 or beyond the items to choose from.
    """
    allowed = allowed_items(known.items, only, without)
    choice = int(allowed.sum())
    fits = isinstance(k, int | np.integer) and 1 <= k <= choice
    check(fits, f"k: expected 1 to {choice:,}, the number of items to choose from, got {k}.")
    seen = item_lists(known) if exclude_seen else None
    ranking = rank(only_allowed(scorer, allowed), rows, k=k, seen=seen, item_ids=known.items.tie_keys)
    table = recommendation_table(ranking, known)
    if user is not None:
        table = table.with_columns(user=pl.lit(user))
    return with_titles(table, dataset) if titles else table
