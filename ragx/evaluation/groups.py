"""A metric by group of users or of items, and the gap between the best and the worst group."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from ragx.checks import check
from ragx.evaluation.bootstrap import Interval, percentile_interval, resampled_means
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking
from ragx.typing import Int, Tensor


@dataclass(frozen=True, eq=False)
class GroupReport:
    """A metric by group.

    Args:
        table: one row a group: ``group``, ``users``, ``mean`` and the ends ``low`` and ``high`` of its interval.
        best: the group of the highest mean.
        worst: the group of the lowest mean.
        gap: mean of the best less mean of the worst, with its interval.
    """

    table: pl.DataFrame
    best: object
    worst: object
    gap: Interval


def deciles(values: ArrayLike, parts: int = 10) -> NDArray[np.int64]:
    """Return the decile 0 to 9 of every value by rank, equal values always together.

    Args:
        values: activity of users (``seen.lengths``), popularity of items, or any other number.
        parts: number of parts.
    """
    numbers = np.asarray(values)
    place = (rankdata(numbers, method="average") - 0.5) / max(numbers.size, 1)
    return np.minimum((place * parts).astype(np.int64), parts - 1)


def by_group(
    rows: pl.DataFrame,
    metric: str,
    groups: ArrayLike | pl.Series,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> GroupReport:
    """Return the mean of a metric in every group of rows, with bootstrap intervals over users.

    Args:
        rows: ``user`` and the metric, such as ``EvaluationResult.per_user`` or what ``recall_by_item_group`` returns.
        metric: name of the column.
        groups: group of every row.
        confidence: coverage of the intervals.
        resamples: number of resamples.
        seed: key of the draws.

    Raises:
        ValueError: the metric is not a column, the groups do not fit the rows, or there are none.
    """
    check(metric in rows.columns, f"metric: expected a column of {', '.join(rows.columns)}; got {metric!r}.")
    label = groups if isinstance(groups, pl.Series) else pl.Series(np.asarray(groups))
    check(len(label) == len(rows) > 0, f"groups: expected one for each of {len(rows)} rows, got {len(label)}.")
    wide = rows.select("user", pl.col(metric), label.alias("group")).pivot("group", index="user", values=metric)
    names = sorted(label.unique().drop_nulls())
    values = wide.select(str(name) for name in names).to_numpy().astype(np.float64)
    means, drawn = np.nanmean(values, axis=0), resampled_means(values, resamples=resamples, seed=seed)
    intervals = [percentile_interval(float(mean), drawn[:, place], confidence) for place, mean in enumerate(means)]
    best, worst = int(means.argmax()), int(means.argmin())
    gap = percentile_interval(float(means[best] - means[worst]), drawn[:, best] - drawn[:, worst], confidence)
    table = pl.DataFrame(
        {
            "group": names,
            "users": (~np.isnan(values)).sum(axis=0),
            "mean": means,
            "low": [interval.low for interval in intervals],
            "high": [interval.high for interval in intervals],
        }
    )
    return GroupReport(table, names[best], names[worst], gap)


def recall_by_item_group(
    ranking: Ranking, relevant: ItemLists, item_groups: Int[Tensor, " I"] | NDArray[np.int64], k: int
) -> pl.DataFrame:
    """Return the recall at k within each group of items: one row for a user and a group with relevant items in it.

    Args:
        ranking: the lists.
        relevant: the items to be found.
        item_groups: group of every item from 0, such as ``deciles(item_popularity)``.
        k: cut-off.

    Raises:
        ValueError: the lists are shorter than k.
    """
    check(1 <= k <= ranking.items.shape[1], f"k: expected 1 to {ranking.items.shape[1]}, the lists' length; got {k}.")
    groups = torch.as_tensor(item_groups)
    size, width = ranking.users.numel(), int(groups.max()) + 1
    row, item = relevant.pairs(ranking.users)
    wanted = torch.bincount(row * width + groups[item], minlength=size * width)
    items = ranking.items[:, :k]
    row, place = relevant.contains(ranking.users, items).nonzero(as_tuple=True)
    found = torch.bincount(row * width + groups[items[row, place]], minlength=size * width)
    cell = wanted.nonzero().flatten()
    return pl.DataFrame(
        {
            "user": ranking.users[cell // width].numpy(),
            "group": (cell % width).numpy(),
            f"recall@{k}": (found[cell].double() / wanted[cell]).numpy(),
        }
    )
