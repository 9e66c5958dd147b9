"""The record of what read the test part of a split: looks at results, their reproductions, and audits."""

import datetime
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ragx.training.trackers import JsonLines

Kind = Literal["look", "reproduction"]
FILES = {"looks": "looks.jsonl", "audits": "audits.jsonl"}


class Readings(NamedTuple):
    """How often the test part of a split was read, and for what.

    Args:
        looks: evaluations of a model on it.
        reproductions: evaluations of a run that was made once more, which shows no value that was not known.
        audits: reports on the data that read it and no result.
    """

    looks: int = 0
    reproductions: int = 0
    audits: int = 0

    def sentence(self, fingerprint: str) -> str:
        """Return the numbers in words."""
        beside = [_count(self.reproductions, "reproduction"), _count(self.audits, "audit")]
        also = " and ".join(each for each in beside if not each.startswith("0 "))
        said = f"The test part of split {fingerprint} has had {_count(self.looks, 'look')}"
        return f"{said}, beside {also}." if also else f"{said}."


class Looks:
    """Counts how often the test part of each fingerprint was read, over all folders of runs that can be seen.

    These are the given ones and the folders beside each: ``runs`` and ``runs-old`` of one project are counted together.
    A line that stands in two files, since a folder was copied, counts once.

    Args:
        folders: folders of runs; what is recorded goes to the first.
    """

    def __init__(self, *folders: Path) -> None:
        self.folders = folders

    @property
    def audits(self) -> Path:
        """The file that audits are noted in."""
        return self.folders[0] / FILES["audits"]

    def record(self, fingerprint: str, identity: str, reason: str, kind: Kind = "look") -> None:
        """Note one evaluation of a run."""
        line = {"fingerprint": fingerprint, "identity": identity, "reason": reason, "kind": kind, "when": _now()}
        JsonLines.append(self.folders[0] / FILES["looks"], line)

    def record_audit(self, fingerprint: str, reason: str) -> None:
        """Note one audit."""
        line = {"fingerprint": fingerprint, "reason": reason, "when": _now()}
        JsonLines.append(self.audits, line)

    def readings(self, fingerprint: str) -> Readings:
        """Return how often the test part of a split was read."""
        return self.by_fingerprint().get(fingerprint, Readings())

    def by_fingerprint(self) -> dict[str, Readings]:
        """Return the readings of every split that has any."""
        counts: dict[str, Counter[str]] = {}
        for name, file in FILES.items():
            for record in self._lines(file):
                kind = "reproductions" if record.get("kind") == "reproduction" else name
                counts.setdefault(str(record.get("fingerprint")), Counter())[kind] += 1
        return {fingerprint: Readings(**found) for fingerprint, found in counts.items()}

    def _lines(self, file: str) -> Iterator[dict[str, Any]]:
        found: Counter[str] = Counter()
        for path in self._files(file):
            try:
                records = JsonLines.read(path)
            except OSError:
                continue  # somebody else's, which cannot be seen
            found |= Counter(json.dumps(record, sort_keys=True) for record in records)
        return (json.loads(line) for line in found.elements())

    def _files(self, file: str) -> set[Path]:
        folders = [folder.resolve() for folder in self.folders]
        own = {folder / file for folder in folders}
        return own.union(*(folder.parent.glob(f"*/{file}") for folder in folders))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"
