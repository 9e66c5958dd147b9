"""What an evaluation reports by group: of users by activity or an attribute, of items by popularity."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import torch

from ragx.checks import check, check_choice
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.joins import join_ids
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.groups import by_groups, deciles, recall_by_item_group
from ragx.metrics.name import MetricName, usual_cutoff
from ragx.ranking.item_lists import ItemLists
from ragx.typing import Float, Tensor

ACTIVITY, POPULARITY = "activity", "popularity"
FEW_NUMBERS, MOST_GROUPS = 10, 50


def user_labels(name: str, user_table: pl.DataFrame | None, users: IdMap) -> tuple[pl.Series, bool]:
    """Return every user's group by a column of a table of users, null where it is empty, and whether there is an order.

    Numbers of more than ten kinds are cut into deciles; text, categories and truth values stand as they are.

    Args:
        name: name of the column.
        user_table: outside ids in ``user``, and attributes.
        users: outside ids of the rows.

    Raises:
        ValueError: there is no such column, it holds neither numbers nor categories, or too many of them.
    """
    known = [] if user_table is None else [column for column in user_table.columns if column != "user"]
    check_choice("groups", name, [ACTIVITY, POPULARITY, *known])
    assert user_table is not None
    join = join_ids("groups: {} users are in the table of users", users.ids, user_table["user"])
    column = user_table[name].gather(pl.Series(join.rows).replace(-1, None))
    kind = column.dtype
    check(
        kind.is_numeric() or kind in (pl.Boolean, pl.String, pl.Categorical, pl.Enum),
        f"groups: expected numbers, categories, text or truth values in column {name}, got {kind}.",
    )
    ordered = kind.is_numeric()
    column = column.fill_nan(None) if kind.is_float() else column
    if ordered and column.drop_nulls().n_unique() > FEW_NUMBERS:
        given = column.is_not_null()
        parts = pl.Series(deciles(column.drop_nulls().to_numpy()))
        column = parts.gather((given.cum_sum().cast(pl.Int64) - 1).set(~given, None))
    kinds = column.drop_nulls().n_unique()
    check(
        1 <= kinds <= MOST_GROUPS,
        f"groups: expected 1 to {MOST_GROUPS} kinds of users in column {name}, got {kinds:,}; merge them in a column "
        "of the table.",
    )
    return column.alias("group"), ordered


def check_groups(groups: Sequence[str], user_table: pl.DataFrame | None, users: IdMap) -> list[str]:
    """Check that every group can be made, and say of each column of the table of users how many have a group by it.

    Raises:
        ValueError: one is unknown or makes no groups.
    """
    columns = [name for name in groups if name not in (ACTIVITY, POPULARITY)]
    labels = {name: user_labels(name, user_table, users)[0] for name in columns}
    return [
        join_ids(f"groups by {name}: {{}} users have one", users.ids, users.ids.filter(label.is_not_null())).sentence
        for name, label in labels.items()
    ]


def group_reports(
    groups: Sequence[str],
    result: EvaluationResult,
    relevant: ItemLists,
    known: ItemLists,
    popularity: Float[Tensor, " I"],
    user_table: pl.DataFrame | None,
    users: IdMap,
) -> dict[str, dict[str, Any]]:
    """Return ``{group: {metric: report}}``, for per-user metrics at the cut-off nearest to 20 and those without one.

    ``activity`` are deciles of users by the number of items they are known to have; ``popularity`` are deciles of items
    by their train count, and the recall within each; every other name is a column of the table of users.

    Args:
        groups: their names.
        result: the evaluation.
        relevant: what was to be found.
        known: the items that users had before.
        popularity: train count of every item.
        user_table: outside ids in ``user``, and attributes.
        users: outside ids of the rows.

    Raises:
        ValueError: a group is unknown or makes no groups.
    """
    names = [name for name in result.per_user.columns if name != "user"]
    k = usual_cutoff(names) or result.ranking.items.shape[1]
    metrics = [name for name in names if MetricName.read(name).k in (k, None)]
    reports = {}
    for group in groups:
        rows, measured, ordered = result.per_user, metrics, True
        if group == POPULARITY:
            rows = recall_by_item_group(result.ranking, relevant, deciles(popularity), k)
            measured = [str(MetricName("recall", k))]
            label = rows["group"]
        elif group == ACTIVITY:
            label = pl.Series(deciles(known.lengths[torch.tensor(rows["user"].to_numpy())]))
        else:
            labels, ordered = user_labels(group, user_table, users)
            label = labels.gather(rows["user"].to_numpy().astype(np.int64))
        of_metric = by_groups(rows, measured, label, known=result.metrics, ordered=ordered) if measured else {}
        reports[group] = {metric: report.as_dict() for metric, report in of_metric.items()}
    return reports
