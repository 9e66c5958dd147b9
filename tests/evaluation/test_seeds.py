"""What several seeds say: that a training's luck is no difference, whichever side has how many seeds."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ragx.evaluation.conventions import LIGHTGCN
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.seeds import seed_test
from ragx.evaluation.significance import compare

METRIC, USERS = "ndcg@20", 500
BASE = np.random.default_rng(0).uniform(0, 0.4, USERS)


def seeds_alone(draw: int, seeds: int, first: int = 0) -> PerUnitRun:
    """Return a run whose seeds have luck of their own, the same for all users, and no other advantage."""
    rng, tables = np.random.default_rng([draw, first]), {}
    for seed in range(seeds):
        values = BASE + rng.normal(0, 0.01) + rng.normal(0, 0.05, USERS)
        tables[first + seed] = pl.DataFrame({"user": np.arange(USERS), METRIC: values})
    return PerUnitRun(tables, LIGHTGCN, "split")


@pytest.mark.parametrize(("seeds", "first"), [(2, 0), (3, 0), (5, 0), (4, 10)])
def test_the_luck_of_seeds_is_not_called_a_difference(seeds: int, first: int) -> None:
    """The seeds are the same ones on both sides, or, in the last case, others."""
    pairs = [(seeds_alone(2 * k, seeds), seeds_alone(2 * k + 1, seeds, first)) for k in range(120)]
    comparisons = [compare(*pair, METRIC) for pair in pairs]
    assert np.mean([comparison.p_units < 0.05 for comparison in comparisons]) > 0.4  # users alone are fooled
    assert np.mean([comparison.p_value < 0.05 for comparison in comparisons]) <= 0.1
    assert np.mean([comparison.difference.low <= 0 <= comparison.difference.high for comparison in comparisons]) >= 0.9


@pytest.mark.parametrize(("seeds", "fooled"), [(5, 0.25), (10, 0.4)])
def test_several_seeds_against_a_single_training_are_not_fooled_by_its_luck(seeds: int, fooled: float) -> None:
    """Were its luck the truth, p over seeds would tell 32 and 51 of a hundred equal models apart."""
    pairs = [(seeds_alone(2 * k, seeds), seeds_alone(2 * k + 1, 1)) for k in range(400)]
    comparisons = [compare(*pair, METRIC) for pair in pairs]
    plain = [compare(run, replace(single, deterministic=True), METRIC) for run, single in pairs]
    assert {(comparison.seed_test, other.seed_test) for comparison, other in zip(comparisons, plain, strict=True)} == {
        ("prediction", "one sample")
    }
    assert np.mean([(comparison.p_seeds or 0.0) < 0.05 for comparison in plain]) > fooled
    assert (
        np.mean([comparison.p_value < 0.05 for comparison in comparisons]) <= 0.05 + 0.033
    )  # three standard errors of 400 draws
    assert (
        np.mean([comparison.difference.low <= 0 <= comparison.difference.high for comparison in comparisons])
        >= 0.95 - 0.033
    )


def test_an_interval_leaves_0_out_where_the_finding_is_below_5_per_cent() -> None:
    for draw in range(60):
        for seeds, others in ((3, 3), (5, 1), (1, 1), (4, 2)):
            comparison = compare(seeds_alone(2 * draw, seeds), seeds_alone(2 * draw + 1, others), METRIC)
            assert (comparison.p_value < 0.05) == (comparison.difference.low > 0 or comparison.difference.high < 0)


def test_a_difference_beyond_the_luck_of_seeds_is_found() -> None:
    for first in (0, 10):
        better = seeds_alone(1, 5)
        better = PerUnitRun(
            {seed: table.with_columns(pl.col(METRIC) + 0.06) for seed, table in better.per_unit.items()},
            LIGHTGCN,
            "split",
        )
        comparison = compare(better, seeds_alone(2, 5, first), METRIC)
        assert comparison.p_value < 0.01
        assert comparison.difference.low > 0
        back = compare(seeds_alone(2, 5, first), better, METRIC)
        assert back.difference[1:] == pytest.approx((-comparison.difference.high, -comparison.difference.low, False))
        assert back.p_values == pytest.approx(comparison.p_values)


def test_p_over_other_seeds_is_welchs() -> None:
    first, second = seeds_alone(1, 5), seeds_alone(2, 3, 10)
    ours, theirs = first.matrix(METRIC).mean(1), second.matrix(METRIC).mean(1)
    assert compare(first, second, METRIC).p_seeds == pytest.approx(
        stats.ttest_ind(ours, theirs, equal_var=False).pvalue
    )


def test_p_over_one_is_that_of_a_single_sample_where_it_is_made_without_draws() -> None:
    run, single = seeds_alone(1, 5), replace(seeds_alone(2, 1), deterministic=True)
    comparison, back = compare(run, single, METRIC), compare(single, run, METRIC)
    ours = run.matrix(METRIC).mean(1)
    assert comparison.p_seeds == pytest.approx(stats.ttest_1samp(ours, single.matrix(METRIC).mean()).pvalue)
    assert comparison.p_seeds == pytest.approx(back.p_seeds)
    assert comparison.sentence().endswith("; 5 seeds against 1; the single one is made without draws")
    assert back.sentence().endswith("; 1 seed against 5; the single one is made without draws")
    with pytest.raises(ValueError, match="deterministic: expected one seed of what is made without draws, got 5"):
        replace(run, deterministic=True)


def test_p_over_a_single_training_is_that_of_one_more_draw() -> None:
    """By hand (x̄ − y) / (s √(1 + 1/5)); Student's t-test of equal variances where one sample is a single value."""
    run, single = seeds_alone(1, 5), seeds_alone(2, 1)
    comparison = compare(run, single, METRIC)
    ours, theirs = run.matrix(METRIC).mean(1), single.matrix(METRIC).mean(1)
    t = (ours.mean() - theirs[0]) / (ours.std(ddof=1) * np.sqrt(1 + 1 / 5))
    assert comparison.p_seeds == pytest.approx(2 * stats.t.sf(abs(t), 4))
    assert comparison.p_seeds == pytest.approx(stats.ttest_ind(ours, theirs).pvalue)
    assert comparison.p_seeds == pytest.approx(compare(single, run, METRIC).p_seeds)
    assert comparison.sentence().endswith("; 5 seeds against 1; the single training is taken to vary as the others do")


@pytest.mark.parametrize(
    ("num_seeds", "paired", "deterministic", "test"),
    [
        ((5, 5), True, (False, False), "paired"),
        ((5, 5), False, (False, False), "welch"),
        ((5, 1), False, (False, False), "prediction"),
        ((5, 1), False, (False, True), "one sample"),
        ((1, 5), False, (False, True), "prediction"),
        ((1, 5), False, (True, False), "one sample"),
        ((1, 1), True, (False, False), "single"),
        ((1, 1), True, (True, False), "single"),
        ((1, 1), True, (True, True), "constant"),
    ],
)
def test_which_test_is_made_of_seeds(
    num_seeds: tuple[int, int], paired: bool, deterministic: tuple[bool, bool], test: str
) -> None:
    assert seed_test(num_seeds, paired, deterministic) == test
