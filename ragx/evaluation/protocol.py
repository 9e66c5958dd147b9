"""The protocol: what is ranked against what, for whom, and when the test part opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from ragx.checks import check, check_choice
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.evaluation.cold_users import COLD_USERS, ColdUsers, serve_by_popularity
from ragx.evaluation.conventions import Conventions, preset
from ragx.evaluation.evaluate import EvaluationResult, evaluate
from ragx.evaluation.names import parse_metrics
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import Scorer


def item_lists(interactions: Interactions) -> ItemLists:
    """Return the distinct items of every user of the map."""
    users, items = (torch.tensor(interactions.column(name)) for name in ("user", "item"))
    return ItemLists.from_pairs(users, items, interactions.num_users)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How models are evaluated: exact ranking of the whole catalogue.

    Validation masks train; test masks train and validation.

    Args:
        metrics: names of metrics.
        cutoffs: lengths K of the lists.
        conventions: ``"lightgcn"``, ``"recbole"``, ``"trec"`` or ``"pyg"``, see ``ragx.evaluation.conventions``.
        final: whether a run opens the test part, once, at its end.
        memory: megabytes that blocks of scores may take; planned from the free memory by default.
        cold_users: what users without train interactions get: the ``"model"``'s list, as its features or bare
            embeddings have it, one by ``"popularity"``, or none (``"exclude"``), and they are left out and counted.
    """

    metrics: Sequence[str] = ("recall", "precision", "f1", "hit_rate", "ndcg", "mrr", "map")
    cutoffs: Sequence[int] = (10, 20, 50)
    conventions: str = "lightgcn"
    final: bool = True
    memory: int | None = None
    cold_users: ColdUsers = "model"

    def __post_init__(self) -> None:
        parse_metrics(self.metrics, self.cutoffs)
        preset(self.conventions)
        check_choice("cold_users", self.cold_users, COLD_USERS)
        check(self.memory is None or self.memory > 0, f"memory: expected megabytes above 0, got {self.memory}.")

    def validate(self, scorer: Scorer, split: Split, *, metrics: Sequence[str] | None = None) -> EvaluationResult:
        """Return how well the validation items are ranked among those not in train.

        Args:
            scorer: what is evaluated.
            split: the data.
            metrics: these alone, such as ``["ndcg@20"]``, instead of all.
        """
        return self._evaluate(scorer, split.validation, item_lists(split.train), split, metrics)

    def test(
        self, scorers: dict[str, Scorer], split: Split, *, reason: str, on_open: Callable[[str], None]
    ) -> dict[str, EvaluationResult]:
        """Open the test part once and return how well each scorer ranks it.

        Args:
            scorers: what is evaluated, by name.
            split: holds the sealed part.
            reason: why it opens.
            on_open: told of the look before any number is made.
        """
        relevant = split.test.open(reason=reason, on_open=on_open)
        seen = item_lists(split.train_and_validation)
        return {name: self._evaluate(scorer, relevant, seen, split) for name, scorer in scorers.items()}

    def _evaluate(
        self,
        scorer: Scorer,
        held_out: Interactions,
        seen: ItemLists,
        split: Split,
        metrics: Sequence[str] | None = None,
    ) -> EvaluationResult:
        rules: Conventions = preset(self.conventions)
        popularity = torch.tensor(split.train.item_counts(), dtype=torch.float64)
        cold = torch.ones(split.train.num_users, dtype=torch.bool)
        cold[torch.tensor(split.train.column("user"))] = False
        relevant = item_lists(held_out)
        counts = {"cold_users": int((cold & (relevant.lengths > 0)).sum())}
        check(
            self.cold_users != "exclude" or bool((~cold & (relevant.lengths > 0)).any()),
            f"cold_users=exclude leaves nobody: none of the {counts['cold_users']} users with held-out items has train "
            "interactions; choose popularity or model.",
        )
        if self.cold_users == "popularity":
            scorer = serve_by_popularity(scorer, cold, popularity)
        result = evaluate(
            scorer,
            relevant,
            seen if rules.masked == "seen" else None,
            metrics=metrics or self.metrics,
            cutoffs=self.cutoffs,
            conventions=rules,
            users=(~cold).nonzero().flatten() if self.cold_users == "exclude" else None,
            item_popularity=popularity,
            memory=None if self.memory is None else self.memory * 2**20,
        )
        return replace(result, counts=result.counts | counts)
