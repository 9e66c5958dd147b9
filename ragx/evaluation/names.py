"""Which metrics an evaluation can be asked for, and why sampled ones are none of them."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ragx.checks import check, check_choice
from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName
from ragx.metrics.own import check_distinct, dotted_path, is_own, located

SAMPLED = re.compile(r"sampled|^(uni|pop)\d+")
SAMPLING = re.compile(r"sampl|negatives|candidates|^(uni|pop)_?\d+|^num_neg")
WHY_NOT = (
    "sampled metrics do not exist here. Ranking against a few sampled items can reverse the order of two models "
    "(Krichene and Rendle, KDD 2020), and the exact ranking is fast: ask for the plain metric."
)


def parse_metrics(metrics: Sequence[str], cutoffs: Sequence[int]) -> dict[MetricName, Metric]:
    """Return every metric at every cut-off, by the name that results give it, and what is known of it.

    A name such as ``"recall@50"`` brings its own cut-off. A metric of one's own is named by its dotted path: that of
    ``"my_metrics.first_hit@20"`` is called ``first_hit@20``. One without a cut-off stands once.

    Raises:
        ValueError: a metric is unknown or sampled, two go by one name, a cut-off is not a whole number from 1 or stands
            behind a metric that takes none, or nothing is asked for.
    """
    _check_list("metrics", metrics, "names such as [recall, ndcg]")
    _check_list("cutoffs", cutoffs, "whole numbers such as [10, 20]")
    names: dict[MetricName, Metric] = {}
    asked: list[Metric] = []
    for text in metrics:
        check(isinstance(text, str), f"metrics: expected names such as recall, got {text!r}.")
        name = MetricName.read(text)
        known = _known(name.metric)
        asked.append(known)
        if not known.takes_cutoff:
            check(name.k is None, f"{text}: expected no cut-off, which {known.name} does not take.")
            names[MetricName(known.name)] = known
            continue
        for cutoff in cutoffs if name.k is None else (name.k,):
            check(str(cutoff).isdecimal() and int(cutoff) >= 1, f"{text}: expected cut-offs from 1, got {cutoff!r}.")
            names[MetricName(known.name, int(cutoff))] = known
    check_distinct(asked)
    check(bool(names), "metrics and cutoffs: expected at least one of each, such as ['recall'] and [20].")
    return names


def _known(metric: str) -> Metric:
    """Return what is known of a metric that values can be made of."""
    if is_own(metric):
        _check_exact(metric.rpartition(".")[2])
        return located(metric)[0]
    _check_metric(metric, [name for name, known in KNOWN.items() if known.takes_cutoff])
    return KNOWN[metric]


def names_of(metrics: Sequence[str | Callable[..., Any]]) -> Sequence[str]:
    """Return metrics by their names, a function or class that declares one by its dotted path.

    Raises:
        ValueError: a function declares nothing, or does not stand at the top of its module.
    """
    _check_list("metrics", metrics, "names such as [recall, ndcg]")
    return [dotted_path(metric) if callable(metric) else metric for metric in metrics]


def is_complete(text: str) -> bool:
    """Say whether a text has all that the name of a metric needs: a cut-off, unless the metric takes none."""
    name = MetricName.read(text)
    return name.k is not None or (name.metric in KNOWN and not KNOWN[name.metric].takes_cutoff)


def check_names(names: Iterable[str], own: Collection[str] = ()) -> None:
    """Check names of metrics whose values come from elsewhere, such as from run folders or papers.

    Args:
        names: with cut-offs.
        own: names of metrics of one's own that the runs have.

    Raises:
        ValueError: a metric is unknown or sampled, or a cut-off is not a whole number from 1.
    """
    for text in names:
        _check_metric(MetricName.read(text).metric, (*KNOWN, *(name for name in own if name not in KNOWN)))


def needs_item_features(metrics: Sequence[str]) -> bool:
    """Say whether one of the metrics, such as ``diversity``, is made of the items' features."""
    return any(MetricName.read(metric).metric == "diversity" for metric in metrics)


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


def _check_exact(metric: str) -> None:
    check(SAMPLED.search(metric.lower()) is None, f"{metric}: {WHY_NOT}")


def _check_metric(metric: str, known: Collection[str]) -> None:
    """Check the name of a metric, without cut-off.

    Raises:
        ValueError: it is sampled, or not among those that are known.
    """
    _check_exact(metric)
    plain = {name.replace("_", ""): name for name in known}
    meant = plain.get(re.sub(r"[\W_]", "", metric.lower()), metric)
    if metric != meant:
        raise ValueError(f"metrics: expected one of {', '.join(known)}; got {metric!r}. Did you mean {meant!r}?")
    check_choice("metrics", metric, known)
