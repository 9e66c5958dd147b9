import numpy as np
import pytest
from scipy import stats

from ragx.evaluation import bootstrap
from ragx.evaluation.bootstrap import resampled_means


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


def test_means_are_spread_as_those_of_scipys_resamples() -> None:
    values = np.random.default_rng(0).exponential(size=400)
    ours = resampled_means(values[:, None], resamples=8000)[:, 0]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=8000, method="percentile", rng=1).bootstrap_distribution
    assert ours.mean() == pytest.approx(values.mean(), abs=0.002)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.03)
    assert ours.std() == pytest.approx(values.std() / 20, rel=0.03)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="values: expected rows for at least one user"):
        resampled_means(np.empty((0, 1)))
    with pytest.raises(ValueError, match="resamples: expected at least 1, got 0"):
        resampled_means([[1.0]], resamples=0)
