"""Early stopping's settings; its course is tested with the trainer."""

import pytest

from ragx.training.stopping import Stopping


def test_it_looks_at_the_metric_it_monitors() -> None:
    assert Stopping(monitor="recall@10").value_of({"ndcg@20": 0.1, "recall@10": 0.2}) == 0.2


def test_a_metric_that_is_not_there_is_named_beside_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"validation gives ndcg@20, recall@10; it does not give 'ndcg@10'"):
        Stopping(monitor="ndcg@10").value_of({"recall@10": 0.2, "ndcg@20": 0.1})


def test_it_keeps_the_smallest_of_a_metric_of_which_less_is_better() -> None:
    values = (0.5, 0.4, 0.42, 0.39, 0.2)
    for monitor, sign in (("ndcg@20", -1), ("gini@20", 1)):
        stopping = Stopping(monitor=monitor, min_delta=0.05)
        kept: list[float | None] = [None]
        for value in (sign * size for size in values):
            if stopping.improves(value, kept[-1]):
                kept.append(value)
        assert kept[1:] == [sign * size for size in (0.5, 0.4, 0.2)]


def test_a_metric_without_a_direction_chooses_nothing() -> None:
    with pytest.raises(ValueError, match=r"such as ndcg@20; got average_popularity@20, of which neither is"):
        Stopping(monitor="average_popularity@20")


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"stopping\.patience: expected at least 1, got 0"):
        Stopping(patience=0)
    with pytest.raises(ValueError, match=r"stopping\.min_delta: expected at least 0, got -0\.1"):
        Stopping(min_delta=-0.1)
