"""A metric of one's own that cannot be measured, or chooses nothing, is refused in one line before any data is read."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import METRICS_OF_ONES_OWN

CODE = f"""{METRICS_OF_ONES_OWN}
@metric(larger_is_better=True)
def wrong(hits, counts, k, conventions):
    return hits[:, :k].double()

@metric(larger_is_better=True)
def raises(hits, counts, k):
    return hits[:, :k].sum(1).double()

def undeclared(hits, counts, k, conventions):
    return hits[:, :k].sum(1).double()
"""
NO_DATA = ("dataset=csv", "dataset.path=nowhere.csv")
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def modules(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "my_metrics.py").write_text(CODE)
    (tmp_path / "others.py").write_text(f"{CODE}\nndcg = first_hit\n")
    yield
    for name in ("my_metrics", "others"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (
            "my_metrics.wrong",
            "metric my_metrics.wrong: wrong: expected shape (12,), one a user; got (12, 1)",
        ),
        ("my_metrics.raises", "metric my_metrics.raises: raises: expected a value for each of 12 users"),
        ("my_metrics.undeclared", "write @ragx.metrics.metric(larger_is_better=True), or False, above it"),
        ("my_metrics.firsthit", "my_metrics has no metric 'firsthit'. Did you mean 'first_hit'?"),
        ("nowhere.first_hit", "nowhere.first_hit: cannot import 'nowhere'"),
        ("my_metrics.first_hit,others.first_hit", "my_metrics.first_hit and others.first_hit both go by"),
        ("my_metrics.MeanRank@5", "expected no cut-off, which MeanRank does not take"),
        ("others.ndcg", "others.ndcg: ndcg is a metric of ragx; call yours by another name"),
    ],
)
def test_a_wrong_one_is_a_line_that_names_it_before_any_data_is_read(
    metrics: str, message: str, command: Command
) -> None:
    _, _, error = command("run", *NO_DATA, f"evaluation.metrics=[{metrics}]")
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        ("my_metrics.first_hit", "'my_metrics.first_hit' is no metric at a cut-off"),
        ("others.first_hit@20", "my_metrics.first_hit and others.first_hit both go by first_hit"),
        ("average_popularity@20", "expected a metric of which more is better or less is, such as ndcg@20"),
    ],
)
def test_a_monitor_has_a_cutoff_a_direction_and_a_name_of_its_own(monitor: str, message: str, command: Command) -> None:
    metrics = "evaluation.metrics=[my_metrics.first_hit]"
    _, _, error = command("run", *NO_DATA, metrics, f"trainer.stopping.monitor={monitor}")
    assert message in error
    assert len(error.splitlines()) == 1


def test_without_a_loop_the_monitor_of_the_task_has_a_direction_too(command: Command) -> None:
    _, _, error = command("run", *NO_DATA, "model=ease", "task.monitor=average_popularity@20")
    assert "expected a metric of which more is better or less is, such as ndcg@20" in error
    assert len(error.splitlines()) == 1
