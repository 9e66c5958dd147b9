"""The task of recommendation: every user's held-out items are to stand high in a ranking of the whole catalogue."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, ClassVar

import polars as pl
import torch

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.interactions import Interactions
from ragx.data.problem import Problem
from ragx.data.split import Split
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.held_out import held_out_for_test, held_out_for_validation, item_lists
from ragx.evaluation.names import needs_item_features, parse_metrics
from ragx.evaluation.per_user_table import per_user_table
from ragx.evaluation.protocol import Protocol
from ragx.evaluation.result import Result
from ragx.evaluation.serving import serving_scorer, users_to_serve
from ragx.learners.learner import Fitted
from ragx.metrics.known import Metric
from ragx.metrics.name import USUAL_CUTOFF, MetricName
from ragx.models.closed_form import ClosedForm
from ragx.models.closed_forms.first_that_fits import FirstThatFits
from ragx.models.closed_forms.item_knn import ItemKNN
from ragx.models.ease import EASE
from ragx.models.most_popular import MostPopular
from ragx.parts import PartsError
from ragx.ranking.ranking import rank
from ragx.ranking.recommendations import recommendation_table
from ragx.ranking.scorers import InnerProduct, Scorer
from ragx.tasks.task import Part, Task
from ragx.typing import Tensor

USUAL = ("recall", "ndcg")
LIST_LENGTH = 20
MOST_BYTES = 6e8
"""What the fit of EASE takes with 5,000 items, which is a matter of seconds."""


class Rank(Task):
    """Ranks the items of the whole catalogue for every user.

    Args:
        split: gives the split of a dataset.
        evaluation: conventions, metrics and cold users.
        monitor: the metric that stops and chooses.
        baselines: what stands beside every run, by name; by default the most popular items, and EASE or, where that
            would take more than 600 MB, items by their nearest neighbours.
    """

    unit: ClassVar[str] = "user"

    def __init__(
        self,
        *,
        split: Callable[[Dataset], Split],
        evaluation: Protocol,
        monitor: str = "ndcg@20",
        baselines: Mapping[str, ClosedForm] | None = None,
    ) -> None:
        super().__init__(monitor=monitor, baselines=_usual_baselines() if baselines is None else baselines)
        self.split, self.protocol = split, evaluation
        self.metrics = tuple(dict.fromkeys(parse_metrics(evaluation.metrics, evaluation.cutoffs).values()))

    def problem(self, dataset: Dataset) -> Split:
        """Return the split of the dataset."""
        return replace(self.split(dataset), dataset=dataset)

    def evaluate(self, predictor: Scorer, problem: Problem[Any], part: Part, held_out: Interactions) -> Result:
        """Return how well a scorer ranks the held-out items among those that users do not have.

        Args:
            predictor: what is evaluated.
            problem: the split.
            part: which part the items are of.
            held_out: the part.

        Raises:
            ValueError: nobody is left to be evaluated, or a score is NaN.
        """
        assert isinstance(problem, Split)
        lists = held_out_for_validation(problem) if part == "validation" else held_out_for_test(problem, held_out)
        result = self.protocol.evaluate(predictor, lists, **self._attributes(problem))
        return _result(result, problem)

    def check(self, problem: Problem[Any]) -> list[str]:
        """Check that the data has what metrics and groups are made of, and say for how many it has."""
        assert isinstance(problem, Split)
        return self.protocol.check_attributes(problem, **self._attributes(problem))

    def metric(self, option: str, name: str) -> Metric:
        """Return what is known of a metric, one's own among them, at a cut-off where it takes one."""
        try:
            (known,) = parse_metrics([name], []).values()
        except ValueError as error:
            raise PartsError([f"{option}: {name!r} is no metric at a cut-off. {error}"]) from error
        return known

    def check_test(self, problem: Problem[Any]) -> None:
        """Check that somebody with test items is known from train, where others are left out."""
        assert isinstance(problem, Split)
        self.protocol.check_test(problem)

    def curve(self, predictor: Scorer, problem: Problem[Any], monitor: str) -> dict[str, float]:
        """Return the monitored metric, Recall and NDCG, without intervals and groups."""
        assert isinstance(problem, Split)
        cutoff = MetricName.read(monitor).k or USUAL_CUTOFF
        names = list(dict.fromkeys([monitor, *(str(MetricName(name, cutoff)) for name in USUAL)]))
        return self.protocol.validate(predictor, problem, metrics=names).values

    def best_achievable(self, problem: Problem[Any], part: Part) -> Scorer | None:
        """Return the ranking by the planted preference over the period of a part, among items that train knows."""
        assert isinstance(problem, Split)
        truth = problem.dataset.truth
        if truth is None:
            return None
        preference = torch.tensor(truth.preference(*problem.periods[part]), dtype=torch.float32)
        preference[:, torch.tensor(problem.train.item_counts()) == 0] = 0
        return InnerProduct(preference, torch.eye(preference.shape[1]))

    def outputs(self, fitted: Fitted, problem: Problem[Any], refit: bool) -> Mapping[str, pl.DataFrame]:
        """Return the best items of every user who is served."""
        known: Interactions = problem.learned_from(refit)
        cold_users = self.protocol.cold_users
        scorer = serving_scorer(fitted.predictor, fitted.knows_strangers, known, cold_users)
        users, k = users_to_serve(known, cold_users), min(LIST_LENGTH, known.num_items)
        ranking = rank(scorer, users, k=k, seen=item_lists(known), item_ids=known.items.tie_keys)
        return {"recommendations": recommendation_table(ranking, known)}

    @property
    def tables_read(self) -> set[str]:
        """The table of items for diversity, that of users for groups by a column."""
        return self.protocol.tables_read

    def _attributes(self, split: Split) -> dict[str, Any]:
        """Return what some metrics and groups are made of: vectors of items and the table of users."""
        features: Tensor | None = None
        dataset: Dataset = split.dataset
        if needs_item_features(self.protocol.metrics):
            nodes = node_features(dataset, split.train)
            features = None if nodes is None else nodes[split.train.num_users :]
        return {"item_features": features, "user_table": dataset.tables.get("users")}


def _usual_baselines() -> dict[str, ClosedForm]:
    choices = {"ease": EASE(), "item_knn": ItemKNN()}
    return {"most_popular": MostPopular(), "of_items": FirstThatFits(choices=choices, most_bytes=MOST_BYTES)}


def _result(result: EvaluationResult, split: Split) -> Result:
    check(result.per_user.height > 0, "evaluation: expected a user who is evaluated, got none.")
    return Result(
        values=result.values,
        per_unit=per_user_table(result, split.train.users),
        metrics=tuple(result.metrics.values()),
        counts=result.counts,
        intervals=result.intervals,
        groups=result.groups,
        more={"tie_rate": result.tie_rate},
        about={"fingerprint": result.fingerprint, "conventions": json.dumps(asdict(result.conventions))},
    )
