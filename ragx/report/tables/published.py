"""Published numbers: values with their source, and whether they were found on the split that is used here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragx.checks import check
from ragx.evaluation.conventions import Conventions, preset
from ragx.evaluation.names import check_names, is_complete
from ragx.report.tables.spec import check_options

OWN = ("dataset", "split", "fingerprints", "conventions", "note", "rows")
OF_ROW = ("label", "source", "fingerprints")


@dataclass(frozen=True)
class PublishedRow:
    """What was published of one method.

    Args:
        label: name of the method; where a row of the table is called so, the numbers stand beside it.
        source: where the numbers stand.
        values: them, by metric.
        fingerprints: the splits of ragx whose test and train pairs they were found on.
    """

    label: str
    source: str
    values: Mapping[str, float]
    fingerprints: Sequence[str]


@dataclass(frozen=True)
class Published:
    """Numbers published for one dataset.

    Args:
        dataset: its name.
        split: the published split, in words.
        conventions: those of the numbers, see :func:`ragx.evaluation.conventions.preset`.
        note: what has to be known about all of them.
        rows: the methods.
    """

    dataset: str
    split: str
    conventions: str
    note: str
    rows: Sequence[PublishedRow]

    def same_split(
        self, row: PublishedRow, part: str, fingerprints: Collection[str], conventions: Conventions | None
    ) -> str:
        """Return ``"yes"``, ``"no"``, or ``"–"`` where nothing was measured to hold a row against.

        Args:
            row: one of ``rows``.
            part: part of the measured values; published ones are of the test part.
            fingerprints: of the split of the measured values, and of its published test part.
            conventions: likewise.
        """
        if not fingerprints:
            return "–"
        same = conventions == preset(self.conventions)
        return "yes" if part == "test" and same and not set(row.fingerprints).isdisjoint(fingerprints) else "no"


def published_of(config: Any) -> Published:
    """Return the published numbers that a config holds.

    Args:
        config: ``dataset``, ``split``, ``fingerprints`` (of the splits of ragx that are this one), ``conventions``,
            ``note`` and ``rows``, each with ``label``, ``source``, its metrics, and ``fingerprints`` where they differ.

    Raises:
        ValueError: an option is unknown or missing, or a value is no number. Whether the split is the same is decided
            by fingerprints and cannot be written down.
    """
    given = check_options("published", config, OWN)
    for name in ("dataset", "fingerprints", "conventions", "rows"):
        check(name in given, f"published: {name} is missing; it takes {', '.join(OWN)}.")
    dataset = str(given["dataset"])
    preset(str(given["conventions"]))
    rows = [_row(dataset, row, _fingerprints(dataset, given["fingerprints"])) for row in given["rows"]]
    return Published(dataset, str(given.get("split", "")), str(given["conventions"]), str(given.get("note", "")), rows)


def _row(dataset: str, config: Any, fingerprints: Sequence[str]) -> PublishedRow:
    check(isinstance(config, Mapping), f"published, {dataset}: expected rows with label and source, got {config!r}.")
    values = {str(name): value for name, value in config.items() if is_complete(str(name))}
    own = check_options(
        f"published, {dataset}", {name: value for name, value in config.items() if not is_complete(str(name))}, OF_ROW
    )
    label = str(own.get("label") or "")
    check(bool(label and own.get("source")), f"published, {dataset}: expected label and source in every row: {config}.")
    check(bool(values), f"published, {dataset}, {label}: expected at least one metric such as recall@20: 0.183.")
    check_names(list(values))
    for name, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        check(number, f"published, {dataset}, {label}: {name}: expected a number, got {value!r}.")
    if "fingerprints" in own:
        fingerprints = _fingerprints(dataset, own["fingerprints"])
    return PublishedRow(label, str(own["source"]), {name: float(value) for name, value in values.items()}, fingerprints)


def _fingerprints(dataset: str, given: Any) -> list[str]:
    text = isinstance(given, list) and all(isinstance(fingerprint, str) for fingerprint in given)
    check(text, f"published, {dataset}: fingerprints: expected a list of texts in quotes, got {given!r}.")
    return list(given)
