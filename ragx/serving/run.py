"""What a run leaves behind, and how it is read back."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import polars as pl
import torch

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.evaluation.serving import serving_scorer
from ragx.learners.given import GIVEN
from ragx.learners.learner import Fitted
from ragx.learners.parts import groups_of
from ragx.notebook import one_line
from ragx.parts import bind
from ragx.ranking.scorers import Scorer
from ragx.runs.files import read_run
from ragx.runs.layout import has_results
from ragx.runs.protocol import stored_cold_users, without_own_monitor
from ragx.runs.restored import restored_run
from ragx.runs.trusted import Trusted
from ragx.serving.fold_in import NEW_USER, with_new_events, with_new_user
from ragx.serving.lists import Ids, ListOptions, lists

RESTORED = ("task", "dataset", "split", "graph", "layer", "model")
"""The groups that a finished run is taken up again by; nothing else of its config is imported."""


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run, given back.

    Args:
        folder: where it lies.
        config: its parts with every default.
        metrics: its results.
        model: the trained model; for a closed form its predictor.
        graph: the graph the final model works on, where it works on one.
        dataset: the data.
        split: the split, or the problem of another task.
        trust: modules of one's own whose code it may name.
        fitted: what evaluation and lists are made by; by default the scores of the model on the graph.
    """

    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]
    model: Any
    graph: Any
    dataset: Dataset
    split: Split
    trust: tuple[str, ...] = ()
    fitted: Fitted | None = None

    def __repr__(self) -> str:
        return one_line(self, self.folder.name, dataset=self.dataset.name, model=type(self.model).__name__)

    @property
    def known(self) -> Interactions:
        """What the final model learned from: train, after a refit also validation."""
        return self.split.learned_from(self.refit)

    @property
    def refit(self) -> bool:
        """Whether the final model learned from validation too."""
        return "refit" in self.metrics or bool(self.config.get("trainer", {}).get("refit", False))

    @property
    def predictor(self) -> Any:
        """What the run's task evaluates: a scorer of users for items, or what another task predicts by."""
        return self.model.scorer(self.graph) if self.fitted is None else self.fitted.predictor

    def recommend(self, users: Ids | None = None, k: int = 10, **options: Unpack[ListOptions]) -> pl.DataFrame:
        """Return the best k items of each user, in outside ids, as columns user, item, rank, score.

        Args:
            users: outside ids, or one; all users by default. Who is asked for twice gets one list.
            k: length of the lists; a user who has seen nearly everything gets a shorter one.
            **options: ``exclude_seen``, ``only``, ``without`` and ``titles``, see :class:`ragx.serving.ListOptions`.

        Raises:
            ValueError: a user or item is unknown, k is below 1 or beyond the items to choose from, or the run's task is
                not to rank items.
        """
        check_ranks(self)
        known = self.known
        asked = pl.arange(known.num_users, eager=True) if users is None else pl.Series(known.users.rows(users))
        rows = torch.tensor(asked.unique(maintain_order=True).to_numpy())
        return lists(self.scorer, known, rows, k, self.dataset, **options)

    @property
    def scorer(self) -> Scorer:
        """What lists are made by: the model, and popularity for users of whom it knows neither events nor features."""
        cold_users = stored_cold_users(self.config, self.metrics, Trusted(self.trust))
        strangers = self.fitted.knows_strangers if self.fitted else self.model.features is not None
        return serving_scorer(self.predictor, strangers, self.known, cold_users)

    def fold_in(self, items: Ids, k: int = 10, **options: Unpack[ListOptions]) -> pl.DataFrame:
        """Return the best k items of a new user, given as the items that the user has, without any training.

        The user joins the graph with these edges and without an embedding, see ``ragx.serving.fold_in``. Where the run
        has a target, the events are of that kind.

        Args:
            items: outside ids, or one.
            k: as in :meth:`recommend`.
            **options: as in :meth:`recommend`.

        Raises:
            ValueError: an item is unknown or none is given, k is out of range, or the model has no layers.
        """
        check_ranks(self)
        check(
            self.graph is not None,
            f"{self.folder}: a closed form takes no new users; run a model with layers, such as "
            "model=relevance_aware_graph.",
        )
        joined = with_new_events(self.split, self.refit, items)
        model = with_new_user(self.model)
        graph = bind(self.config, {"graph": GIVEN["graph"]})["graph"].build(interactions=joined)
        rows = torch.tensor([joined.num_users - 1])
        return lists(model.scorer(graph), joined, rows, k, self.dataset, user=NEW_USER, **options)


def load_run(folder: str | Path, *, trust: Iterable[str] = ()) -> Run:
    """Return the run in a folder: data, split, graph and the trained model.

    Args:
        folder: the run folder.
        trust: modules of one's own, such as ``my_layers``, whose code the run may name beside the parts of ragx.

    Raises:
        ValueError: the folder holds no finished run, or its data is not there or no longer what it was made on; the
            message names what changed; or the run names code of others that is not trusted.
    """
    folder = Path(folder)
    check(has_results(folder), f"{folder}: expected a finished run with metrics.json, found none.")
    record, _ = read_run(folder)
    refuse = Trusted(trust)
    config = without_own_monitor(record["config"])
    groups = groups_of(config, refuse)
    parts = bind(config, {name: given for name, given in groups.items() if name in RESTORED}, refuse)
    run = restored_run(folder, parts)
    fitted, problem = run.fitted, run.problem
    split: Any = problem
    return Run(
        *(folder, record["config"], run.metrics, fitted.model, fitted.graph, problem.dataset, split),
        trust=refuse.modules,
        fitted=fitted,
    )


def check_ranks(run: Run) -> None:
    """Check that a run's task is to rank items for users.

    Raises:
        ValueError: it is another; its predictor is there all the same.
    """
    check(
        isinstance(run.split, Split),
        f"{run.folder}: this run's task is not to rank items for users; run.predictor gives what it predicts by, and "
        f"`ragx evaluate run={run.folder.name}` its values.",
    )
