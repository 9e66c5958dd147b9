"""Simulate how often every test and every interval of ragx.evaluation errs, on values such as Recall and NDCG give.

Run ``python scripts/bench_statistics.py``. Users have a value above 0 in 5, 15 or 50 % of the cases, and then that of a
list with some of their relevant items; models share what is easy about a user, and trainings of one model share what
it is good at. The table has percentages with their standard errors: the size of tests that are to err in 5 % of the
cases, the coverage of intervals that are to hold the truth in 95 %. Every test is held against its own truth: over
users that of these trainings, over seeds that of these users, and over both that of all. The exit status is 1 where a
figure is more than 2 points off although at least 50 users are expected to have a value above 0; where fewer are, it
is marked "few". Rows marked ≤ or ≥ promise a bound, and may be more careful than that.
"""

import argparse
import math
import os
import platform
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from simulated_trainings import MEAN_HIT, trainings

from ragx.evaluation.groups import by_group
from ragx.evaluation.intervals import FEW, contrast_interval, mean_bounds
from ragx.evaluation.seeds import seed_test
from ragx.evaluation.significance import holm
from ragx.evaluation.variances import half_width, over_users, p_of, variances_of
from ragx.random import numpy_generator

UNITS, SHARES, MARGIN, SIZE, COVERAGE = (10, 30, 100, 500), (0.05, 0.15, 0.5), 2.0, 5.0, 95.0
LUCK = 0.15
"""Standard deviation of the shift that all users of a training share: 15 % then vary by a quarter of themselves,
more than by the draw of 500 users."""
DESIGNS = {
    (5, 5, "paired"): "5 and 5 same seeds",
    (5, 5, "welch"): "5 and 5 other seeds",
    (10, 10, "welch"): "10 and 10 other seeds",
    (5, 1, "prediction"): "5 seeds, 1 training",
    (10, 1, "prediction"): "10 seeds, 1 training",
    (5, 1, "one sample"): "5 seeds, 1 without draws",
}
GAIN, COMPARISONS, GROUPS, RESAMPLES, NUMBERS_AT_ONCE = 1.3, 5, 4, 500, 4_000_000
Figures = dict[str, NDArray[np.bool_]]


class Setting(NamedTuple):
    """A column of the table: so many users, of whom such a share has a value above 0."""

    units: int
    share: float

    @property
    def few(self) -> bool:
        """Whether fewer than 50 users are expected to have a value above 0."""
        return self.units * self.share < FEW

    def __str__(self) -> str:
        return f"{self.units} × {self.share:.0%}".replace("%", " %")


def of_means(setting: Setting, count: int, rng: np.random.Generator) -> Figures:
    """Return whether the intervals of means hold them."""
    values = trainings(rng, rng.standard_normal((count, setting.units), np.float32), setting.share, 1, 0.0).values[:, 0]
    figures: Figures = {}
    for name, column, truth in (("recall", values, setting.share * MEAN_HIT), ("hit rate", values > 0, setting.share)):
        low, high = mean_bounds(column.astype(np.float64))
        figures[f"mean {name}: interval"] = (low <= truth) & (truth <= high)
    return figures


def of_pairs(setting: Setting, count: int, rng: np.random.Generator) -> Figures:
    """Return what two models with one training each give."""
    equal = _judge(setting, count, rng, (1, 1, "single"), luck=0.0, gain=1.0)
    better = _judge(setting, count, rng, (1, 1, "single"), luck=0.0, gain=GAIN)
    return {"1 and 1 training: p over users": equal["p over users"], "1 and 1 training: interval": better["interval"]}


def of_seeds(setting: Setting, count: int, rng: np.random.Generator) -> Figures:
    """Return what several seeds give where luck outweighs users, and what they give where there is none."""
    figures: Figures = {}
    for design, name in DESIGNS.items():
        lucky = _judge(setting, count, rng, design, luck=LUCK, gain=1.0)
        figures |= {f"{name}: {row}": flags for row, flags in lucky.items()}
        plain = _judge(setting, count, rng, design, luck=0.0, gain=GAIN)
        figures[f"{name}, no luck: p over both ≤"] = plain["p over both"]
        figures[f"{name}, no luck: interval ≥"] = plain["interval"]
    return figures


def _judge(
    setting: Setting,
    count: int,
    rng: np.random.Generator,
    design: tuple[int, int, str],
    *,
    luck: float,
    gain: float,
) -> Figures:
    """Return whether each test rejects its truth, and whether the interval holds that of all users and trainings."""
    seeds, others, expected = design
    fixed = expected == "one sample"
    test = seed_test((seeds, others), expected == "paired", (False, fixed))
    assert test == expected
    ease, better = rng.standard_normal((count, setting.units), np.float32), setting.share * gain
    ours = trainings(rng, ease, better, seeds, luck)
    theirs = trainings(rng, ease, setting.share, others, 0.0 if fixed else luck, drawn=not fixed)
    difference = ours.values.mean((1, 2)) - theirs.values.mean((1, 2))
    overall = np.full(count, (better - setting.share) * MEAN_HIT)
    truths = {
        "users": ours.of_trainings - theirs.of_trainings,
        "seeds": ours.of_users - theirs.of_users,
        "users and seeds": overall,
    }
    variances = variances_of(ours.values, theirs.values, test)
    names = {"users": "p over users", "seeds": "p over seeds", "users and seeds": "p over both"}
    figures = {
        names[over]: p_of(difference - truths[over], variance) < SIZE / 100 for over, variance in variances.items()
    }
    half = np.max([half_width(variance, COVERAGE / 100) for variance in variances.values()], axis=0)
    return figures | {"interval": np.abs(difference - overall) <= half}


def of_families(setting: Setting, count: int, rng: np.random.Generator) -> Figures:
    """Return whether Holm's correction lets any of several comparisons pass although all models are equal."""
    ease = rng.standard_normal((count, setting.units), np.float32)
    baseline = trainings(rng, ease, setting.share, 1, 0.0).values
    p_values = []
    for _ in range(COMPARISONS):
        ours = trainings(rng, ease, setting.share, 1, 0.0).values
        p_values.append(p_of((ours - baseline).mean((1, 2)), over_users(ours, baseline)))
    smallest = np.array([min(holm(row)) for row in np.stack(p_values, 1).tolist()])
    return {f"Holm over {COMPARISONS} comparisons: any ≤": smallest < SIZE / 100}


def of_groups(setting: Setting, count: int, rng: np.random.Generator) -> Figures:
    """Return what reports by group give, each group with the users of the setting."""
    users = setting.units * GROUPS
    ease = rng.standard_normal((count, users), np.float32)
    equal = trainings(rng, ease, setting.share, 1, 0.0).values[:, 0]
    last = trainings(rng, ease[:, -setting.units :], setting.share * GAIN, 1, 0.0).values[:, 0]
    label, truth = np.repeat(np.arange(GROUPS), setting.units), setting.share * (GAIN - 1) * MEAN_HIT
    figures: dict[str, list[bool]] = {
        "gap of 4 equal groups: p": [],
        "gap of 4 groups: interval ≥": [],
        "contrast of 2 groups: interval": [],
    }
    for values, better in zip(equal, last, strict=True):
        rows = pl.DataFrame({"user": np.arange(users), "recall@20": values})
        figures["gap of 4 equal groups: p"].append(
            by_group(rows, "recall@20", label, resamples=RESAMPLES).p_value < SIZE / 100
        )
        values[-setting.units :] = better
        rows = rows.with_columns(pl.Series("recall@20", values))
        gap = by_group(rows, "recall@20", label, resamples=RESAMPLES).gap
        figures["gap of 4 groups: interval ≥"].append(gap.low <= truth <= gap.high)
        apart = np.where(label == 0, values, np.nan), np.where(label == GROUPS - 1, values, np.nan)
        contrast = contrast_interval(*apart)
        assert contrast is not None
        figures["contrast of 2 groups: interval"].append(contrast.low <= truth <= contrast.high)
    return {name: np.array(flags) for name, flags in figures.items()}


def simulate(settings: list[Setting], scale: float) -> Iterator[tuple[str, Setting, NDArray[np.bool_]]]:
    """Yield every row of the table for every setting, with what its simulations said."""
    studies = {
        of_means: (20_000, 1),
        of_pairs: (8000, 2),
        of_seeds: (4000, 12),
        of_families: (4000, 6),
        of_groups: (1000, 8),
    }
    for study, (simulations, sides) in studies.items():
        for setting in settings:
            rng = numpy_generator(0, study.__name__, setting.units, round(100 * setting.share))
            figures: dict[str, list[NDArray[np.bool_]]] = {}
            left = max(round(simulations * scale), 10)
            while left:
                count = min(left, max(NUMBERS_AT_ONCE // (setting.units * sides), 1))
                for row, flags in study(setting, count, rng).items():
                    figures.setdefault(row, []).append(flags)
                left -= count
            yield from ((row, setting, np.concatenate(parts)) for row, parts in figures.items())


def verdict(row: str, setting: Setting, percent: float) -> str:
    """Return "few", or what is wrong with a figure, or nothing."""
    if setting.few:
        return " few"
    nominal = COVERAGE if "interval" in row else SIZE
    off = percent - nominal
    bad = off < -MARGIN if row.endswith("≥") else off > MARGIN if row.endswith("≤") else abs(off) > MARGIN
    return " OFF" if bad else ""


def main() -> int:
    """Print the table and return 1 where a figure is off."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="times as many simulations")
    options = parser.parse_args()
    began = time.perf_counter()
    settings = [Setting(units, share) for units in UNITS for share in SHARES]
    table: dict[str, list[str]] = {}
    for row, setting, flags in simulate(settings, options.scale):
        percent, error = 100 * flags.mean(), 100 * math.sqrt(max(flags.mean() * (1 - flags.mean()), 1e-4) / len(flags))
        table.setdefault(row, []).append(f"{percent:.1f} ± {error:.1f}{verdict(row, setting, percent)}")
    print("| users × share above 0 | " + " | ".join(map(str, settings)) + " |\n|---" + "|---" * len(settings) + "|")
    for row, cells in table.items():
        print(f"| {row} | " + " | ".join(cells) + " |")
    off = sum(cell.endswith("OFF") for cells in table.values() for cell in cells)
    where = f"{platform.system()}, {os.cpu_count()} CPU cores, numpy {np.__version__}"
    print(f"\n{off} figures off. {time.strftime('%Y-%m-%d')}, {where}, {time.perf_counter() - began:.0f} s.")
    return int(off > 0)


if __name__ == "__main__":
    sys.exit(main())
