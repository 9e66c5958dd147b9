"""Directions of metrics: what is better, asked in one place."""

import pytest

from ragx.evaluation.metrics import USER_METRICS
from ragx.evaluation.set_metrics import SET_METRICS
from ragx.metrics import KNOWN, about, direction, is_better


def test_every_metric_that_is_computed_is_known_for_what_it_is() -> None:
    computed = {name for name, metric in KNOWN.items() if metric.takes_cutoff}
    assert computed == {*USER_METRICS, *SET_METRICS}
    assert {name for name in computed if KNOWN[name].is_mean_over_units} == set(USER_METRICS)
    assert all(name == metric.name for name, metric in KNOWN.items())


@pytest.mark.parametrize(
    ("name", "sign"), [("ndcg@20", 1), ("gini@20", -1), ("test/gini@5", -1), ("mae", -1), ("of_ones_own@3", 1)]
)
def test_the_direction_is_that_of_the_metric(name: str, sign: int) -> None:
    assert direction(name) == sign
    assert is_better(name, 1.0 * sign, 0.5 * sign)
    assert not is_better(name, 0.5 * sign, 1.0 * sign)
    assert not is_better(name, 1.0, 1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_must_be_better_by_more_than_the_least_difference(sign: int) -> None:
    name = "ndcg@20" if sign > 0 else "gini@20"
    assert is_better(name, 1 + sign * 0.5, 1.0, by=0.25)
    assert not is_better(name, 1 + sign * 0.25, 1.0, by=0.25)
    assert not is_better(name, 1 - sign, 1.0, by=0.25)


def test_what_has_no_direction_says_so() -> None:
    assert about("average_popularity@20").larger_is_better is None
    assert about("average_popularity@20").unit == "users"
