"""What waits for the split, where the order of events says something."""

import polars as pl
import pytest

from ragx.data.cleaning.filters import KCore
from ragx.data.cleaning.part_rules import PartRules
from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions


def test_filters_keep_the_order_of_ordered_events_and_their_duplicates_are_not_merged() -> None:
    events = pl.DataFrame({"user": ["u"] * 5 + ["v"] * 2, "item": [*"dbacb", *"ba"]})
    part = pl.Series(["train"] * 4 + ["test"] + ["train"] * 2)
    core = PartRules(filters=[KCore(users=1, items=2)])
    walk = Dataset("walk", Interactions.from_events(events), ordered=True, part_rules=core).interactions
    for rules, left in ((core, "baba"), (PartRules(filters=[KCore(users=1, items=1)]), "dbacba")):
        train = rules.apply("walk", walk, part, ordered=True).tables["train"]
        assert "".join(train.items.outside(train.column("item"))) == left
    with pytest.raises(ValueError, match="Dataset walk: duplicates cannot be merged where the order"):
        Dataset("walk", Interactions.from_events(events), ordered=True, part_rules=PartRules(duplicates="last"))
