"""A metric by group of users or of items, and the gaps between groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ragx.checks import check
from ragx.evaluation.bootstrap import resampled_means
from ragx.evaluation.intervals import Interval, contrast_interval, mean_interval
from ragx.metrics.direction import Recorded, about, direction
from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking
from ragx.typing import Int, Tensor


@dataclass(frozen=True, eq=False)
class GroupReport:
    """A metric by group.

    Args:
        table: one row a group: ``group``, ``users``, ``mean``, the ends ``low`` and ``high`` of its interval, and
            whether it rests on ``few`` users with a value other than 0.
        best: the group of the best mean, the highest unless less of the metric is better.
        worst: the group of the worst mean.
        gap: how far the means of the best and the worst lie apart. The two are picked by the very data that measures
            them, so even equal groups show a gap: its interval is simultaneous over all pairs of groups, and begins at
            0 where the groups may be equal. Few where one of the groups is.
        p_value: two-sided, of a gap as large where all groups are equal; not corrected for other reports.
        contrast: mean of the last group less that of the first, where groups have an order and more than one user
            each: a pair that is chosen beforehand, with its plain interval.
    """

    table: pl.DataFrame
    best: object
    worst: object
    gap: Interval
    p_value: float
    contrast: Interval | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        columns = self.table.with_columns(pl.col("group").cast(pl.String)).to_dict(as_series=False)
        return {
            **{{"group": "groups"}.get(name, name): values for name, values in columns.items()},
            "best": str(self.best),
            "worst": str(self.worst),
            "gap": self.gap._asdict(),
            "p_value": self.p_value,
            "last_minus_first": None if self.contrast is None else self.contrast._asdict(),
        }


def deciles(values: ArrayLike, parts: int = 10) -> NDArray[np.int64]:
    """Return the decile 0 to 9 of every value by rank, equal values always together.

    Args:
        values: activity of users (``seen.lengths``), popularity of items, or any other number.
        parts: number of parts.

    Raises:
        ValueError: a value is NaN.
    """
    from scipy import stats  # takes most of a second, and groups alone ask for ranks

    numbers = np.asarray(values)
    check(not bool(np.isnan(numbers).any()), "deciles: expected numbers, got NaN; leave those without a value out.")
    quantile = (stats.rankdata(numbers, method="average") - 0.5) / max(numbers.size, 1)
    return np.minimum((quantile * parts).astype(np.int64), parts - 1)


def by_group(
    rows: pl.DataFrame,
    metric: str,
    groups: ArrayLike | pl.Series,
    *,
    ordered: bool = False,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> GroupReport:
    """Return the mean of a metric in every group of rows, with intervals over users.

    Args:
        rows: ``user`` and the metric, such as ``EvaluationResult.per_user`` or what ``recall_by_item_group`` returns.
        metric: name of the column.
        groups: group of every row, numbers, text or truth values; rows whose group is null or NaN are left out.
        ordered: whether the groups have an order, as deciles do, so that last and first make a contrast.
        confidence: coverage of the intervals.
        resamples: number of resamples.
        seed: key of the draws.

    Raises:
        ValueError: the metric is not a column, the groups do not fit the rows, there are none, or a user has two rows
            of one group.
    """
    return by_groups(rows, [metric], groups, ordered=ordered, confidence=confidence, resamples=resamples, seed=seed)[
        metric
    ]


def by_groups(
    rows: pl.DataFrame,
    metrics: Sequence[str],
    groups: ArrayLike | pl.Series,
    *,
    known: Recorded = KNOWN,
    ordered: bool = False,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, GroupReport]:
    """Return what ``by_group`` says of several metrics, from the same resampled users for all of them.

    Args:
        rows: as for ``by_group``, like what is not named here.
        metrics: names of the columns.
        groups: likewise.
        known: what is known of metrics of one's own, such as ``EvaluationResult.metrics``.
        ordered: likewise.
        confidence: likewise.
        resamples: likewise.
        seed: likewise.

    Raises:
        ValueError: as in ``by_group``.
    """
    for metric in metrics:
        check(metric in rows.columns, f"metric: expected a column of {', '.join(rows.columns)}; got {metric!r}.")
    label = _labels(groups)
    check(len(label) == len(rows) > 0, f"groups: expected one for each of {len(rows)} rows, got {len(label)}.")
    names = label.drop_nulls().unique().sort()
    check(len(names) > 0, "groups: expected a group for some of the rows, got none for any.")
    wide = _wide(rows, metrics, label, names)
    drawn = resampled_means(wide.reshape(len(wide), -1), resamples=resamples, seed=seed)
    drawn = drawn.reshape(resamples, len(metrics), len(names))
    return {
        metric: _report(about(metric, known), wide[:, index], drawn[:, index], names.to_list(), ordered, confidence)
        for index, metric in enumerate(metrics)
    }


def _labels(groups: ArrayLike | pl.Series) -> pl.Series:
    label = groups if isinstance(groups, pl.Series) else pl.Series(np.asarray(groups))
    label = label.cast(pl.String) if label.dtype in (pl.Categorical, pl.Enum) else label
    return label.fill_nan(None) if label.dtype.is_float() else label


def _wide(rows: pl.DataFrame, metrics: Sequence[str], label: pl.Series, names: pl.Series) -> NDArray[np.float64]:
    """Return the values as [users, metrics, groups], NaN where a user has no row in a group."""
    known = label.is_not_null().to_numpy()
    codes = pl.Series(np.arange(len(names)))
    column = label.filter(known).replace_strict(names, codes, return_dtype=pl.Int64).to_numpy()
    users, row = np.unique(rows["user"].to_numpy()[known], return_inverse=True)
    check(
        np.unique(row * len(names) + column).size == column.size,
        "groups: expected one row for a user in a group, got several.",
    )
    wide = np.full((len(users), len(metrics), len(names)), np.nan)
    wide[row, :, column] = rows.select(metrics).to_numpy()[known]
    return wide


def _report(
    metric: Metric,
    values: NDArray[np.float64],
    drawn: NDArray[np.float64],
    names: Sequence[object],
    ordered: bool,
    confidence: float,
) -> GroupReport:
    intervals = [mean_interval(side[~np.isnan(side)], confidence=confidence) for side in values.T]
    table = pl.DataFrame(
        {
            "group": pl.Series(names),
            "users": (~np.isnan(values)).sum(axis=0),
            "mean": [interval.value for interval in intervals],
            "low": [interval.low for interval in intervals],
            "high": [interval.high for interval in intervals],
            "few": [interval.few for interval in intervals],
        }
    )
    means = table["mean"].to_numpy()
    best, worst = (int((sign * means).argmax()) for sign in (direction(metric), -direction(metric)))
    widest = np.ptp(_deviations(drawn, means, table["users"].to_numpy(), confidence), axis=1)
    gap, reach = float(abs(means[best] - means[worst])), float(np.quantile(widest, confidence))
    p_value = (int((widest >= gap).sum()) + 1) / (len(drawn) + 1)
    return GroupReport(
        table,
        names[best],
        names[worst],
        Interval(gap, max(gap - reach, 0.0), gap + reach, bool(table["few"].any())),
        p_value,
        contrast_interval(values[:, 0], values[:, -1], confidence=confidence) if ordered else None,
    )


def _deviations(
    drawn: NDArray[np.float64], means: NDArray[np.float64], users: NDArray[np.int64], confidence: float
) -> NDArray[np.float64]:
    """Return how far the means of resampled users lie from the groups' means, as wide as Student's t would have them.

    Drawing n users anew spreads by √((n − 1) / n) too little, and a quantile of the draws is the normal one.
    """
    others = np.maximum(users - 1, 1)
    student = special.stdtrit(others, (1 + confidence) / 2) / special.ndtri((1 + confidence) / 2)
    deviations = (drawn - means) * student * np.sqrt(users / others)
    return np.where(np.isnan(deviations), 0.0, deviations)  # a group that no resample holds says nothing


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
    row, column = relevant.contains(ranking.users, items).nonzero(as_tuple=True)
    hits = torch.bincount(row * width + groups[items[row, column]], minlength=size * width)
    cell = wanted.nonzero().flatten()
    return pl.DataFrame(
        {
            "user": ranking.users[cell // width].numpy(),
            "group": (cell % width).numpy(),
            str(MetricName("recall", k)): (hits[cell].double() / wanted[cell]).numpy(),
        }
    )
