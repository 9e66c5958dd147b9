"""The record of looks at test parts."""

import datetime
from pathlib import Path

from ragx.training.trackers import JsonLines


class Looks:
    """Counts how often the test part of each fingerprint was opened.

    Args:
        folder: where ``looks.jsonl`` lies.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "looks.jsonl"

    def record(self, fingerprint: str, identity: str, reason: str) -> None:
        """Note one look."""
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        JsonLines.append(self.path, {"fingerprint": fingerprint, "identity": identity, "reason": reason, "when": when})

    def count(self, fingerprint: str) -> int:
        """Return how many looks the test part of a split has had."""
        return sum(record.get("fingerprint") == fingerprint for record in JsonLines.read(self.path))
