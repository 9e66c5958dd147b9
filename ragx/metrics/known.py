"""What is known of the metrics that come with ragx."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What stopping, search, tables and pictures ask of a metric.

    Args:
        name: its name, without a cut-off.
        larger_is_better: its direction; None where neither more nor less is better by itself.
        unit: what its values are counted in, such as ``"items"`` or ``"EUR"``; empty for a bare number.
        takes_cutoff: whether it looks at the first K ranks of a list.
        is_mean_over_units: whether every unit, such as a user or a customer, has a value, whose mean it is.
        path: dotted path of a metric of one's own; empty for those that come with ragx.
    """

    name: str
    larger_is_better: bool | None = True
    unit: str = ""
    takes_cutoff: bool = True
    is_mean_over_units: bool = True
    path: str = ""


OF_USERS = ("recall", "precision", "f1", "hit_rate", "ndcg", "mrr", "map", "r_precision")
OF_LISTS = (
    Metric("coverage", is_mean_over_units=False),
    Metric("gini", larger_is_better=False, is_mean_over_units=False),
    Metric("entropy", unit="bits", is_mean_over_units=False),
    Metric("average_popularity", larger_is_better=None, unit="users", is_mean_over_units=False),
    Metric("novelty", unit="bits", is_mean_over_units=False),
    Metric("tail_share", is_mean_over_units=False),
    Metric("diversity", is_mean_over_units=False),
)
OF_VALUES = (
    Metric("mae", larger_is_better=False, takes_cutoff=False),
    Metric("rmse", larger_is_better=False, takes_cutoff=False, is_mean_over_units=False),
)

KNOWN: dict[str, Metric] = {metric.name: metric for metric in (*map(Metric, OF_USERS), *OF_LISTS, *OF_VALUES)}
"""The metrics by name."""
