"""From a scorer and two parts of a split to numbers, per user and over all users."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ragx.checks import check
from ragx.evaluation.conventions import LIGHTGCN, SEEN, Conventions
from ragx.evaluation.intervals import Interval
from ragx.evaluation.names import names_of, parse_metrics
from ragx.evaluation.set_metrics import SET_METRICS, Lists
from ragx.evaluation.user_values import user_values
from ragx.metrics.known import Metric
from ragx.metrics.name import MetricName
from ragx.notebook import html_table, one_line
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import Ranking, rank, user_rows
from ragx.ranking.scorers import Scorer
from ragx.typing import Float, Int, Tensor

DEFAULT_METRICS = ("recall", "ndcg")
SHOWN = 4  # metrics in one line


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """What an evaluation found, and under which conventions and on which split.

    Args:
        values: mean over users, or value over the set, of every metric, such as ``values["recall@20"]``.
        per_user: one row a user: ``user`` and one column a per-user metric.
        counts: users evaluated, without relevant items, without seen items, with short lists; and relevant items that
            the mask keeps off the lists, so that nobody can find them.
        conventions: the conventions used.
        fingerprint: hash of the relevant and seen lists and of the size of the catalogue; runs with different ones are
            not comparable.
        ranking: the lists themselves.
        intervals: ``low``, ``high`` and ``few`` of every per-user metric, 95 % over users, where they were asked for;
            see ``ragx.evaluation.intervals``.
        groups: by groups of users or items, where they were asked for; see ``ragx.evaluation.group_reports``.
        metrics: what is known of every metric, by its name without cut-off.
    """

    values: dict[str, float]
    per_user: pl.DataFrame
    counts: dict[str, int]
    conventions: Conventions
    fingerprint: str
    ranking: Ranking
    intervals: dict[str, dict[str, float | bool]] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)

    def __repr__(self) -> str:
        values: dict[str, object] = dict(list(self.values.items())[:SHOWN])
        more = {"more": len(self.values) - SHOWN} if len(self.values) > SHOWN else {}
        return one_line(self, **values, **more, users=self.counts["users"])

    def _repr_html_(self) -> str:
        rows = []
        for name, value in self.values.items():
            ends = self.intervals.get(name)
            bounds = Interval(value, ends["low"], ends["high"], bool(ends["few"])) if ends else None
            rows.append([name, float(value), bounds.spell() if bounds else None])
        caption = f"{self.counts['users']:,} users"
        return html_table(caption, ["metric", "value", "95 % interval"], rows)

    @property
    def tie_rate(self) -> float:
        """Share of ranks decided by the hash of the item; see ``Ranking``."""
        return self.ranking.tie_rate


def fingerprint(relevant: ItemLists, seen: ItemLists | None, num_items: int) -> str:
    """Return a hash of what is relevant, what is masked and among how many items, the same for the same split."""
    masked = b"nothing" if seen is None else seen.digest
    return hashlib.sha256(b"/".join((relevant.digest, masked, str(num_items).encode()))).hexdigest()[:16]


def evaluate(
    scorer: Scorer,
    relevant: ItemLists,
    seen: ItemLists | None,
    *,
    metrics: Sequence[str | Callable[..., Any]] = DEFAULT_METRICS,
    cutoffs: Sequence[int] = (20,),
    conventions: Conventions = LIGHTGCN,
    users: Int[Tensor, " B"] | None = None,
    item_popularity: Float[Tensor, " I"] | None = None,
    item_features: Float[Tensor, "I D"] | None = None,
    item_ids: Int[Tensor, " I"] | NDArray[np.int64] | None = None,
    memory: int | None = None,
) -> EvaluationResult:
    """Rank the whole catalogue for every user with relevant items and measure the lists.

    Args:
        scorer: what is evaluated.
        relevant: the items to be found, the validation or the test part.
        seen: the items kept off the lists: train, and when testing also validation.
        metrics: names from ``USER_METRICS`` and ``SET_METRICS``, and those of one's own, as functions or by their
            dotted paths; ``"recall@50"`` brings its own cut-off.
        cutoffs: lengths K of the lists.
        conventions: denominators and the like.
        users: rows to evaluate, all if None.
        item_popularity: train count of every item, for the metrics of popularity.
        item_features: a vector an item, for ``diversity``.
        item_ids: keys that settle ties, such as ``IdMap.tie_keys``; the item's row if None.
        memory: bytes that blocks of scores may take.

    Raises:
        ValueError: no user has a relevant item, the parts do not fit the scorer, or a metric is unknown.
    """
    names = parse_metrics(names_of(metrics), cutoffs)
    _check_parts(scorer, relevant, seen, conventions)
    asked = user_rows(users, scorer.num_users)
    some = relevant.lengths[asked] > 0
    check(bool(some.any()), "relevant: expected a test part with items for some of the users, got none at all.")
    chosen = asked[some] if conventions.users_without_relevant == "exclude" else asked
    depth = max(name.k or 0 for name in names) or max(cutoffs, default=1)
    ranked = partial(rank, scorer, seen=seen, item_ids=item_ids, memory=memory)
    ranking = ranked(chosen, k=depth)
    per_user = user_values(ranking, relevant, names, conventions, ranked, scorer.num_items)
    sizes, cuts = (scorer.num_items, scorer.num_users), {name.k for name in names if name.k}
    lists = {k: Lists(ranking.items[:, :k], *sizes, item_popularity, item_features) for k in cuts}
    counts = {
        "users": chosen.numel(),
        "users_without_relevant": int((~some).sum()),
        "users_without_seen": chosen.numel() if seen is None else int((seen.lengths[chosen] == 0).sum()),
        "users_with_short_lists": ranking.num_short,
        "relevant_items_masked": 0 if seen is None else relevant.num_shared(seen, chosen),
    }
    values = {str(name): _value(name, per_user, lists) for name in names}
    mark = fingerprint(relevant, seen, scorer.num_items)
    known = {metric.name: metric for metric in names.values()}
    return EvaluationResult(values, per_user, counts, conventions, mark, ranking, metrics=known)


def _check_parts(scorer: Scorer, relevant: ItemLists, seen: ItemLists | None, conventions: Conventions) -> None:
    check(
        relevant.num_users == scorer.num_users,
        f"relevant: expected a list for each of the scorer's {scorer.num_users} users, got {relevant.num_users} lists.",
    )
    largest = int(relevant.items.max()) if relevant.items.numel() else -1
    check(
        largest < scorer.num_items, f"relevant: expected items below {scorer.num_items}, the catalogue; got {largest}."
    )
    check(
        (seen is not None) == (conventions.masked == SEEN),
        f"seen: the conventions mask {conventions.masked!r}, and seen is {'None' if seen is None else 'given'}; "
        "pass the seen items with masked='seen', or None with masked='nothing'.",
    )


def _value(name: MetricName, per_user: pl.DataFrame, lists: Mapping[int, Lists]) -> float:
    if name.metric in SET_METRICS and name.k:
        return SET_METRICS[name.metric](lists[name.k])
    return float(per_user[str(name)].to_numpy().mean())
