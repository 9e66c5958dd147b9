"""Top-K lists in outside ids."""

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.identifiers import written_as
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


def with_titles(table: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Return the table with a column ``title`` behind ``item``, where the table ``items`` of the dataset has one.

    The title is the column ``title``, else ``name``, else the first whose name ends in either, such as ``movie_title``.
    """
    items = dataset.tables.get("items")
    if items is None or "item" not in items.columns:
        return table
    endings = [name for name in items.columns if name.endswith(("title", "name"))]
    column = next((name for name in ("title", "name", *endings) if name in items.columns), None)
    if column is None:
        return table
    titles = items.select(written_as(items["item"], table.schema["item"]), title=pl.col(column).cast(pl.String)).unique(
        "item", keep="first"
    )
    joined = table.join(titles, on="item", how="left", maintain_order="left")
    behind = table.columns.index("item") + 1
    return joined.select(*table.columns[:behind], "title", *table.columns[behind:])
