"""Names of metrics, such as ``recall@20``."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ragx.checks import check, check_choice
from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.set_metrics import SET_METRICS

SAMPLED = re.compile(r"sampled|^(uni|pop)\d+")
SAMPLING = re.compile(r"sampl|negatives|candidates|^(uni|pop)_?\d+|^num_neg")
WHY_NOT = (
    "sampled metrics do not exist here. Ranking against a few sampled items can reverse the order of two models "
    "(Krichene and Rendle, KDD 2020), and the exact ranking is fast: ask for the plain metric."
)


class MetricName(NamedTuple):
    """A metric at a cut-off."""

    metric: str
    k: int

    def __str__(self) -> str:
        return f"{self.metric}@{self.k}"


def parse_metrics(metrics: Sequence[str], cutoffs: Sequence[int]) -> list[MetricName]:
    """Return every metric at every cut-off; a name such as ``"recall@50"`` brings its own.

    Raises:
        ValueError: a metric is unknown or sampled, a cut-off is not a whole number from 1, or nothing is asked for.
    """
    _check_list("metrics", metrics, "names such as [recall, ndcg]")
    _check_list("cutoffs", cutoffs, "whole numbers such as [10, 20]")
    names: dict[MetricName, None] = {}
    for text in metrics:
        check(isinstance(text, str), f"metrics: expected names such as recall, got {text!r}.")
        metric, mark, own = text.partition("@")
        _check_metric(metric)
        for cutoff in (own,) if mark else cutoffs:
            check(str(cutoff).isdecimal() and int(cutoff) >= 1, f"{text}: expected cut-offs from 1, got {cutoff!r}.")
            names[MetricName(metric, int(cutoff))] = None
    check(bool(names), "metrics and cutoffs: expected at least one of each, such as ['recall'] and [20].")
    return list(names)


def needs_item_features(metrics: Sequence[str]) -> bool:
    """Say whether one of the metrics, such as ``diversity``, is made of the items' features."""
    return any(metric.partition("@")[0] == "diversity" for metric in metrics)


def explain_sampling(option: str) -> str:
    """Return why there is no such option where its name asks for sampled metrics, else an empty text."""
    return f"{option}: {WHY_NOT}" if SAMPLING.search(option.rpartition(".")[2].lower()) else ""


def refuse_sampling(options: Iterable[str]) -> None:
    """Refuse options of an evaluation that ask for sampled metrics, with the reason.

    Raises:
        ValueError: an option is about sampled metrics.
    """
    for name in options:
        explained = explain_sampling(name)
        check(not explained, explained)


def _check_list(name: str, values: object, such_as: str) -> None:
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    check(listed, f"{name}: expected a list of {such_as}, got {values!r}.")


def _check_metric(metric: str) -> None:
    check(SAMPLED.search(metric.lower()) is None, f"{metric}: {WHY_NOT}")
    known = [*USER_METRICS, *SET_METRICS]
    plain = {name.replace("_", ""): name for name in known}
    meant = plain.get(re.sub(r"[\W_]", "", metric.lower()), metric)
    if metric != meant:
        raise ValueError(f"metrics: expected one of {', '.join(known)}; got {metric!r}. Did you mean {meant!r}?")
    check_choice("metrics", metric, known)
