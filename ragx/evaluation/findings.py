"""What an audit says: one finding for each question, each a pass, a warning or a failure."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["pass", "warn", "fail"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail")
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer to one question.

    Args:
        question: short name, such as ``"future in train, globally"``.
        verdict: ``"pass"``, ``"warn"`` or ``"fail"``.
        count: how many pairs, events, users or items it concerns.
        message: what was found, in a sentence.
        examples: the first few of them, in outside ids.
        advice: what to do; whatever is no pass has one.
    """

    question: str
    verdict: Verdict
    count: int
    message: str
    examples: tuple[str, ...] = ()
    advice: str = ""

    def __post_init__(self) -> None:
        assert self.verdict == "pass" or self.advice, f"{self.question}: no advice"


@dataclass(frozen=True)
class Audit:
    """All findings about a dataset and its split.

    Args:
        dataset: name of the dataset.
        split: name of the split.
        fingerprint: of the split.
        findings: in the order of the questions.
        opened: the reason for which the test part was opened; no result was looked at.
    """

    dataset: str
    split: str
    fingerprint: str
    findings: tuple[Finding, ...]
    opened: str

    @property
    def verdict(self) -> Verdict:
        """The worst verdict among the findings."""
        return max((finding.verdict for finding in self.findings), key=VERDICTS.index, default="pass")

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {"verdict": self.verdict} | asdict(self)


def finding(
    question: str,
    count: int,
    bad: Verdict,
    message: str,
    clean: str,
    examples: tuple[str, ...] = (),
    advice: str = "",
) -> Finding:
    """Return a pass saying ``clean`` where the count is 0, and otherwise the verdict ``bad`` saying ``message``.

    A pass gives no advice.
    """
    if not count:
        return Finding(question=question, verdict="pass", count=0, message=clean)
    return Finding(
        question=question, verdict=bad, count=count, message=message, examples=examples[:SHOWN], advice=advice
    )


def counted(count: int, name: str) -> str:
    """Return a number and what it counts, such as ``"1 user"`` or ``"1,200 users"``."""
    return f"{count:,} {name}{'s' * (count != 1)}"
