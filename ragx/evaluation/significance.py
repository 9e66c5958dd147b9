"""Whether one run is better than another: paired over users, and over seeds where there are several.

Users and seeds are two questions. The test over users asks whether the difference holds for other users of these very
trainings, the one over seeds whether it holds for other trainings; a lucky seed passes the first with any number of
users. A difference counts that holds in both, so the p-value of a finding is the larger of the two. That is the
intersection-union test, which keeps its level without a correction of its own (Berger, Technometrics 1982).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ragx.checks import check, check_choice
from ragx.evaluation.bootstrap import Interval, percentile_interval
from ragx.evaluation.per_user_run import PerUserRun
from ragx.evaluation.seeds import TOLERANCE, over_seeds, resampled_difference

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """How much better a run is than a baseline.

    Args:
        metric: what is compared.
        mean: mean of the run over users and seeds.
        baseline_mean: mean of the baseline.
        difference: mean less baseline mean, with its bootstrap interval over users and, where there are several, seeds.
        effect_size: mean of the users' differences by their standard deviation (Cohen's d for pairs); infinite where
            all users differ by the same.
        p_users: two-sided paired t-test over users, each user's value averaged over seeds.
        p_bootstrap: two-sided bootstrap over users and seeds.
        p_seeds: two-sided t-test over seeds, or None where they are one on each side or do not vary.
        p_users_adjusted: ``p_users`` after Holm's correction over the table it stands in.
        p_seeds_adjusted: ``p_seeds`` after Holm's correction.
        num_seeds: seeds of the run and of the baseline.
    """

    metric: str
    mean: float
    baseline_mean: float
    difference: Interval
    effect_size: float
    p_users: float
    p_bootstrap: float
    p_seeds: float | None
    p_users_adjusted: float
    p_seeds_adjusted: float | None
    num_seeds: tuple[int, int]

    @property
    def p_value(self) -> float:
        """The larger p-value of the two tests, before any correction."""
        return max(self.p_users, self.p_seeds or 0.0)

    @property
    def p_adjusted(self) -> float:
        """The larger of the two corrected p-values: what the finding stands on."""
        return max(self.p_users_adjusted, self.p_seeds_adjusted or 0.0)

    def sentence(self) -> str:
        """Return the finding in words; ± is half the width of the 95 % interval."""
        unit, scale = (" %", 100 / self.baseline_mean) if self.baseline_mean else ("", 1.0)
        word = "better" if self.difference.value > 0 else "worse" if self.difference.value < 0 else "different"
        half = (self.difference.high - self.difference.low) / 2 * scale
        small = f"{self.p_adjusted:.3f}".lstrip("0")
        p_value = "p < .001" if self.p_adjusted < 0.001 else f"p = {small}"
        run, baseline = self.num_seeds
        seeds = f"{run} seed{'s' * (run > 1)}" if run == baseline else f"{run} seed{'s' * (run > 1)} against {baseline}"
        size = f"{abs(self.difference.value) * scale:.{1 if unit else 4}f}{unit}"
        return f"{word} by {size} ± {half:.{1 if unit else 4}f}, {p_value} after Holm; {seeds}"


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for the number of tests, in the given order.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in adjusted]


def compare(run: PerUserRun, baseline: PerUserRun, metric: str, *, resamples: int = 2000, seed: int = 0) -> Comparison:
    """Test whether ``run`` and ``baseline`` differ in a metric; a positive difference means that the run is better.

    Args:
        run: what is claimed to be better.
        baseline: what it is held against.
        metric: column of the per-user values, such as ``"ndcg@20"``.
        resamples: resamples of the bootstrap.
        seed: key of the draws.

    Raises:
        ValueError: the runs differ in split, conventions or users, lack the metric or hold a value that is no number.
    """
    _check_comparable(run, baseline)
    ours, theirs = run.matrix(metric), baseline.matrix(metric)
    rounding = TOLERANCE * max(float(np.abs(ours).max()), float(np.abs(theirs).max()))
    difference = ours.mean(0) - theirs.mean(0)
    difference[np.abs(difference) <= rounding] = 0.0
    centre = float(difference.mean())
    spread = float(difference.std(ddof=1)) if np.ptp(difference) > rounding else 0.0
    paired = list(run.per_user) == list(baseline.per_user)
    p_seeds, freedom = over_seeds(ours.mean(1), theirs.mean(1), paired)
    drawn = resampled_difference(ours, theirs, paired, freedom, resamples=resamples, seed=seed)
    extreme = int((np.abs(drawn - centre) >= abs(centre)).sum())
    p_users = _over_users(difference, spread)
    return Comparison(
        metric=metric,
        mean=float(ours.mean()),
        baseline_mean=float(theirs.mean()),
        difference=percentile_interval(centre, drawn, CONFIDENCE),
        effect_size=centre / spread if spread else float(np.copysign(np.inf, centre)) if centre else 0.0,
        p_users=p_users,
        p_bootstrap=(extreme + 1) / (resamples + 1),
        p_seeds=p_seeds,
        p_users_adjusted=p_users,
        p_seeds_adjusted=p_seeds,
        num_seeds=(len(ours), len(theirs)),
    )


def compare_table(
    runs: Mapping[str, PerUserRun], baseline: str, metric: str, *, resamples: int = 2000, seed: int = 0
) -> dict[str, Comparison]:
    """Return the comparison of every run with the baseline, both kinds of p-values corrected by Holm over the table.

    Raises:
        ValueError: the baseline is not among the runs, or two runs are not comparable.
    """
    check_choice("baseline", baseline, runs)
    found = {
        name: compare(run, runs[baseline], metric, resamples=resamples, seed=seed)
        for name, run in runs.items()
        if name != baseline
    }
    users = dict(zip(found, holm([each.p_users for each in found.values()]), strict=True))
    tested = {name: each.p_seeds for name, each in found.items() if each.p_seeds is not None}
    seeds = dict(zip(tested, holm(list(tested.values())), strict=True))
    return {
        name: replace(each, p_users_adjusted=users[name], p_seeds_adjusted=seeds.get(name))
        for name, each in found.items()
    }


def _check_comparable(run: PerUserRun, baseline: PerUserRun) -> None:
    check(
        run.fingerprint == baseline.fingerprint,
        f"expected two runs on one split, got the splits {run.fingerprint} and {baseline.fingerprint}.",
    )
    check(
        run.conventions == baseline.conventions,
        f"expected two runs under one set of conventions, got {run.conventions.differences(baseline.conventions)}.",
    )
    check(
        run.users.equals(baseline.users),
        f"expected two runs over the same users, got {len(run.users)} and {len(baseline.users)} users that differ.",
    )


def _over_users(difference: NDArray[np.float64], spread: float) -> float:
    if spread:
        return float(stats.ttest_1samp(difference, 0.0).pvalue)
    same_sign = abs(int(np.sign(difference).sum())) == difference.size
    return float(stats.binomtest(difference.size, difference.size).pvalue) if same_sign else 1.0
