"""Names of metrics, such as ``recall@20`` or ``mae``: the only module that reads and writes the cut-off."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from ragx.checks import check

USUAL_CUTOFF = 20
BESIDE = ("recall", "ndcg", "mrr")
MOST_BESIDE = 3


class MetricName(NamedTuple):
    """A metric, at a cut-off or without one.

    Args:
        metric: its name, such as ``"recall"``.
        k: length of the lists; None for a metric without a cut-off.
    """

    metric: str
    k: int | None = None

    def __str__(self) -> str:
        return self.metric if self.k is None else f"{self.metric}@{self.k}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the name that is written as ``text``, such as ``recall@20``, ``mae`` or ``test/recall@20``.

        Raises:
            ValueError: what stands for the cut-off is not a whole number from 1.
        """
        metric, mark, cutoff = text.rpartition("/")[2].partition("@")
        if not mark:
            return cls(metric)
        check(
            cutoff.isdecimal() and cutoff.isascii() and int(cutoff) >= 1,
            f"{text}: expected cut-offs from 1, got {cutoff!r}.",
        )
        return cls(metric, int(cutoff))


def usual_cutoff(names: Iterable[str]) -> int | None:
    """Return the cut-off nearest to 20 among names of metrics, the smaller of two; None where none has one."""
    cutoffs = {k for name in names if (k := MetricName.read(name).k) is not None}
    return min(sorted(cutoffs), key=lambda k: abs(k - USUAL_CUTOFF), default=None)


def usual_name(names: Iterable[str], monitor: str | None) -> str | None:
    """Return the one metric that is looked at where none is asked for: NDCG nearest to 20, or else the monitor.

    Args:
        names: those that there are values of.
        monitor: the metric that the runs were chosen by; where there are no values of it, the first that there are.
    """
    known = list(names)
    wanted = (str(MetricName("ndcg", usual_cutoff(known))), monitor)
    return next((name for name in wanted if name in known), next(iter(known), None))


def usual_names(names: Iterable[str]) -> list[str]:
    """Return the few metrics that there is always room for: Recall and NDCG nearest to 20, or else the first two.

    Args:
        names: those that there are values of.
    """
    known = list(names)
    cutoff = usual_cutoff(known)
    wanted = [str(MetricName(metric, cutoff)) for metric in ("recall", "ndcg")]
    return [name for name in known if name in wanted] or known[:2]


def names_beside(metric: str, names: Iterable[str]) -> list[str]:
    """Return what is shown beside a metric: Recall, NDCG and MRR at its cut-off, or else up to three that there are.

    Args:
        metric: the metric that is shown in any case.
        names: those that there are values of.
    """
    others = [name for name in names if name != metric]
    cutoff = MetricName.read(metric).k or USUAL_CUTOFF
    wanted = [str(MetricName(name, cutoff)) for name in BESIDE]
    return [name for name in wanted if name in others] or others[:MOST_BESIDE]
