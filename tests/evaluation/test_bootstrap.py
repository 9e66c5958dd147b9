import numpy as np
import pytest
from scipy import stats

from ragx.evaluation import bootstrap
from ragx.evaluation.bootstrap import bootstrap_interval, intervals_of, percentile_interval, resampled_means


def test_interval_agrees_with_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=400)
    ours = bootstrap_interval(values, resamples=8000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=8000, method="percentile", rng=1).confidence_interval
    width = theirs.high - theirs.low
    assert ours.value == pytest.approx(values.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.04 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.04 * width)


def test_confidence_widens_the_interval() -> None:
    values = np.random.default_rng(0).normal(size=200)
    wide, narrow = (bootstrap_interval(values, confidence=level) for level in (0.99, 0.5))
    assert wide.low < narrow.low < narrow.high < wide.high
    theory = 2 * stats.norm.ppf(0.75) * values.std() / np.sqrt(200)
    assert narrow.high - narrow.low == pytest.approx(theory, rel=0.1)


def test_draws_are_keyed() -> None:
    values = np.arange(50.0)[:, None]
    assert np.array_equal(resampled_means(values, resamples=120), resampled_means(values, resamples=120))
    assert not np.array_equal(resampled_means(values), resampled_means(values, seed=1))


def test_users_are_drawn_with_all_their_columns_and_gaps_are_left_out() -> None:
    values = np.random.default_rng(0).normal(size=(60, 1))
    holes = np.where(np.arange(60)[:, None] < 20, values, np.nan)
    drawn = resampled_means(np.hstack((values, values + 5, holes)), resamples=300)
    assert np.allclose(drawn[:, 1] - drawn[:, 0], 5)
    assert drawn[:, 2].mean() == pytest.approx(values[:20].mean(), abs=0.05)


def test_draws_do_not_depend_on_how_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(70, 2))
    whole = resampled_means(values, resamples=90)
    monkeypatch.setattr(bootstrap, "DRAWS_PER_CHUNK", 300)
    assert np.allclose(resampled_means(values, resamples=90), whole)


def test_intervals_of_several_metrics_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    columns = {"recall@20": rng.random(80), "ndcg@20": rng.random(80)}
    found = intervals_of(columns)
    for name, values in columns.items():
        alone = bootstrap_interval(values, resamples=1000)
        assert found[name] == pytest.approx([alone.low, alone.high])
    assert intervals_of({}) == {}


def test_percentiles_worked_by_hand() -> None:
    interval = percentile_interval(7.0, np.arange(101.0), 0.9)
    assert list(interval) == pytest.approx([7.0, 5.0, 95.0])


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="values: expected rows for at least one user"):
        bootstrap_interval([])
    with pytest.raises(ValueError, match="resamples: expected at least 1, got 0"):
        bootstrap_interval([1.0], resamples=0)
    with pytest.raises(ValueError, match=r"confidence: expected a number between 0 and 1, got 95"):
        bootstrap_interval([1.0], confidence=95)
