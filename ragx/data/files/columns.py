"""The mapping from the columns of a file to ragx's."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from ragx.checks import as_typed, check, did_you_mean
from ragx.data.files.csv_form import CsvForm
from ragx.data.source import listed

SEPARATORS = (",", ";", "\t", "|", "::", " ")
Columns = Mapping[str, str | int | None]
FIELDS = ("user", "item", "time", "value", "kind", "part")


def check_columns(columns: Columns) -> dict[str, str]:
    """Return field → column of a mapping without its empty entries; ``timestamp`` is another word for ``time``.

    A column of a table without a header line is a number, from 1.

    Raises:
        ValueError: a field is unknown or stands twice, user or item is missing, or both are the same column.
    """
    chosen: dict[str, str] = {}
    for name, column in columns.items():
        known = "time" if name == "timestamp" else name
        check(
            known in FIELDS,
            f"dataset.columns.{name}: unknown field; known are {', '.join(FIELDS)}.{did_you_mean(name, FIELDS)}",
        )
        if column is not None:
            named = isinstance(column, str | int) and not isinstance(column, bool)
            check(named, f"dataset.columns.{name}: expected the name or number of a column, got {column!r}.")
            check(known not in chosen, "dataset.columns: expected either time or timestamp, got both.")
            chosen[known] = str(column)
    check({"user", "item"} <= set(chosen), f"dataset.columns: expected user and item at least, got {sorted(chosen)}.")
    check(
        chosen["user"] != chosen["item"],
        f"dataset.columns: expected different columns for user and item, got {chosen['user']!r} for both.",
    )
    return chosen


def check_present(chosen: Mapping[str, str], header: Iterable[str], location: str) -> None:
    """Raise ``ValueError`` unless every chosen column is there, naming the nearest that is.

    Args:
        chosen: field → column.
        header: the columns that there are.
        location: where they are, for the message.
    """
    known = list(header)
    for field, column in chosen.items():
        check(
            column in known,
            f"{location}: no column {column!r} for {field}; it has {listed(known)}.{did_you_mean(column, known)}",
        )


def check_in_header(
    wanted: Sequence[str], header: Sequence[str], location: Callable[[], str], form: CsvForm | None = None
) -> None:
    """Raise ``ValueError`` unless every wanted column is in the header of a file, once.

    Args:
        wanted: names of columns.
        header: those that there are, as polars gives them.
        location: names the file and line of the header, for the message.
        form: how the table is written, where it is one of text.
    """
    for name in wanted:
        if name not in header:
            hint = _hint(name, header, form)
            raise ValueError(f"{location()}: no column {name!r}; it has {listed(header)}.{hint}")
        check(
            f"{name}_duplicated_0" not in header,
            f"{location()}: expected one column {name!r}, got several: rename all but one.",
        )


def _hint(name: str, header: Sequence[str], form: CsvForm | None) -> str:
    if form is None or form.option is None:
        return did_you_mean(name, header)
    if not form.header:
        return f" Without a header line, columns are numbered from 1, as in {form.option}.columns.user=1."
    hint = did_you_mean(name, header)
    parted = next((mark for mark in SEPARATORS if mark in header[0]), None) if len(header) == 1 else None
    if parted is not None:
        hint += f" Its header holds {parted!r}: set {as_typed(f'{form.option}.separator', parted)}."
    if not hint and form.may_lack_header:
        hint = f" If that is no header line, set {form.option}.header=false and number the columns from 1."
    return hint
