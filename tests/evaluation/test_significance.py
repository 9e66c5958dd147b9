from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ragx.evaluation.bootstrap import Interval
from ragx.evaluation.conventions import LIGHTGCN, TREC
from ragx.evaluation.per_user_run import PerUserRun
from ragx.evaluation.significance import compare, compare_table, holm

METRIC, USERS = "ndcg@20", 500
BASE = np.random.default_rng(0).uniform(0, 0.4, USERS)


def run_of(gain: float, *, noise: float = 0.05, seeds: int = 3, name: int = 1) -> PerUserRun:
    tables = {}
    for seed in range(seeds):
        rng = np.random.default_rng([name, seed])
        tables[seed] = pl.DataFrame({"user": np.arange(USERS), METRIC: BASE + gain + rng.normal(0, noise, USERS)})
    return PerUserRun(tables, LIGHTGCN, "split")


def test_a_clearly_better_run_gets_a_small_p_and_a_positive_difference() -> None:
    found = compare(run_of(0.02), run_of(0.0, name=2), METRIC)
    assert found.difference.value == pytest.approx(0.02, abs=0.006)
    assert 0 < found.difference.low < found.difference.value < found.difference.high
    assert found.p_value < 1e-6
    assert found.p_bootstrap == pytest.approx(1 / 2001)
    assert found.p_seeds is not None
    assert found.p_seeds < 0.05
    assert found.effect_size > 0.2


def test_swapping_the_two_turns_only_the_sign() -> None:
    first, second = run_of(0.003), run_of(0.0, name=2)
    forth, back = compare(first, second, METRIC), compare(second, first, METRIC)
    assert back.difference.value == -forth.difference.value
    assert back.difference[1:] == pytest.approx((-forth.difference.high, -forth.difference.low))
    assert back.effect_size == -forth.effect_size
    assert back.p_value == pytest.approx(forth.p_value)
    assert back.p_seeds == pytest.approx(forth.p_seeds)
    assert back.p_bootstrap == forth.p_bootstrap


def test_p_values_are_those_of_scipy() -> None:
    first, second = run_of(0.002), run_of(0.0, name=2)
    ours, theirs = first.matrix(METRIC), second.matrix(METRIC)
    found = compare(first, second, METRIC)
    assert found.p_value == pytest.approx(stats.ttest_rel(ours.mean(0), theirs.mean(0)).pvalue)
    assert found.p_seeds == pytest.approx(stats.ttest_rel(ours.mean(1), theirs.mean(1)).pvalue)
    assert found.p_bootstrap == pytest.approx(found.p_value, abs=0.03)
    difference = ours.mean(0) - theirs.mean(0)
    assert found.effect_size == pytest.approx(difference.mean() / difference.std(ddof=1))
    assert found.mean == pytest.approx(ours.mean())
    assert found.baseline_mean == pytest.approx(theirs.mean())


def test_equal_models_are_found_different_as_often_as_the_level_says() -> None:
    found = [compare(run_of(0, name=2 * k), run_of(0, name=2 * k + 1), METRIC, resamples=200) for k in range(100)]
    for p_values in ([one.p_value for one in found], [one.p_bootstrap for one in found]):
        assert 0.1 < np.mean(np.array(p_values) < 0.2) < 0.32


def test_a_run_does_not_differ_from_itself() -> None:
    found = compare(run_of(0.0), run_of(0.0), METRIC)
    assert (found.p_value, found.p_bootstrap, found.p_seeds, found.effect_size) == (1.0, 1.0, 1.0, 0.0)
    assert found.sentence() == "different by 0.0 % ± 0.0, p = 1.000 after Holm; 3 seeds"


def test_one_seed_gives_no_p_over_seeds() -> None:
    assert compare(run_of(0.01, seeds=1), run_of(0.0, name=2, seeds=1), METRIC).p_seeds is None


def test_holm_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


def test_table_corrects_over_its_rows() -> None:
    runs = {"base": run_of(0.0, name=9), "a": run_of(0.002), "b": run_of(0.02, name=3), "c": run_of(0.001, name=4)}
    table = compare_table(runs, "base", METRIC)
    assert list(table) == ["a", "b", "c"]
    plain = [compare(runs[name], runs["base"], METRIC).p_value for name in table]
    assert [row.p_value for row in table.values()] == plain
    assert [row.p_adjusted for row in table.values()] == holm(plain)
    with pytest.raises(ValueError, match=r"baseline: expected one of base, a, b, c; got 'bas'. Did you mean 'base'"):
        compare_table(runs, "bas", METRIC)


def test_sentence() -> None:
    found = compare(run_of(0.02), run_of(0.0, name=2), METRIC)
    fixed = replace(
        found, baseline_mean=0.2, difference=Interval(0.0036, 0.0028, 0.0044), p_adjusted=0.0031, num_seeds=(5, 5)
    )
    assert fixed.sentence() == "better by 1.8 % ± 0.4, p = .003 after Holm; 5 seeds"
    worse = replace(fixed, difference=Interval(-0.0036, -0.0044, -0.0028), p_adjusted=0.0002, num_seeds=(5, 1))
    assert worse.sentence() == "worse by 1.8 % ± 0.4, p < .001 after Holm; 5 seeds against 1"
    zero = replace(fixed, baseline_mean=0.0, num_seeds=(1, 1))
    assert zero.sentence() == "better by 0.0036 ± 0.0008, p = .003 after Holm; 1 seed"


def test_runs_that_are_not_comparable_are_refused() -> None:
    run = run_of(0.0)
    with pytest.raises(ValueError, match="expected two runs on one split, got the splits split and other"):
        compare(run, replace(run, fingerprint="other"), METRIC)
    with pytest.raises(ValueError, match=r"one set of conventions, got .*='min_k'.*='relevant'"):
        compare(run, replace(run, conventions=TREC), METRIC)
    fewer = PerUserRun({0: run.per_user[0].head(10)}, LIGHTGCN, "split")
    with pytest.raises(ValueError, match="the same users, got 500 and 10 users that differ"):
        compare(run, fewer, METRIC)
