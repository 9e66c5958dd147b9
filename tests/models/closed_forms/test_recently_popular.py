"""The items of the last days, counted by hand."""

import polars as pl
import pytest
import torch

from ragx.data.interactions import Interactions
from ragx.models import RecentlyPopular

DAY = 86_400
EVENTS = [
    ("u", "a", 0),
    ("v", "a", 1),
    ("u", "b", 8 * DAY),
    ("v", "c", 9 * DAY),
    ("v", "c", 10 * DAY),
    ("w", "b", 10 * DAY),
]


def train(columns: int = 3) -> Interactions:
    names = ["user", "item", "timestamp"]
    return Interactions.from_events(pl.DataFrame(EVENTS, schema=names, orient="row").select(names[:columns]))


@pytest.mark.parametrize(("days", "counts"), [(2, [0, 1, 1]), (2.5, [0, 2, 1]), (30, [2, 2, 1])])
def test_users_of_the_last_days_count_once(days: float, counts: list[float]) -> None:
    """The last event is on day 10; what lies n days before it to the second is no more within them."""
    scorer = RecentlyPopular(days=days).fit(train())
    assert scorer.scores(torch.arange(2), slice(0, 3)).tolist() == [counts] * 2


def test_events_without_times_are_refused() -> None:
    message = r"^RecentlyPopular counts the last 7 days of train: expected events with times, got none.$"
    with pytest.raises(ValueError, match=message):
        RecentlyPopular().fit(train(columns=2))


def test_there_is_a_day_at_least() -> None:
    with pytest.raises(ValueError, match=r"^days: expected a number greater than 0, got 0.$"):
        RecentlyPopular(days=0)
