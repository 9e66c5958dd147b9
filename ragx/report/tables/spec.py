"""What a table is to show: read from a small YAML and checked before any run is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ragx.checks import check, check_choice, did_you_mean
from ragx.evaluation.names import check_names
from ragx.metrics.direction import Recorded, about
from ragx.metrics.known import KNOWN, Metric
from ragx.metrics.name import MetricName

PARTS = ("validation", "test")
OPTIONS = ("title", "part", "metrics", "datasets", "labels", "rows", "baseline", "digits")


@dataclass(frozen=True)
class RowSpec:
    """A row that conditions on options pick out.

    Args:
        label: what it is called.
        where: option and the value it must have, or a list of values; see
            :func:`ragx.report.tables.conditions.matches`.
    """

    label: str
    where: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """What a table is to show.

    Args:
        title: its caption.
        part: ``"test"``, or ``"validation"`` for the grid of a sweep.
        metrics: such as ``recall@20`` or ``mae``; one column each for every dataset. By default those that there is
            always room for, see :func:`ragx.metrics.name.usual_names`.
        datasets: names of datasets, in the order of the columns; all that the runs have by default.
        labels: options that label the rows of a sweep, each with its heading.
        rows: rows picked by conditions; all configurations of the sweep by default.
        baseline: a baseline of the runs, such as ``"most_popular"``, or the label of a row: what gains and tests are
            against; the first baseline of the runs by default.
        digits: decimals of a value.

    Raises:
        ValueError: an argument is at fault.
    """

    title: str = "Results"
    part: str = "test"
    metrics: Sequence[str] = ()
    datasets: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[RowSpec] = ()
    baseline: str | None = None
    digits: int = 4

    def __post_init__(self) -> None:
        check_choice("part", self.part, PARTS)
        names = {MetricName.read(name).metric for name in self.metrics}
        check_metrics(self.metrics, {name: Metric(name, takes_cutoff=False) for name in names - KNOWN.keys()})
        check(1 <= self.digits <= 10, f"digits: expected 1 to 10 decimals, got {self.digits}.")
        labels = [row.label for row in self.rows]
        for label in labels:
            check(labels.count(label) == 1, f"rows: two rows are called {label!r}; every row has a label of its own.")


def check_metrics(names: Sequence[str], recorded: Recorded) -> None:
    """Check the metrics of a table.

    Args:
        names: with cut-offs.
        recorded: what its runs recorded of metrics of one's own; before they are read, whatever else the names are.

    Raises:
        ValueError: a metric is unknown or sampled, or lacks a cut-off.
    """
    check_names(names, recorded)
    for name in names:
        known = about(name, recorded)
        complete = not known.takes_cutoff or MetricName.read(name).k is not None
        check(complete, f"metrics: expected names with a cut-off such as recall@20, got {name!r}.")


def spec_of(config: Mapping[str, Any]) -> TableSpec:
    """Return what a config asks for.

    Args:
        config: the options of a :class:`TableSpec`, with ``labels`` as a mapping or a list, and ``rows`` as a list of
            mappings with ``label`` and ``where``.

    Raises:
        ValueError: an option is unknown, of a wrong kind or out of range.
    """
    given = check_options("the table", config, OPTIONS)
    for name in ("metrics", "datasets", "rows"):
        value = given.setdefault(name, [*getattr(TableSpec, name)])
        check(isinstance(value, list), f"{name}: expected a list, got {value!r}.")
    digits = given.get("digits", 4)
    check(isinstance(digits, int) and not isinstance(digits, bool), f"digits: expected a whole number, got {digits!r}.")
    given["rows"] = [_row(row) for row in given["rows"]]
    given["labels"] = _labels(given.get("labels") or {})
    return TableSpec(**given)


def check_options(what: str, given: Any, known: Sequence[str]) -> dict[str, Any]:
    """Return a mapping of which every name is known.

    Raises:
        ValueError: it is no mapping, or has an unknown name.
    """
    check(isinstance(given, Mapping), f"{what}: expected a mapping with {', '.join(known)}, got {given!r}.")
    for name in given:
        mean = did_you_mean(str(name), known)
        check(name in known, f"{what}: {name!r} is no option here.{mean} Options: {', '.join(known)}.")
    return dict(given)


def _row(given: Any) -> RowSpec:
    row = check_options("rows", given, ("label", "where"))
    where = row.get("where")
    check(
        bool(row.get("label")) and isinstance(where, Mapping) and bool(where),
        f"rows: expected a label and conditions such as where: {{layer: LightConv}}, got {dict(given)!r}.",
    )
    assert isinstance(where, Mapping)
    return RowSpec(str(row["label"]), dict(where))


def _labels(given: Any) -> dict[str, str]:
    if isinstance(given, list):
        given = {option: str(option).rpartition(".")[2] for option in given}
    check(isinstance(given, Mapping), f"labels: expected options, each with its heading, got {given!r}.")
    return {str(option): str(heading) for option, heading in given.items()}
