import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ragx.evaluation.intervals import FEW, Interval, contrast_interval, intervals_of, is_few, mean_bounds, mean_interval


def test_a_share_has_wilsons_interval() -> None:
    """The variance has n − 1 below and the quantile is Student's, which vanishes among a hundred thousand users."""
    for hits in (700, 40_000, 99_000):
        interval = mean_interval(np.arange(100_000) < hits)
        low, high = proportion_confint(hits, 100_000, method="wilson")
        assert interval == pytest.approx((hits / 100_000, low, high, False), rel=1e-5)


def test_an_interval_worked_by_hand() -> None:
    """The mean 1/4 and s² = 1/4 of four values make k = (3/16) / (1/16) = 3 trials, q = 3.18245 and q²/k = 3.37599."""
    interval = mean_interval([0.0, 0.0, 0.0, 1.0])
    middle, half = 0.25 + 3.37599 / 2, np.sqrt(3.37599 * 3 / 16 + 3.37599**2 / 4)
    assert interval == pytest.approx((0.25, (middle - half) / 4.37599, (middle + half) / 4.37599, True), rel=1e-5)


def test_values_that_are_all_0_leave_room_above() -> None:
    """As many trials as users: 0 ± … gives [0, q² / (n + q²)]."""
    q = stats.t.ppf(0.975, 9)
    assert mean_interval(np.zeros(10)) == pytest.approx((0.0, 0.0, q**2 / (10 + q**2), True))
    assert mean_interval([0.3]) == Interval(0.3, 0.0, 1.0, few=True)


def test_of_many_users_the_interval_is_students() -> None:
    values = np.random.default_rng(0).beta(2, 5, size=20_000)
    ours = mean_interval(values)
    low, high = stats.ttest_1samp(values, 0).confidence_interval()
    assert ours[1:3] == pytest.approx((low, high), abs=0.02 * float(high - low))


@given(some.lists(some.floats(-3, 3), min_size=1, max_size=30), some.floats(0.01, 0.99))
def test_an_interval_holds_its_mean_and_stays_within_what_is_possible(values: list[float], confidence: float) -> None:
    interval = mean_interval(values, confidence=confidence)
    assert min(0.0, *values) - 1e-9 <= interval.low <= interval.value + 1e-12
    assert interval.value - 1e-12 <= interval.high <= max(1.0, *values) + 1e-9
    wide = mean_interval(values, confidence=0.995)
    assert wide.low <= interval.low + 1e-12 and interval.high <= wide.high + 1e-12


def test_many_samples_at_once_have_the_intervals_of_each() -> None:
    values = np.random.default_rng(0).random((7, 12)) * (np.random.default_rng(1).random((7, 12)) < 0.3)
    low, high = mean_bounds(values)
    for row, sample in enumerate(values):
        assert mean_interval(sample)[1:3] == pytest.approx((low[row], high[row]))


def test_few_is_said_below_50_users_with_a_value() -> None:
    values = np.zeros(500)
    for users, few in ((FEW - 1, True), (FEW, False)):
        values[:users] = 0.1
        assert is_few(values) is few
        assert intervals_of({"ndcg@20": values})["ndcg@20"]["few"] is few
        assert ("few" in mean_interval(values).spell()) is few
    assert Interval(0.01, -0.02, 0.034, few=True).spell("+.3f") == "-0.020 to +0.034 few"
    assert intervals_of({}) == {}


def test_the_interval_of_a_rare_hit_holds_the_truth() -> None:
    """Of 100 users 15 have a hit, on average; a t-interval misses the mean from below in 6 samples of a hundred."""
    rng = np.random.default_rng(0)
    low, high = mean_bounds(np.where(rng.random((20_000, 100)) < 0.15, rng.random((20_000, 100)), 0.0))
    assert np.mean((low <= 0.075) & (high >= 0.075)) == pytest.approx(0.95, abs=0.01)
    assert np.mean(high < 0.075) == pytest.approx(0.025, abs=0.01)


def test_a_contrast_is_welchs_and_that_of_pairs_where_all_are_in_both() -> None:
    rng = np.random.default_rng(0)
    first, last = rng.random(40), rng.random(40)
    apart = np.full((2, 80), np.nan)
    apart[0, :40], apart[1, 40:] = first, last
    low, high = stats.ttest_ind(last, first, equal_var=False).confidence_interval()
    assert contrast_interval(*apart) == pytest.approx((last.mean() - first.mean(), low, high, True))
    low, high = stats.ttest_rel(last, first).confidence_interval()
    assert contrast_interval(first, last) == pytest.approx((last.mean() - first.mean(), low, high, True))
    assert contrast_interval(first, np.where(np.arange(40) < 1, last, np.nan)) is None
    assert contrast_interval(np.zeros(5), np.ones(5)) == Interval(1.0, 1.0, 1.0, few=True)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="values: expected those of at least one user, got none"):
        mean_interval([])
    with pytest.raises(ValueError, match=r"confidence: expected a number between 0 and 1, got 95"):
        mean_interval([1.0], confidence=95)
