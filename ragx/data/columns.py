"""The mapping from the columns of a file to ragx's."""

from collections.abc import Iterable, Mapping

from ragx.checks import check, did_you_mean
from ragx.data.source import listed

FIELDS = ("user", "item", "time", "value", "kind", "part")


def check_columns(columns: Mapping[str, str | None]) -> dict[str, str]:
    """Return field → column of a mapping without its empty entries; ``timestamp`` is another word for ``time``.

    Raises:
        ValueError: a field is unknown or stands twice, user or item is missing, or both are the same column.
    """
    chosen: dict[str, str] = {}
    for name, column in columns.items():
        known = "time" if name == "timestamp" else name
        check(
            known in FIELDS,
            f"columns.{name}: unknown field; known are {', '.join(FIELDS)}.{did_you_mean(name, FIELDS)}",
        )
        if column is not None:
            check(isinstance(column, str), f"columns.{name}: expected the name of a column, got {column!r}.")
            check(known not in chosen, "columns: expected either time or timestamp, got both.")
            chosen[known] = column
    check({"user", "item"} <= set(chosen), f"columns: expected user and item at least, got {sorted(chosen)}.")
    check(
        chosen["user"] != chosen["item"],
        f"columns: expected different columns for user and item, got {chosen['user']!r} for both.",
    )
    return chosen


def check_present(chosen: Mapping[str, str], header: Iterable[str], place: str) -> None:
    """Raise ``ValueError`` unless every chosen column is there, naming the nearest that is.

    Args:
        chosen: field → column.
        header: the columns that there are.
        place: where they are, for the message.
    """
    known = list(header)
    for field, column in chosen.items():
        check(
            column in known,
            f"{place}: no column {column!r} for {field}; it has {listed(known)}.{did_you_mean(column, known)}",
        )
