"""The baseline, counted by hand."""

import polars as pl

from ragx.data.interactions import Interactions
from ragx.models.most_popular import MostPopular
from ragx.ranking.ranking import rank


def test_an_item_scores_as_many_as_have_it() -> None:
    """Item b has three users, a two (one of them thrice), c one."""
    events = [("u", "a"), ("u", "a"), ("u", "a"), ("v", "a"), ("u", "b"), ("v", "b"), ("w", "b"), ("w", "c")]
    train = Interactions.from_events(pl.DataFrame(events, schema=["user", "item"], orient="row"))
    scorer = MostPopular().fit(train)
    assert (scorer.num_users, scorer.num_items) == (3, 3)
    ranking = rank(scorer, k=3)
    assert [train.items.outside(row.numpy()).to_list() for row in ranking.items] == [["b", "a", "c"]] * 3
    assert ranking.scores.tolist() == [[3.0, 2.0, 1.0]] * 3
