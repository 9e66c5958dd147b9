"""One call from a run, a model or a scorer to its values on validation, for a notebook."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.split import Split
from ragx.data.splits.splitters import default_split
from ragx.evaluation.evaluate import EvaluationResult
from ragx.evaluation.names import names_of, needs_item_features
from ragx.evaluation.protocol import Protocol
from ragx.graph.graph import Graph
from ragx.models.node_model import NodeModel
from ragx.ranking.scorers import Scorer
from ragx.runs.protocol import stored_protocol
from ragx.runs.trusted import Trusted
from ragx.serving.run import Run, check_ranks

METRICS = ("recall@20", "ndcg@20")
TEST = (
    "part: expected 'validation', got 'test', which opens only where the look is counted: for a run, "
    "`ragx evaluate run=… part=test`; in Python, Protocol().test({'model': scorer}, split, "
    "reason=…, on_open=print)."
)


def evaluate(
    subject: Run | NodeModel | Scorer,
    data: Split | Dataset | None = None,
    *,
    metrics: Sequence[str | Callable[..., Any]] = METRICS,
    graph: Graph | None = None,
    protocol: Protocol | None = None,
    part: str = "validation",
) -> EvaluationResult:
    """Return how well a run, a model or a scorer ranks the validation items among those not in train.

    ``ragx.evaluate(run)`` or ``ragx.evaluate(model, split, graph=graph, metrics=["recall@10"])``.

    Args:
        subject: a loaded run, a model with its ``graph``, or any scorer of users for items.
        data: a split, or a dataset, which is divided by ``default_split``; a run has its own.
        metrics: names with cut-offs, see :class:`ragx.evaluation.Protocol`, and those of one's own, as functions
            or by their dotted paths; without a cut-off a metric is taken at those of the protocol.
        graph: what a model propagates over, such as ``ragx.graph.build_graph(split.train)``.
        protocol: conventions, cold users and groups; by default those of the run, or the defaults of ``Protocol``.
        part: only ``"validation"``: the test part opens where looks are counted.

    Raises:
        ValueError: data or graph is missing or too much, the run learned from validation, the test part is asked for,
            or as :meth:`ragx.evaluation.Protocol.validate`.
    """
    check(part != "test", TEST)
    check(part == "validation", f"part: expected 'validation', got {part!r}.")
    if isinstance(subject, Run):
        check_ranks(subject)
    dataset = subject.dataset if isinstance(subject, Run) else data if isinstance(data, Dataset) else None
    split = _split_for(subject, data)
    names = names_of(metrics)
    chosen = replace(protocol or _protocol_of(subject), metrics=tuple(names))
    features = None
    if needs_item_features(names) and dataset is not None:
        nodes = node_features(dataset, split.train)
        features = None if nodes is None else nodes[split.train.num_users :]
    attributes: dict[str, Any] = {
        "item_features": features,
        "user_table": None if dataset is None else dataset.tables.get("users"),
    }
    chosen.check_attributes(split, **attributes)
    return chosen.validate(_scorer_of(subject, graph), split, **attributes)


def _split_for(subject: object, data: Split | Dataset | None) -> Split:
    if isinstance(subject, Run):
        check(data is None, "data: expected none beside a run, which brings its own split; leave it out.")
        check(
            not subject.refit,
            f"{subject.folder}: this run was refitted on train and validation, so that it has learned the validation "
            "part; the values from before stand in its `metrics`.",
        )
        return subject.split
    if data is None:
        raise ValueError("data: expected a split or a dataset that the model is evaluated on, got none.")
    return default_split(data) if isinstance(data, Dataset) else data


def _protocol_of(subject: object) -> Protocol:
    if not isinstance(subject, Run):
        return Protocol()
    return stored_protocol(subject.config, subject.metrics, Trusted(subject.trust))


def _scorer_of(subject: Run | NodeModel | Scorer, graph: Graph | None) -> Scorer:
    if isinstance(subject, Run):
        check(graph is None, "graph: expected none beside a run, which brings its own; leave it out.")
        check_ranks(subject)
        scorer: Scorer = subject.predictor
        return scorer
    if isinstance(subject, NodeModel):
        if graph is None:
            raise ValueError(
                "graph: expected what the model propagates over, such as graph=ragx.graph.build_graph(split.train)."
            )
        return subject.scorer(graph)
    check(graph is None, "graph: expected none beside a scorer, whose scores are made already; leave it out.")
    return subject
