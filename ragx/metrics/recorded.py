"""What runs record of their metrics, so that a finished run tells which value is better without the metric's code."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from ragx.checks import check
from ragx.metrics.direction import Recorded, about
from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName

FIELDS = {field.name: field.type for field in fields(Metric)}
FORMER_KEYS = {"is_mean_over_users": "is_mean_over_units"}
"""Keys that runs wrote before, which go on being read."""


def record_of(metrics: Iterable[Metric]) -> dict[str, dict[str, Any]]:
    """Return what a run writes of its metrics, by name."""
    records = {metric.name: asdict(metric) for metric in metrics}
    return {name: {key: value for key, value in record.items() if key != "name"} for name, record in records.items()}


def read_record_of(written: Any, where: object = "metrics.json") -> dict[str, Metric]:
    """Return the metrics that a run wrote; none for a run of a version that wrote nothing of them.

    Args:
        written: what :func:`record_of` gave.
        where: the file, for the message.

    Raises:
        ValueError: it is something else.
    """
    if written is None:
        return {}
    check(isinstance(written, Mapping), f"{where}: expected metrics to hold a mapping for every metric; it is damaged.")
    return {str(name): _metric(str(name), record, where) for name, record in written.items()}


def agreed(name: str, records: Mapping[str, Recorded]) -> Metric:
    """Return what runs that are shown together recorded of a metric; of what none recorded, what is known of it.

    Args:
        name: the metric, with or without cut-off.
        records: what every run recorded, by the name of the run.

    Raises:
        ValueError: two runs mean different metrics by the name, such as one of which less is better and one of which
            more is.
    """
    metric = MetricName.read(name).metric
    recorded_by_run = {run: recorded[metric] for run, recorded in records.items() if metric in recorded}
    known = KNOWN.get(metric) or next(iter(recorded_by_run.values()), None) or about(name)
    for run, recorded_metric in recorded_by_run.items():
        if _meaning(recorded_metric) != _meaning(known):
            other = "ragx" if metric in KNOWN else next(iter(recorded_by_run))
            raise ValueError(
                f"{metric}: expected one metric of that name, and {other} means {_spell(known)}, {run} "
                f"{_spell(recorded_metric)}; leave one of them out."
            )
    return known


def _metric(name: str, written: Any, where: object) -> Metric:
    check(isinstance(written, Mapping), f"{where}: expected a mapping for the metric {name}; the file is damaged.")
    named = {FORMER_KEYS.get(key, key): value for key, value in written.items()}
    known = {key: value for key, value in named.items() if key in FIELDS and key != "name"}
    text, truth = ("unit", "path"), ("larger_is_better", "takes_cutoff", "is_mean_over_units")
    fits = all(isinstance(known.get(key, ""), str) for key in text) and all(
        isinstance(known.get(key, True), bool) or (key == "larger_is_better" and known[key] is None) for key in truth
    )
    check(fits, f"{where}: expected the metric {name} as a run records it, got {dict(written)!r}; the file is damaged.")
    return Metric(name, **known)


def _meaning(metric: Metric) -> tuple[object, ...]:
    """Return what is the same of two records of one metric; what ragx says of its own ones may grow."""
    own = (metric.unit, metric.takes_cutoff) if metric.path else ()
    return metric.path, metric.larger_is_better, *own


def _spell(metric: Metric) -> str:
    """Return what distinguishes metrics of one name, such as ``my_metrics.first_hit (places, less is better)``."""
    better = {True: "more is better", False: "less is better", None: "neither is better"}[metric.larger_is_better]
    details = ", ".join(filter(None, (metric.unit, better, "" if metric.takes_cutoff else "no cut-off")))
    return f"{metric.path or 'the metric of ragx'} ({details})"
