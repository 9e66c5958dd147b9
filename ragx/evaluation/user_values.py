"""The values of every user under metrics of one user's list, those of one's own among them."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import torch

from ragx.checks import check
from ragx.evaluation.conventions import Conventions
from ragx.evaluation.metrics import USER_METRICS, UserMetric
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.metrics.own import located
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking
from ragx.typing import Bool, Float, Int, Tensor

PLACES = 2**22
"""Places of whole rankings that are held at a time."""

Rank = Callable[..., Ranking]


def user_values(
    ranking: Ranking,
    relevant: ItemLists,
    metrics: Mapping[MetricName, Metric],
    conventions: Conventions,
    ranked: Rank,
    num_items: int,
) -> pl.DataFrame:
    """Return one row a user: ``user``, and a column for every metric that is a mean over users.

    Args:
        ranking: the lists, as long as the largest cut-off.
        relevant: the items to be found.
        metrics: what is asked for.
        conventions: denominators and the like.
        ranked: gives the lists of length ``k`` of some users; metrics without a cut-off see the whole catalogue.
        num_items: size of the catalogue.

    Raises:
        ValueError: a metric of one's own does not give one finite value a user.
    """
    functions = {name: _function(known) for name, known in metrics.items() if known.is_mean_over_units}
    hits, counts = relevant.contains(ranking.users, ranking.items), relevant.lengths[ranking.users]
    values_by_name = {
        name: _values(name, of, hits, counts, name.k, conventions) for name, of in functions.items() if name.k
    }
    whole = {name: function for name, function in functions.items() if name.k is None}
    if whole:
        parts: dict[MetricName, list[Tensor]] = {name: [] for name in whole}
        for users in torch.split(ranking.users, max(PLACES // num_items, 1)):
            items, few = ranked(users, k=num_items).items, relevant.lengths[users]
            for name, function in whole.items():
                parts[name].append(
                    _values(name, function, relevant.contains(users, items), few, num_items, conventions)
                )
        values_by_name |= {name: torch.cat(values) for name, values in parts.items()}
    columns: dict[str, Any] = {"user": ranking.users.cpu().numpy()}
    return pl.DataFrame(columns | {str(name): values_by_name[name].cpu().numpy() for name in functions})


def _function(metric: Metric) -> UserMetric:
    return located(metric.path)[1] if metric.path else USER_METRICS[metric.name]


def _values(
    name: MetricName,
    function: UserMetric,
    hits: Bool[Tensor, "U K"],
    counts: Int[Tensor, " U"],
    k: int,
    conventions: Conventions,
) -> Float[Tensor, " U"]:
    values = function(hits, counts, k, conventions)
    given = f"of shape {tuple(values.shape)}" if isinstance(values, Tensor) else f"a {type(values).__name__}"
    fits = isinstance(values, Tensor) and values.shape == counts.shape
    check(fits, f"{name}: expected a tensor of {len(counts)} values, one a user; got {given}.")
    values = values.double()
    bad = int((~values.isfinite()).sum())
    check(bad == 0, f"{name}: expected finite numbers, got {bad} that are not.")
    return values
