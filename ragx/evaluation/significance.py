"""Whether one run is better than another: over users, over seeds where there are several, and over both at once.

A lucky training passes a test over users with any number of users, a small test part one over seeds with any number of
seeds, and where both kinds of luck are alike, each test alone sees only half of it. A difference counts that holds in
all three, so the p-value of a finding is the largest of them, and its interval the widest. An intersection-union test
keeps its level without a correction of its own (Berger, Technometrics 1982). How often each errs is measured by
scripts/bench_statistics.py and reported in docs/statistics.md.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ragx.checks import check, check_choice
from ragx.data.ids.joins import join_ids
from ragx.evaluation.comparison import Comparison
from ragx.evaluation.intervals import CONFIDENCE, Interval, is_few
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.seeds import TOLERANCE, SeedTest, seed_test, sides_of
from ragx.evaluation.units import plural
from ragx.evaluation.variances import Variance, half_width, p_of, variances_of
from ragx.metrics.recorded import agreed

Key = TypeVar("Key", bound=Hashable)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for the number of tests, in the given order.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in adjusted]


def compare(run: PerUnitRun, baseline: PerUnitRun, metric: str) -> Comparison:
    """Test whether ``run`` and ``baseline`` differ in a metric; the difference is the run's mean less the baseline's.

    Args:
        run: what is claimed to be better.
        baseline: what it is held against.
        metric: column of the per-user values, such as ``"ndcg@20"``.

    Raises:
        ValueError: the runs differ in split, conventions or users, lack the metric, mean another one by its name or
            hold a value that is no number.
    """
    _check_comparable(run, baseline)
    known = agreed(metric, {"the run": run.known, "the baseline": baseline.known})
    ours, theirs = run.matrix(metric), baseline.matrix(metric)
    rounding = TOLERANCE * max(float(np.abs(ours).max()), float(np.abs(theirs).max()))
    difference = ours.mean(0) - theirs.mean(0)
    difference[np.abs(difference) <= rounding] = 0.0
    centre = float(difference.mean())
    spread = float(difference.std(ddof=1)) if np.ptp(difference) > rounding else 0.0
    test = _seed_test(run, baseline, ours, theirs, rounding)
    variances = variances_of(ours, theirs, test)
    if not spread:
        variances["users"] = Variance(np.zeros(()), np.ones(()))
    p_values = {over: float(p_of(np.asarray(centre), variance)) for over, variance in variances.items()}
    if not spread:
        p_values["users"] = _sign_test(difference)
    half = max(float(half_width(variance, CONFIDENCE)) for variance in variances.values())
    return Comparison(
        metric=metric,
        mean=float(ours.mean()),
        baseline_mean=float(theirs.mean()),
        difference=Interval(centre, centre - half, centre + half, is_few(difference)),
        effect_size=centre / spread if spread else float(np.copysign(np.inf, centre)) if centre else 0.0,
        p_units=p_values["users"],
        p_seeds=p_values.get("seeds"),
        p_both=p_values.get("users and seeds"),
        seed_test=test,
        num_seeds=(len(ours), len(theirs)),
        p_adjusted=max(p_values.values()),
        known=known,
        unit=run.unit,
    )


def corrected(comparisons: Mapping[Key, Comparison]) -> dict[Key, Comparison]:
    """Return comparisons with their largest p-values corrected by Holm over all of them: one family."""
    adjusted = holm([comparison.p_value for comparison in comparisons.values()])
    return {
        key: replace(comparison, p_adjusted=p_value, family=len(comparisons))
        for (key, comparison), p_value in zip(comparisons.items(), adjusted, strict=True)
    }


def compare_table(runs: Mapping[str, PerUnitRun], baseline: str, metric: str) -> dict[str, Comparison]:
    """Return the comparison of every run with the baseline, corrected by Holm over all of them.

    Raises:
        ValueError: the baseline is not among the runs, or two runs are not comparable.
    """
    check_choice("baseline", baseline, runs)
    return corrected({name: compare(run, runs[baseline], metric) for name, run in runs.items() if name != baseline})


def _check_comparable(run: PerUnitRun, baseline: PerUnitRun) -> None:
    check(
        run.fingerprint == baseline.fingerprint,
        f"expected two runs on one split, got the splits {run.fingerprint} and {baseline.fingerprint}.",
    )
    ours, theirs = run.conventions, baseline.conventions
    differences = ours.differences(theirs) if ours and theirs else "some and none"
    check(ours == theirs, f"expected two runs under one set of conventions, got {differences}.")
    if not run.units.equals(baseline.units):
        units = plural(run.unit)
        paired = join_ids(
            f"expected two runs over the same {units}, got {{}} {units} of the baseline", baseline.units, run.units
        )
        raise ValueError(f"{paired.sentence} Evaluate both on the same {units}.")


def _seed_test(
    run: PerUnitRun, baseline: PerUnitRun, ours: NDArray[np.float64], theirs: NDArray[np.float64], rounding: float
) -> SeedTest:
    paired = list(run.per_unit) == list(baseline.per_unit)
    test = seed_test((len(ours), len(theirs)), paired, (run.deterministic, baseline.deterministic))
    spreads = [float(np.ptp(side.values.mean(1))) for side in sides_of(ours, theirs, test)]
    return "constant" if spreads and max(spreads) <= rounding else test


def _sign_test(difference: NDArray[np.float64]) -> float:
    """Return the p-value of n differences that are all the same, to which no t-test applies: 2^(1 − n), or 1."""
    same_sign = abs(int(np.sign(difference).sum())) == difference.size
    return min(1.0, 2.0 ** (1 - difference.size)) if same_sign else 1.0
