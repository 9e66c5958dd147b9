"""What a comparison of two runs found, and what a reader of it must know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragx.evaluation.intervals import FEW, Interval
from ragx.evaluation.seeds import SeedTest
from ragx.evaluation.units import plural
from ragx.metrics.direction import direction
from ragx.metrics.known import Metric

MOST_NAMED = 8
SEEDS_TOLD: dict[SeedTest, str] = {
    "paired": "",
    "welch": "",
    "one sample": "; the single one is made without draws",
    "prediction": "; the single training is taken to vary as the others do",
    "single": "; no p over seeds, as a single training does not tell its luck",
    "constant": "; no p over seeds, as they do not vary",
}
"""What the sentence adds to the number of seeds."""


@dataclass(frozen=True)
class Comparison:
    """How much better a run is than a baseline.

    Args:
        metric: what is compared.
        mean: mean of the run over units (users, customers) and seeds.
        baseline_mean: mean of the baseline.
        difference: mean less baseline mean, with an interval that leaves 0 out exactly where ``p_value`` is below .05
            (but for units that all differ by the same); few where fewer than 50 units differ.
        effect_size: mean of the units' differences by their standard deviation (Cohen's d for pairs); infinite where
            all units differ by the same.
        p_units: two-sided paired t-test over units, each unit's value averaged over seeds.
        p_seeds: two-sided t-test over seeds; None where ``seed_test`` says why there is none.
        p_both: two-sided t-test whose variance is that over units and over seeds together; None like ``p_seeds``.
        seed_test: the test over seeds, or the reason for none.
        num_seeds: seeds of the run and of the baseline.
        p_adjusted: the largest of the three after Holm's correction: what the finding stands on.
        family: number of comparisons that Holm's correction is over.
        known: what is known of a metric of one's own; None where its name says all.
        unit: what the values are of.
    """

    metric: str
    mean: float
    baseline_mean: float
    difference: Interval
    effect_size: float
    p_units: float
    p_seeds: float | None
    p_both: float | None
    seed_test: SeedTest
    num_seeds: tuple[int, int]
    p_adjusted: float
    family: int = 1
    known: Metric | None = None
    unit: str = "user"

    @property
    def p_values(self) -> dict[str, float]:
        """The p-values by what they are over."""
        units = plural(self.unit)
        p_values = {units: self.p_units, "seeds": self.p_seeds, f"{units} and seeds": self.p_both}
        return {over: value for over, value in p_values.items() if value is not None}

    @property
    def p_value(self) -> float:
        """The largest p-value, before any correction."""
        return max(self.p_values.values())

    def sentence(self) -> str:
        """Return the finding in words; ± is half the width of the 95 % interval."""
        unit, scale = (" %", 100 / self.baseline_mean) if self.baseline_mean else ("", 1.0)
        lead = direction(self.known or self.metric) * self.difference.value
        word = "better" if lead > 0 else "worse" if lead < 0 else "different"
        half = (self.difference.high - self.difference.low) / 2 * scale
        size = f"{abs(self.difference.value) * scale:.{1 if unit else 4}f}{unit}"
        few = f" (few {plural(self.unit)} differ)" if self.difference.few else ""
        small = f"{self.p_adjusted:.3f}".lstrip("0")
        p_value = "p < .001" if self.p_adjusted < 0.001 else f"p = {small}"
        over = max(self.p_values, key=lambda name: self.p_values[name])
        family = f"Holm over {self.family} comparison{'s' * (self.family > 1)}"
        run, baseline = self.num_seeds
        seeds = f"{run} seed{'s' * (run > 1)}" + (f" against {baseline}" if run != baseline else "")
        return (
            f"{word} by {size} ± {half:.{1 if unit else 4}f}{few}, {p_value} over {over} after {family}; "
            f"{seeds}{SEEDS_TOLD[self.seed_test]}"
        )


def notes_on_tests(comparisons: Sequence[tuple[str, Comparison]]) -> list[str]:
    """Return what a reader of comparisons must know: the tests, the family, and what the tests cannot tell.

    Args:
        comparisons: all that are shown, each with the name of its run.
    """
    number, units = len(comparisons), plural(comparisons[0][1].unit if comparisons else "user")
    notes = [
        f"p over {units}: paired t-test of the {units}' values, each a mean over seeds; p over seeds: t-test of the "
        f"means of trainings; p over both: t-test whose variance is that over {units} and seeds. A finding stands on "
        f"the largest, after Holm over the {number} comparison{'s' * (number != 1)} shown; its 95 % interval is the "
        "widest."
    ]
    if one_more := _names(name for name, comparison in comparisons if comparison.seed_test == "prediction"):
        notes.append(
            f"A single training against several counts as one more draw, taken to vary as the others do: {one_more}."
        )
    if single := _names(name for name, comparison in comparisons if comparison.seed_test == "single"):
        notes.append(f"A single seed may be a lucky one, and no p over seeds says so: {single}.")
    if few := _names(name for name, comparison in comparisons if comparison.difference.few):
        notes.append(f"few: fewer than {FEW} {units} differ, so that intervals and p-values are rough: {few}.")
    return notes


def _names(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    between = "; " if any(", " in name for name in every) else ", "
    return between.join(every[:MOST_NAMED]) + more
