"""What runs record of their metrics: read again as it was, and refused where two of one name are not the same."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.metrics import KNOWN, Metric, about
from ragx.metrics.recorded import agreed, read_record_of, record_of

RANK = Metric("rank", larger_is_better=False, unit="places", path="mine.rank")
METRICS = st.builds(
    Metric,
    *(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.none() | st.booleans(), st.text(max_size=3), st.booleans()),
    *(st.booleans(), st.text(max_size=3)),
)


@given(st.lists(METRICS, unique_by=lambda metric: metric.name))
def test_what_is_written_is_read_again(metrics: list[Metric]) -> None:
    assert read_record_of(record_of(metrics)) == {metric.name: metric for metric in metrics}


def test_what_a_later_version_adds_is_passed_over_and_an_earlier_one_wrote_nothing() -> None:
    written = {"rank": {"larger_is_better": False, "unit": "places", "path": "mine.rank", "colour": "blue"}}
    assert read_record_of(written) == {"rank": RANK}
    assert read_record_of(None) == {}


def test_a_key_of_earlier_runs_is_read_under_its_name_of_now() -> None:
    written = {"spread": {"larger_is_better": False, "is_mean_over_users": False}}
    assert read_record_of(written) == {"spread": Metric("spread", larger_is_better=False, is_mean_over_units=False)}
    with pytest.raises(ValueError, match="damaged"):
        read_record_of({"spread": {"is_mean_over_users": "no"}})


@pytest.mark.parametrize("written", ["rank", {"rank": 1}, {"rank": {"larger_is_better": "no"}}, {"rank": {"unit": 5}}])
def test_what_is_damaged_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match=r"^runs/a/metrics.json: expected .*damaged"):
        read_record_of(written, "runs/a/metrics.json")


def test_runs_that_recorded_the_same_agree_and_others_need_not_have_it() -> None:
    assert agreed("validation/rank@20", {"a": {"rank": RANK}, "b": {"rank": RANK}, "c": {}}) == RANK
    assert agreed("ndcg@20", {"a": record(KNOWN["ndcg"]), "b": {}}) == KNOWN["ndcg"]
    assert agreed("unheard_of", {"a": {}}) == about("unheard_of")


def record(metric: Metric) -> dict[str, Metric]:
    return read_record_of(record_of([metric]))


@pytest.mark.parametrize(
    ("one", "other", "meaning"),
    [
        (RANK, Metric("rank", True, "places", path="mine.rank"), "b mine.rank (places, more is better)"),
        (RANK, Metric("rank", False, "EUR", path="mine.rank"), "b mine.rank (EUR, less is better)"),
        (RANK, Metric("rank", False, "places", path="theirs.rank"), "b theirs.rank (places, less is better)"),
    ],
)
def test_two_metrics_of_one_name_are_refused(one: Metric, other: Metric, meaning: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"a means mine.rank (places, less is better), {meaning}")):
        agreed("rank@20", {"a": {"rank": one}, "b": {"rank": other}})


def test_no_run_changes_the_direction_of_a_metric_of_ragx() -> None:
    with pytest.raises(ValueError, match=r"ragx means the metric of ragx .*more is better"):
        agreed("ndcg@20", {"a": {"ndcg": Metric("ndcg", larger_is_better=False)}})
    assert about("ndcg@20", {"ndcg": Metric("ndcg", larger_is_better=False)}).larger_is_better
