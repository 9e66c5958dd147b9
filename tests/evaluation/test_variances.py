"""Variances over users, seeds and both against scipy and an analysis of variance by statsmodels."""

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from scipy import stats
from statsmodels.api import stats as tables
from statsmodels.formula.api import ols

from ragx.evaluation.seeds import sides_of
from ragx.evaluation.variances import Variance, half_width, over_seeds, over_users, p_of, variances_of

RNG = np.random.default_rng(1)
OURS = RNG.random((4, 30)) + RNG.normal(0, 0.3, (4, 1))
THEIRS = RNG.random((4, 30))


def test_over_users_and_seeds_are_scipys() -> None:
    difference = np.asarray(OURS.mean() - THEIRS.mean())
    users = p_of(difference, over_users(OURS, THEIRS))
    assert users == pytest.approx(stats.ttest_rel(OURS.mean(0), THEIRS.mean(0)).pvalue)
    means = OURS.mean(1), THEIRS.mean(1)
    for test, expected in (("paired", stats.ttest_rel(*means)), ("welch", stats.ttest_ind(*means, equal_var=False))):
        variance = over_seeds(sides_of(OURS, THEIRS, test))  # type: ignore[arg-type]
        assert p_of(difference, variance) == pytest.approx(expected.pvalue)
        low, high = expected.confidence_interval()
        assert half_width(variance, 0.95) == pytest.approx((high - low) / 2)


def test_over_both_is_made_of_the_mean_squares_of_two_crossed_factors() -> None:
    """The mean of S × n differences has the variance (MS_users + MS_seeds − MS_rest) / (S n)."""
    difference = OURS - THEIRS
    seed, user = np.indices(difference.shape)
    frame = pd.DataFrame({"y": difference.ravel(), "seed": seed.ravel(), "user": user.ravel()})
    squares = tables.anova_lm(ols("y ~ C(seed) + C(user)", frame).fit())["mean_sq"]
    users, seeds, rest = (squares[name] / difference.size for name in ("C(user)", "C(seed)", "Residual"))
    assert seeds > rest
    variances = variances_of(OURS, THEIRS, "paired")
    assert variances["users"].value == pytest.approx(users)
    assert variances["seeds"].value == pytest.approx(seeds)
    assert variances["users and seeds"].value == pytest.approx(users + seeds - rest)
    freedom = (users + seeds - rest) ** 2 / (users**2 / 29 + seeds**2 / 3 + rest**2 / 87)
    assert variances["users and seeds"].freedom == pytest.approx(freedom)


def test_seeds_that_vary_by_no_more_than_their_users_add_nothing() -> None:
    still = OURS - OURS.mean(1, keepdims=True)
    variances = variances_of(still, THEIRS - THEIRS.mean(1, keepdims=True), "paired")
    assert variances["users and seeds"] == variances["users"]


def test_many_pairs_at_once_have_the_variances_of_each() -> None:
    ours, theirs = RNG.random((6, 5, 20)), RNG.random((6, 1, 20))
    together = variances_of(ours, theirs, "prediction")
    for index in range(6):
        for over, alone in variances_of(ours[index], theirs[index], "prediction").items():
            assert alone.value == pytest.approx(together[over].value[index])
            assert alone.freedom == pytest.approx(together[over].freedom[index])


def test_p_of_nothing_is_1_and_of_a_sure_difference_0() -> None:
    none = Variance(np.zeros(()), np.ones(()))
    assert [float(p_of(np.asarray(value), none)) for value in (0.0, 0.1)] == [1.0, 0.0]
