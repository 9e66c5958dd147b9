"""The contract of metrics: those that come with ragx keep it, and each way to break it is named."""

from collections.abc import Callable

import pytest
import torch

from ragx.evaluation.conventions import Conventions
from ragx.evaluation.metrics import USER_METRICS, recall
from ragx.metrics import metric
from ragx.testing import check_metric
from ragx.typing import Tensor


@metric(larger_is_better=False)
def reciprocal_hits(hits: Tensor, counts: Tensor, k: int, by: Conventions) -> Tensor:
    """Return 1 / (1 + hits), of which less is better."""
    return 1 / (1 + hits[:, :k].sum(1).double())


def test_a_metric_of_ones_own_keeps_the_contract() -> None:
    check_metric(reciprocal_hits, lowest=0, highest=1)


@pytest.mark.parametrize("name", USER_METRICS)
def test_every_metric_keeps_the_contract(name: str) -> None:
    check_metric(USER_METRICS[name], lowest=0, highest=1)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda hits, counts, k, by: hits[:, :k].double(), r"expected shape \(12,\), one a user; got \(12, 1\)"),
        (lambda hits, counts, k, by: hits[:, :k].sum(1) / counts, "expected finite numbers, got 1 that are not"),
        (lambda hits, counts, k, by: hits[:, :k].sum(1), "expected values from -inf to 1 at k=3, got 0 to 3"),
        (lambda hits, counts, k, by: torch.arange(len(hits)) / 100, "depends on the order of users"),
        (lambda hits, counts, k, by: hits.any(1) / len(hits), "depends on other users"),
        (lambda hits, counts, k, by: hits.any(1).double(), "depends on places after the first k=1"),
        (lambda hits, counts, k, by: hits.any(1).double().tolist(), "expected a tensor, got a list"),
        (lambda hits, counts, k, by: hits.logical_not_().any(1), "changed the hits or the counts"),
    ],
)
def test_each_way_to_break_it_is_named(broken: Callable[..., Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_metric(broken, highest=1)


def test_a_metric_that_raises_is_a_line_that_names_it() -> None:
    def short(hits: Tensor, counts: Tensor, k: int) -> Tensor:
        return counts.double()

    with pytest.raises(ValueError, match=r"short: expected a value for each of 12 users .*, got TypeError"):
        check_metric(short)  # type: ignore[arg-type]


def test_a_metric_that_does_not_say_which_value_is_better_is_refused_as_a_run_refuses_it() -> None:
    def undecided(hits: Tensor, counts: Tensor, k: int, by: Conventions) -> Tensor:
        return hits[:, :k].sum(1).double()

    with pytest.raises(ValueError, match=r"^undecided: expected a metric that says which value is the better one"):
        check_metric(undecided)
    check_metric(metric(larger_is_better=None)(undecided))


def test_hits_may_have_fewer_columns_than_the_cutoff() -> None:
    def at_the_last(hits: Tensor, counts: Tensor, k: int, by: Conventions) -> Tensor:
        return hits[:, k - 1].double()

    with pytest.raises(ValueError, match=r"hits \[U, min\(K, I\)\] are \[12, 8\] and k is 16, got IndexError"):
        check_metric(metric(larger_is_better=True)(at_the_last))


def test_a_metric_without_a_cutoff_is_given_whole_rankings_alone() -> None:
    def last_hit(hits: Tensor, counts: Tensor, k: int, by: Conventions) -> Tensor:
        assert hits.shape[1] == k
        return (hits * torch.arange(1, k + 1)).amax(1).double()

    check_metric(metric(larger_is_better=False, takes_cutoff=False)(last_hit))


def test_the_range_is_that_of_the_metric() -> None:
    with pytest.raises(ValueError, match=r"recall: expected values from -inf to 0.5 at k=8"):
        check_metric(recall, highest=0.5)
