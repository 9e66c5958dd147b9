"""Top-K lists in outside ids."""

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.ids.joins import Join, join_ids
from ragx.data.interactions import Interactions
from ragx.ranking.ranking import Ranking


def recommendation_table(ranking: Ranking, interactions: Interactions) -> pl.DataFrame:
    """Return one row for each user and rank: outside ids ``user`` and ``item``, ``rank`` from 1, ``score``."""
    users, length = ranking.items.shape
    items, scores = ranking.items.flatten().numpy(), ranking.scores.flatten().numpy()
    present = items >= 0
    return pl.DataFrame(
        {
            "user": interactions.users.outside(np.repeat(ranking.users.numpy(), length)[present]),
            "item": interactions.items.outside(items[present]),
            "rank": np.tile(np.arange(1, length + 1), users)[present].astype(np.int32),
            "score": scores[present].astype(np.float32),
        }
    )


def with_titles(table: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """Return the table with a column ``title`` behind ``item``, where the table ``items`` of the dataset has one.

    The title is the column ``title``, else ``name``, else the first whose name ends in either, such as ``movie_title``.

    Raises:
        ValueError: no item has a title.
    """
    titles_and_join = _titles(dataset)
    if titles_and_join is None:
        return table
    titles, join = titles_and_join
    items = dataset.interactions.items
    title = titles.gather(pl.Series(join.rows).replace(-1, None)).gather(items.rows(table["item"])).alias("title")
    behind = table.columns.index("item") + 1
    return table.with_columns(title).select(*table.columns[:behind], "title", *table.columns[behind:])


def titles_said(dataset: Dataset) -> list[str]:
    """Say how many items have a title, where the table ``items`` of the dataset has such a column."""
    titles_and_join = _titles(dataset)
    return [] if titles_and_join is None else [titles_and_join[1].sentence]


def _titles(dataset: Dataset) -> tuple[pl.Series, Join] | None:
    """Return the titles there are, and how the items of the dataset find theirs."""
    items = dataset.tables.get("items")
    if items is None or "item" not in items.columns:
        return None
    endings = [name for name in items.columns if name.endswith(("title", "name"))]
    column = next((name for name in ("title", "name", *endings) if name in items.columns), None)
    if column is None:
        return None
    given = items.select("item", title=pl.col(column).cast(pl.String)).drop_nulls("title")
    remedy = f"Fill column {column} of the table of items, or leave it out."
    ours = dataset.interactions.items.ids
    return given["title"], join_ids("titles: {} items have one", ours, given["item"], remedy=remedy)
