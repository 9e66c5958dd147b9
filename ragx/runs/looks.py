"""The record of what read the test part of a split: looks at results, their reproductions, and audits."""

import datetime
import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ragx.data.problem import Problem
from ragx.training.trackers import JsonLines

Kind = Literal["look", "reproduction"]
PUBLISHED = "published_fingerprint"
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
        also = " and ".join(count for count in beside if not count.startswith("0 "))
        sentence = f"The test part of split {fingerprint} has had {_count(self.looks, 'look')}"
        return f"{sentence}, beside {also}." if also else f"{sentence}."


class Looks:
    """Counts how often each test part was read, over all folders of runs that can be seen.

    These are the given ones and the folders beside each: ``runs`` and ``runs-old`` of one project are counted together.
    A line that stands in two files, since a folder was copied, counts once; every line has a number drawn for it, so
    that no two readings are equal.

    Args:
        folders: folders of runs; what is recorded goes to the first.
    """

    def __init__(self, *folders: Path) -> None:
        self.folders = folders

    @property
    def audits(self) -> Path:
        """The file that audits are noted in."""
        return self.folders[0] / FILES["audits"]

    def record(self, problem: Problem[Any], identity: str, reason: str, kind: Kind = "look") -> None:
        """Note one evaluation of a run."""
        line = {**_marks(problem), "identity": identity, "reason": reason, "kind": kind, **_stamp()}
        JsonLines.append(self.folders[0] / FILES["looks"], line)

    def record_audit(self, problem: Problem[Any], reason: str) -> None:
        """Note one audit."""
        JsonLines.append(self.audits, {**_marks(problem), "reason": reason, **_stamp()})

    def readings(self, problem: Problem[Any]) -> Readings:
        """Return how often the test part of a split was read."""
        return self.by_test_part().get(problem.test_mark, Readings())

    def by_test_part(self) -> dict[str, Readings]:
        """Return the readings of every test part that has any, by what :func:`test_mark` gives.

        A line without a published fingerprint, as version 0.1.0 wrote it, counts under the one that another line of the
        same split has.
        """
        lines = [(name, record) for name, file in FILES.items() for record in self._lines(file)]
        published = {line.get("fingerprint"): line.get(PUBLISHED) for _, line in lines if line.get(PUBLISHED)}
        counts: dict[str, Counter[str]] = {}
        for name, line in lines:
            kind = "reproductions" if line.get("kind") == "reproduction" else name
            mark = test_mark(line) if line.get(PUBLISHED) else published.get(line.get("fingerprint"), test_mark(line))
            counts.setdefault(str(mark), Counter())[kind] += 1
        return {mark: Readings(**numbers) for mark, numbers in counts.items()}

    def _lines(self, file: str) -> Iterator[dict[str, Any]]:
        lines: Counter[str] = Counter()
        for path in self._files(file):
            try:
                records = JsonLines.read(path)
            except OSError:
                continue  # somebody else's, which cannot be seen
            lines |= Counter(json.dumps(record, sort_keys=True) for record in records)
        return (json.loads(line) for line in lines.elements())

    def _files(self, file: str) -> set[Path]:
        folders = [folder.resolve() for folder in self.folders]
        own = {folder / file for folder in folders}
        return own.union(*(folder.parent.glob(f"*/{file}") for folder in folders))


def test_mark(record: Mapping[str, Any]) -> str:
    """Return what looks are counted under, of anything that holds the fingerprints of a split."""
    return str(record.get(PUBLISHED) or record.get("fingerprint"))


def _marks(problem: Problem[Any]) -> dict[str, str]:
    published = problem.published_fingerprint
    return {"fingerprint": problem.fingerprint} | ({} if published is None else {PUBLISHED: published})


def _stamp() -> dict[str, str]:
    """Return what tells a reading from every other, two of one second in two folders included."""
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"when": when, "reading": secrets.token_hex(8)}


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'s' * (number != 1)}"
