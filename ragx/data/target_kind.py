"""The setting ``target_kind``: the one kind of event that is learned and judged, the others being evidence."""

from typing import Any

from ragx.checks import as_typed, check


def check_target_kind(kind: Any) -> None:
    """Check that a kind of event is text, or null where all kinds are alike.

    Raises:
        ValueError: it is something else.
    """
    typed = f": text is written {as_typed('target_kind', str(kind))}" if isinstance(kind, int | float) else ""
    check(kind is None or isinstance(kind, str), f"target_kind: expected null or a kind of event, got {kind!r}{typed}.")
