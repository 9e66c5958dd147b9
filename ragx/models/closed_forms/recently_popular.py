"""The most popular items of the last days: what sells now."""

import torch

from ragx.checks import check, check_positive
from ragx.data.interactions import Interactions
from ragx.models.closed_form import ClosedForm
from ragx.ranking.scorers import Constant, Scorer

DAY = 86_400
"""Seconds."""


class RecentlyPopular(ClosedForm):
    """s_ui = number of distinct users who took item i within the last n days of train; all other items score 0.

    The days end with the last event of train, so that nothing is read from what is held out.

    Args:
        days: n, above 0; it need not be whole.

    Raises:
        ValueError: the number of days is not above 0, or in a fit the events have no times.

    Source: Ji et al., "A re-visit of the popularity baseline in recommender systems", SIGIR 2020.
    """

    def __init__(self, *, days: float = 7.0) -> None:
        check_positive("days", days)
        self.days = days

    def fit(self, train: Interactions) -> Scorer:
        """Return the scorer of the train part."""
        check(
            train.has("timestamp"),
            f"RecentlyPopular counts the last {self.days:g} days of train: expected events with times, got none.",
        )
        times = train.column("timestamp")
        recent = train.filter(times > times.max(initial=0) - self.days * DAY)
        return Constant(torch.tensor(recent.item_counts(), dtype=torch.float64), train.num_users)
