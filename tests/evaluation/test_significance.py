from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ragx.evaluation.conventions import LIGHTGCN, TREC
from ragx.evaluation.intervals import Interval
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.significance import compare, compare_table, corrected, holm

METRIC, USERS = "ndcg@20", 500
BASE = np.random.default_rng(0).uniform(0, 0.4, USERS)


def run_of(gain: float, *, noise: float = 0.05, seeds: int = 3, name: int = 1) -> PerUnitRun:
    tables = {}
    for seed in range(seeds):
        rng = np.random.default_rng([name, seed])
        tables[seed] = pl.DataFrame({"user": np.arange(USERS), METRIC: BASE + gain + rng.normal(0, noise, USERS)})
    return PerUnitRun(tables, LIGHTGCN, "split")


def test_a_clearly_better_run_gets_a_small_p_and_a_positive_difference() -> None:
    comparison = compare(run_of(0.02), run_of(0.0, name=2), METRIC)
    assert comparison.difference.value == pytest.approx(0.02, abs=0.006)
    assert 0 < comparison.difference.low < comparison.difference.value < comparison.difference.high
    assert comparison.p_units < 1e-6
    assert comparison.p_seeds is not None and comparison.p_both is not None
    assert comparison.p_seeds < 0.05
    assert comparison.p_both < 0.05
    assert comparison.effect_size > 0.2


def test_swapping_the_two_turns_only_the_sign() -> None:
    first, second = run_of(0.003), run_of(0.0, name=2)
    forth, back = compare(first, second, METRIC), compare(second, first, METRIC)
    assert back.difference.value == -forth.difference.value
    assert back.difference[1:3] == pytest.approx((-forth.difference.high, -forth.difference.low))
    assert back.effect_size == -forth.effect_size
    assert back.p_units == pytest.approx(forth.p_units)
    assert back.p_seeds == pytest.approx(forth.p_seeds)
    assert back.p_both == pytest.approx(forth.p_both)


def test_p_values_are_those_of_scipy() -> None:
    first, second = run_of(0.002), run_of(0.0, name=2)
    ours, theirs = first.matrix(METRIC), second.matrix(METRIC)
    comparison = compare(first, second, METRIC)
    assert comparison.p_units == pytest.approx(stats.ttest_rel(ours.mean(0), theirs.mean(0)).pvalue)
    assert comparison.p_seeds == pytest.approx(stats.ttest_rel(ours.mean(1), theirs.mean(1)).pvalue)
    assert comparison.p_value == max(comparison.p_values.values())
    single = compare(run_of(0.002, seeds=1), run_of(0.0, name=2, seeds=1), METRIC)
    assert (single.p_value, single.p_values) == (single.p_units, {"users": single.p_units})
    low, high = stats.ttest_rel(
        *(run_of(gain, name=name, seeds=1).matrix(METRIC)[0] for gain, name in ((0.002, 1), (0.0, 2)))
    ).confidence_interval()
    assert single.difference[1:3] == pytest.approx((low, high))
    difference = ours.mean(0) - theirs.mean(0)
    assert comparison.effect_size == pytest.approx(difference.mean() / difference.std(ddof=1))
    assert comparison.mean == pytest.approx(ours.mean())
    assert comparison.baseline_mean == pytest.approx(theirs.mean())


def test_equal_models_are_found_different_as_often_as_the_level_says() -> None:
    pairs = [(run_of(0, name=2 * k, seeds=1), run_of(0, name=2 * k + 1, seeds=1)) for k in range(100)]
    p_values = [compare(*pair, METRIC).p_value for pair in pairs]
    assert 0.1 < np.mean(np.array(p_values) < 0.2) < 0.32


def test_a_run_does_not_differ_from_itself() -> None:
    comparison = compare(run_of(0.0), run_of(0.0), METRIC)
    assert (comparison.p_value, comparison.p_both, comparison.p_seeds, comparison.effect_size) == (1.0, None, None, 0.0)
    assert comparison.sentence() == (
        "different by 0.0 % ± 0.0 (few users differ), p = 1.000 over users after Holm over 1 comparison; 3 seeds; "
        "no p over seeds, as they do not vary"
    )


def test_holm_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


def test_holm_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, 20):
        for spread in (1.0, 0.1, 0.01):
            p_values = np.concatenate((rng.uniform(0, spread, size), [0.0, 0.03, 0.03, 1.0]))
            assert holm(p_values.tolist()) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-15)


@pytest.mark.parametrize("rounding", [0.0, 1e-16, 1e-12])
def test_seeds_of_a_deterministic_model_are_no_evidence(rounding: float) -> None:
    def same(values: np.ndarray) -> PerUnitRun:
        tables = {seed: pl.DataFrame({"user": np.arange(USERS), METRIC: values + seed * rounding}) for seed in range(3)}
        return PerUnitRun(tables, LIGHTGCN, "split")

    other = BASE + np.random.default_rng(3).normal(0, 0.05, USERS)
    comparison = compare(same(other), same(BASE), METRIC)
    assert comparison.p_seeds is None
    assert comparison.p_value == comparison.p_units == pytest.approx(stats.ttest_rel(other, BASE).pvalue)


@pytest.mark.parametrize(("users", "sign"), [(2, 1), (8, -1), (500, 1)])
def test_one_difference_for_all_users_is_as_sure_as_its_signs(users: int, sign: int) -> None:
    """The t-test would say p = 0, for two users too."""
    first, second = (
        PerUnitRun({0: pl.DataFrame({"user": np.arange(users), METRIC: BASE[:users] + gain})}, LIGHTGCN, "split")
        for gain in (sign * 0.01, 0.0)
    )
    comparison = compare(first, second, METRIC)
    assert comparison.p_units == pytest.approx(2 * 0.5**users)
    assert comparison.effect_size == sign * np.inf
    assert comparison.p_units == compare(second, first, METRIC).p_units


def test_differences_within_rounding_are_none() -> None:
    noisy = PerUnitRun({0: pl.DataFrame({"user": np.arange(USERS), METRIC: BASE * (1 + 1e-15)})}, LIGHTGCN, "split")
    comparison = compare(
        noisy, PerUnitRun({0: pl.DataFrame({"user": np.arange(USERS), METRIC: BASE})}, LIGHTGCN, "split"), METRIC
    )
    assert (comparison.p_units, comparison.effect_size) == (1.0, 0.0)


def test_users_are_paired_by_outside_id() -> None:
    """Two files with their rows in another order give users other rows."""
    moved = np.random.default_rng(0).permutation(USERS)
    names = np.array([f"user {number}" for number in range(USERS)])
    first = pl.DataFrame({"user": np.arange(USERS), "id": names, METRIC: BASE})
    second = pl.DataFrame({"user": np.arange(USERS), "id": names[moved], METRIC: BASE[moved]})
    run, reordered = (PerUnitRun({0: table}, LIGHTGCN, "split") for table in (first, second))
    assert reordered.metrics == [METRIC]
    assert compare(run, reordered, METRIC).difference == Interval(0.0, 0.0, 0.0, few=True)
    with pytest.raises(ValueError, match="per_unit: expected every id once"):
        PerUnitRun({0: first.with_columns(id=pl.lit("same"))}, LIGHTGCN, "split")


def test_table_corrects_the_largest_p_values_over_its_rows() -> None:
    runs = {"base": run_of(0.0, name=9), "a": run_of(0.002), "b": run_of(0.02, name=3), "c": run_of(0.001, name=4)}
    table = compare_table(runs, "base", METRIC)
    assert list(table) == ["a", "b", "c"]
    plain = [compare(runs[name], runs["base"], METRIC) for name in table]
    largest = [max(comparison.p_values.values()) for comparison in plain]
    assert [row.p_value for row in table.values()] == largest
    assert [row.p_adjusted for row in table.values()] == pytest.approx(multipletests(largest, method="holm")[1])
    assert {row.family for row in table.values()} == {3}
    assert table["a"].sentence().endswith(" after Holm over 3 comparisons; 3 seeds")
    assert corrected({}) == {}
    with pytest.raises(ValueError, match=r"baseline: expected one of base, a, b, c; got 'bas'. Did you mean 'base'"):
        compare_table(runs, "bas", METRIC)


def test_runs_that_are_not_comparable_are_refused() -> None:
    run = run_of(0.0)
    with pytest.raises(ValueError, match="expected two runs on one split, got the splits split and other"):
        compare(run, replace(run, fingerprint="other"), METRIC)
    with pytest.raises(ValueError, match=r"conventions, got average_precision_denominator=min_k and .*=relevant\."):
        compare(run, replace(run, conventions=TREC), METRIC)
    served = replace(run, conventions=replace(LIGHTGCN, cold_users="popularity"))
    with pytest.raises(ValueError, match=r"conventions, got cold_users=model and cold_users=popularity\."):
        compare(replace(run, conventions=replace(LIGHTGCN, cold_users="model")), served, METRIC)
    holed = {
        seed: table.with_columns(pl.col(METRIC).replace(table[METRIC][3], None)) for seed, table in run.per_unit.items()
    }
    with pytest.raises(
        ValueError, match=r"ndcg@20: expected finite numbers, got 3 that are not; evaluate the run again"
    ):
        compare(PerUnitRun(holed, LIGHTGCN, "split"), run, METRIC)
    fewer = PerUnitRun({0: run.per_unit[0].head(10)}, LIGHTGCN, "split")
    with pytest.raises(ValueError, match="the same users, got 10 of 10 users of the baseline; 490 match"):
        compare(run, fewer, METRIC)
