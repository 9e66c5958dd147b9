"""The protocol: what is ranked against what, for whom, and when the test part opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from ragx.checks import check, check_choice
from ragx.data.split import Split
from ragx.evaluation.cold_users import COLD_USERS, ColdUsers, serve_by_popularity
from ragx.evaluation.conventions import NOTHING, Conventions, preset
from ragx.evaluation.evaluate import EvaluationResult, evaluate
from ragx.evaluation.group_reports import ACTIVITY, POPULARITY, check_groups, group_reports
from ragx.evaluation.held_out import HeldOut, held_out_for_test, held_out_for_validation, item_lists
from ragx.evaluation.intervals import intervals_of
from ragx.evaluation.names import needs_item_features, parse_metrics
from ragx.ranking.scorers import Scorer
from ragx.typing import Float, Tensor

__all__ = ["Protocol", "item_lists"]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How models are evaluated: exact ranking of the whole catalogue, ties settled by the items' outside ids.

    Validation masks train; test masks train and validation.

    Args:
        metrics: names of metrics.
        cutoffs: lengths K of the lists.
        conventions: ``"lightgcn"``, ``"recbole"``, ``"trec"``, ``"pyg"``, ``"repeat_buying"``, or ``Conventions`` of
            one's own, see ``ragx.evaluation.conventions``.
        final: whether a run opens the test part, once, at its end; validation alone by default.
        memory: megabytes that blocks of scores may take; planned from the free memory by default.
        cold_users: what users without train interactions get: the ``"model"``'s list, as its features or bare
            embeddings have it, one by ``"popularity"``, or none (``"exclude"``), and they are left out and counted.
        groups: what is reported by group: ``"activity"`` of users, ``"popularity"`` of items, columns of the table of
            users.
        intervals: whether every per-user metric gets its 95 % interval over users.

    Raises:
        ValueError: an option is out of range; the message says which.
    """

    metrics: Sequence[str] = ("recall", "precision", "f1", "hit_rate", "ndcg", "mrr", "map")
    cutoffs: Sequence[int] = (10, 20, 50)
    conventions: str | Conventions = "lightgcn"
    final: bool = False
    memory: int | None = None
    cold_users: ColdUsers = "exclude"
    groups: Sequence[str] = ()
    intervals: bool = True

    def __post_init__(self) -> None:
        parse_metrics(self.metrics, self.cutoffs)
        check_choice("cold_users", self.cold_users, COLD_USERS)
        check(self.memory is None or self.memory > 0, f"memory: expected megabytes above 0, got {self.memory}.")
        named = isinstance(self.groups, Sequence) and not isinstance(self.groups, str)
        check(named, f"groups: expected a list of names such as [activity, popularity], got {self.groups!r}.")
        assert self.rules

    @cached_property
    def rules(self) -> Conventions:
        """The conventions with what cold users get: what two results share that are comparable.

        Raises:
            ValueError: there is no such preset, or the conventions say something else of cold users.
        """
        given = self.conventions
        rules = preset(given) if isinstance(given, str) else given
        check(isinstance(rules, Conventions), f"conventions: expected a preset or Conventions, got {given!r}.")
        check(
            rules.cold_users in (None, self.cold_users),
            f"conventions.cold_users: expected null, as evaluation.cold_users={self.cold_users} says it; "
            f"got {rules.cold_users}.",
        )
        return replace(rules, cold_users=self.cold_users)

    @property
    def tables_read(self) -> set[str]:
        """Tables of attributes that results are made of: ``items`` for diversity, ``users`` for groups by a column."""
        of_users = any(name not in (ACTIVITY, POPULARITY) for name in self.groups)
        asked = {"users": of_users, "items": needs_item_features(self.metrics)}
        return {name for name, is_read in asked.items() if is_read}

    def check_attributes(
        self, split: Split, *, item_features: Float[Tensor, "I F"] | None = None, user_table: pl.DataFrame | None = None
    ) -> list[str]:
        """Check, before any training, that the data has what the metrics and groups are made of, and say for how many.

        Raises:
            ValueError: features of items, or a column of the table of users, are missing.
        """
        check(
            item_features is not None or not needs_item_features(self.metrics),
            "metrics: diversity needs features of the items, and this dataset has no attributes of items; leave "
            "diversity out or add a table of items.",
        )
        return check_groups(self.groups, user_table, split.train.users)

    def validate(
        self,
        scorer: Scorer,
        split: Split,
        *,
        metrics: Sequence[str] | None = None,
        item_features: Float[Tensor, "I F"] | None = None,
        user_table: pl.DataFrame | None = None,
    ) -> EvaluationResult:
        """Return how well the validation items are ranked among those not in train.

        Args:
            scorer: what is evaluated.
            split: the data.
            metrics: these alone, such as ``["ndcg@20"]``, instead of all, without intervals and groups.
            item_features: a vector an item, for ``diversity``.
            user_table: outside ids in ``user`` and attributes, for groups.

        Raises:
            ValueError: nobody is left to be evaluated, a score is NaN, or features or columns are missing.
        """
        part = held_out_for_validation(split)
        return self.evaluate(scorer, part, metrics=metrics, item_features=item_features, user_table=user_table)

    def test(
        self,
        scorers: dict[str, Scorer],
        split: Split,
        *,
        reason: str,
        on_open: Callable[[str], None],
        item_features: Float[Tensor, "I F"] | None = None,
        user_table: pl.DataFrame | None = None,
    ) -> dict[str, EvaluationResult]:
        """Open the test part once and return how well each scorer ranks it.

        Args:
            scorers: what is evaluated, by name.
            split: holds the sealed part.
            reason: why it opens.
            on_open: called with the look before anything is measured.
            item_features: as in :meth:`validate`, like what follows.
            user_table: likewise.

        Raises:
            ValueError: as in :meth:`validate`; where nobody is left, the test part stays sealed.
        """
        self.check_test(split)
        part = held_out_for_test(split, split.test.open(reason=reason, on_open=on_open))
        return {
            name: self.evaluate(scorer, part, item_features=item_features, user_table=user_table)
            for name, scorer in scorers.items()
        }

    def check_test(self, split: Split) -> None:
        """Check, while the test part is sealed, that somebody is left to be measured on it.

        Raises:
            ValueError: users without train interactions are left out, and all with test items are such users.
        """
        known = split.test.count_users_of(split.train)
        check(
            self.cold_users != "exclude" or known > 0,
            "evaluation.cold_users=exclude leaves nobody: no user with test items has train interactions, and the test "
            "part stays sealed; choose evaluation.cold_users=popularity or model.",
        )

    def evaluate(
        self,
        scorer: Scorer,
        part: HeldOut,
        *,
        metrics: Sequence[str] | None = None,
        item_features: Float[Tensor, "I F"] | None = None,
        user_table: pl.DataFrame | None = None,
    ) -> EvaluationResult:
        """Return how well the items of a held-out part are ranked among those not known.

        Args:
            scorer: what is evaluated.
            part: made by ``held_out_for_validation`` or ``held_out_for_test``.
            metrics: as in :meth:`validate`, like what follows.
            item_features: likewise.
            user_table: likewise.

        Raises:
            ValueError: as in :meth:`validate`.
        """
        waiting = int((part.cold & (part.relevant.lengths > 0)).sum())
        check(
            self.cold_users != "exclude" or bool((~part.cold & (part.relevant.lengths > 0)).any()),
            f"evaluation.cold_users=exclude leaves nobody: none of the {waiting} users with held-out items has train "
            "interactions; choose evaluation.cold_users=popularity or model.",
        )
        if self.cold_users == "popularity":
            scorer = serve_by_popularity(scorer, part.cold, part.popularity)
        result = evaluate(
            scorer,
            part.relevant,
            None if self.rules.masked == NOTHING else part.known,
            metrics=self.metrics if metrics is None else metrics,
            cutoffs=self.cutoffs,
            conventions=self.rules,
            users=(~part.cold).nonzero().flatten() if self.cold_users == "exclude" else None,
            item_popularity=part.popularity,
            item_features=item_features,
            item_ids=part.items.tie_keys,
            memory=None if self.memory is None else self.memory * 2**20,
        )
        held_out = int((part.relevant.lengths > 0).sum())
        among = {"cold_users": waiting, "users_held_out": held_out, "all_users": part.relevant.num_users}
        result = replace(result, counts=result.counts | among)
        return result if metrics is not None else self._with_spread(result, part, user_table)

    def _with_spread(
        self, result: EvaluationResult, part: HeldOut, user_table: pl.DataFrame | None
    ) -> EvaluationResult:
        """Add intervals and groups, which the evaluation after every epoch does without."""
        columns = {name: result.per_user[name].to_numpy() for name in result.per_user.columns if name != "user"}
        groups = group_reports(self.groups, result, part.relevant, part.known, part.popularity, user_table, part.users)
        return replace(result, intervals=intervals_of(columns) if self.intervals else {}, groups=groups)
