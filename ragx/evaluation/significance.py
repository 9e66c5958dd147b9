"""Whether one run is better than another: paired over users, and over seeds where there are several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ragx.checks import check, check_choice
from ragx.evaluation.bootstrap import Interval, percentile_interval, resampled_means
from ragx.evaluation.per_user_run import PerUserRun

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """How much better a run is than a baseline.

    Args:
        metric: what is compared.
        mean: mean of the run over users and seeds.
        baseline_mean: mean of the baseline.
        difference: mean less baseline mean, with its bootstrap interval over users.
        effect_size: mean of the users' differences by their standard deviation (Cohen's d for pairs).
        p_value: two-sided paired t-test over users, each user's value averaged over seeds.
        p_bootstrap: two-sided paired bootstrap over users.
        p_seeds: two-sided paired t-test over the shared seeds, or None with fewer than two.
        p_adjusted: ``p_value`` after Holm's correction over the table it stands in.
        num_seeds: seeds of the run and of the baseline.
    """

    metric: str
    mean: float
    baseline_mean: float
    difference: Interval
    effect_size: float
    p_value: float
    p_bootstrap: float
    p_seeds: float | None
    p_adjusted: float
    num_seeds: tuple[int, int]

    def sentence(self) -> str:
        """Return the finding in words; ± is half the width of the 95 % interval over users."""
        unit, scale = (" %", 100 / self.baseline_mean) if self.baseline_mean else ("", 1.0)
        word = "better" if self.difference.value > 0 else "worse" if self.difference.value < 0 else "different"
        half = (self.difference.high - self.difference.low) / 2 * scale
        small = f"{self.p_adjusted:.3f}".lstrip("0")
        p_value = "p < .001" if self.p_adjusted < 0.001 else f"p = {small}"
        run, baseline = self.num_seeds
        seeds = f"{run} seed{'s' * (run > 1)}" if run == baseline else f"{run} seeds against {baseline}"
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
        ValueError: the runs differ in split, conventions or users, or lack the metric.
    """
    _check_comparable(run, baseline)
    ours, theirs = run.matrix(metric), baseline.matrix(metric)
    difference = ours.mean(0) - theirs.mean(0)
    centre = float(difference.mean())
    drawn = resampled_means(difference[:, None], resamples=resamples, seed=seed)[:, 0]
    extreme = int((np.abs(drawn - centre) >= abs(centre)).sum())
    spread = float(difference.std(ddof=1)) if difference.size > 1 else 0.0
    p_value = _t_test(difference)
    return Comparison(
        metric=metric,
        mean=float(ours.mean()),
        baseline_mean=float(theirs.mean()),
        difference=percentile_interval(centre, drawn, CONFIDENCE),
        effect_size=centre / spread if spread else 0.0,
        p_value=p_value,
        p_bootstrap=(extreme + 1) / (resamples + 1),
        p_seeds=_p_over_seeds(run, baseline, metric),
        p_adjusted=p_value,
        num_seeds=(len(ours), len(theirs)),
    )


def compare_table(
    runs: Mapping[str, PerUserRun], baseline: str, metric: str, *, resamples: int = 2000, seed: int = 0
) -> dict[str, Comparison]:
    """Return the comparison of every run with the baseline, p-values corrected by Holm over the table.

    Raises:
        ValueError: the baseline is not among the runs, or two runs are not comparable.
    """
    check_choice("baseline", baseline, runs)
    found = {
        name: compare(run, runs[baseline], metric, resamples=resamples, seed=seed)
        for name, run in runs.items()
        if name != baseline
    }
    adjusted = holm([comparison.p_value for comparison in found.values()])
    return {name: replace(found[name], p_adjusted=value) for name, value in zip(found, adjusted, strict=True)}


def _check_comparable(run: PerUserRun, baseline: PerUserRun) -> None:
    check(
        run.fingerprint == baseline.fingerprint,
        f"expected two runs on one split, got the splits {run.fingerprint} and {baseline.fingerprint}.",
    )
    check(
        run.conventions == baseline.conventions,
        f"expected two runs under one set of conventions, got {run.conventions} and {baseline.conventions}.",
    )
    check(
        run.users.equals(baseline.users),
        f"expected two runs over the same users, got {len(run.users)} and {len(baseline.users)} users that differ.",
    )


def _t_test(difference: NDArray[np.float64]) -> float:
    if difference.size < 2 or np.ptp(difference) == 0:
        return 1.0 if not difference.any() or difference.size < 2 else 0.0
    return float(stats.ttest_rel(difference, np.zeros_like(difference)).pvalue)


def _p_over_seeds(run: PerUserRun, baseline: PerUserRun, metric: str) -> float | None:
    shared = sorted(set(run.per_user) & set(baseline.per_user))
    if len(shared) < 2:
        return None
    means = [[float(np.mean(side.per_user[seed][metric].to_numpy())) for seed in shared] for side in (run, baseline)]
    return _t_test(np.asarray(means[0]) - np.asarray(means[1]))
