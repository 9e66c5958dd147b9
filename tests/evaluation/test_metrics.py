import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ragx.evaluation.conventions import Conventions
from ragx.evaluation.metrics import USER_METRICS

BY = Conventions()
HITS = torch.tensor([[True, False, True, False], [False, False, False, True], [False] * 4, [True] * 4])
COUNTS = torch.tensor([5, 1, 3, 4])
LOG3, LOG5 = math.log2(3), math.log2(5)
BEST = [1.0, 1 + 1 / LOG3, 1.5 + 1 / LOG3, 1.5 + 1 / LOG3 + 1 / LOG5]

WORKED = {
    ("recall", 2): [1 / 5, 0, 0, 2 / 4],
    ("recall", 4): [2 / 5, 1, 0, 1],
    ("precision", 2): [1 / 2, 0, 0, 1],
    ("precision", 4): [2 / 4, 1 / 4, 0, 1],
    ("f1", 4): [2 * 0.5 * 0.4 / 0.9, 2 * 0.25 / 1.25, 0, 1],
    ("hit_rate", 2): [1, 0, 0, 1],
    ("hit_rate", 4): [1, 1, 0, 1],
    ("ndcg", 2): [1 / BEST[1], 0, 0, 1],
    ("ndcg", 4): [1.5 / BEST[3], 1 / LOG5, 0, 1],
    ("mrr", 2): [1, 0, 0, 1],
    ("mrr", 4): [1, 1 / 4, 0, 1],
    ("map", 2): [1 / 2, 0, 0, 1],
    ("map", 4): [(1 + 2 / 3) / 4, 1 / 4, 0, 1],
    ("r_precision", 4): [2 / 5, 0, 0, 1],
    ("r_precision", 2): [1 / 5, 0, 0, 2 / 4],
}


@pytest.mark.parametrize(("metric", "k"), WORKED)
def test_worked_by_hand(metric: str, k: int) -> None:
    assert USER_METRICS[metric](HITS, COUNTS, k, BY).tolist() == pytest.approx(WORKED[metric, k])


def test_other_denominators() -> None:
    by = Conventions(recall_denominator="min_k", ideal_dcg="full", average_precision_denominator="relevant")
    assert USER_METRICS["recall"](HITS, COUNTS, 2, by).tolist() == pytest.approx([1 / 2, 0, 0, 1])
    assert USER_METRICS["f1"](HITS, COUNTS, 2, by).tolist() == pytest.approx([1 / 2, 0, 0, 1])
    full = BEST[3] + 1 / math.log2(6)
    assert USER_METRICS["ndcg"](HITS, COUNTS, 2, by).tolist() == pytest.approx([1 / full, 0, 0, BEST[1] / BEST[3]])
    assert USER_METRICS["map"](HITS, COUNTS, 4, by).tolist() == pytest.approx([(1 + 2 / 3) / 5, 1 / 4, 0, 1])


@pytest.mark.parametrize("metric", USER_METRICS)
def test_a_user_without_relevant_items_scores_zero(metric: str) -> None:
    assert USER_METRICS[metric](torch.zeros(1, 3, dtype=torch.bool), torch.tensor([0]), 3, BY).tolist() == [0.0]


@pytest.mark.parametrize("metric", USER_METRICS)
def test_lists_shorter_than_the_cutoff_count_the_rest_as_misses(metric: str) -> None:
    padded = torch.nn.functional.pad(HITS, (0, 6))
    short, long = (USER_METRICS[metric](hits, COUNTS, 10, BY) for hits in (HITS, padded))
    assert short.tolist() == pytest.approx(long.tolist())


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_perfect_list_scores_one(count: int, k: int) -> None:
    hits = torch.arange(k)[None] < count
    counts = torch.tensor([count])
    values = {name: float(metric(hits, counts, k, BY)) for name, metric in USER_METRICS.items()}
    assert [values[name] for name in ("hit_rate", "mrr", "ndcg", "map")] == pytest.approx([1.0] * 4)
    assert values["recall"] == pytest.approx(min(k, count) / count)
    assert values["r_precision"] == pytest.approx(min(k, count) / count)
    assert values["precision"] == pytest.approx(min(k, count) / k)
