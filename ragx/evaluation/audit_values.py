"""Questions about values: zeros and ratings that count as clicks, and values that are no weights."""

import numpy as np

from ragx.data.interactions import Interactions
from ragx.evaluation.findings import Finding, finding

LEAST_VALUE = "'dataset.rules.filters=[{{_target_: ragx.data.MinimumValue, at_least: {}}}]'"
FEWEST_STEPS, MOST_STEPS, LARGEST_RATING = 3, 11, 10
LOW_SHARE, RATED_ONCE = 0.05, 0.99


def values(whole: Interactions, train: Interactions, test: Interactions) -> list[Finding]:
    """Ask of events that carry values what these mean; models and metrics take every event for a click.

    Args:
        whole: all events.
        train: those of train.
        test: those of test.
    """
    if not whole.has("value"):
        return []
    return [_zeros(whole, test), _ratings(whole), _weights(train)]


def _zeros(whole: Interactions, test: Interactions) -> Finding:
    """Ask how many events have the value 0, such as offers that nobody clicked."""
    value = whole.column("value")
    count, of_test = int((value == 0).sum()), int((test.column("value") == 0).sum())
    least = value[value > 0].min(initial=np.inf)
    message = (
        f"{count:,} of {len(whole):,} events have the value 0, {of_test:,} of {len(test):,} in test, and count as "
        "clicks or purchases all the same."
    )
    advice = f"Leave them out with {LEAST_VALUE.format(float(least))}"
    if not np.isfinite(least):
        advice = "Name the column that says what happened"
    advice += ", or name no column of values (dataset.columns.value=null) if they say nothing of the kind."
    return finding("values of 0", count, "warn", message, "No event has the value 0.", advice=advice)


def _ratings(whole: Interactions) -> Finding:
    """Ask whether the values are ratings, a few steps of a scale with the low ones rarer than the high."""
    value = whole.column("value")
    steps, count = np.unique(value, return_counts=True)
    middle = (steps[0] + steps[-1]) / 2
    low = steps < middle
    share = count[low].sum() / count.sum()
    is_scale = (
        FEWEST_STEPS <= len(steps) <= MOST_STEPS
        and steps[0] >= 0
        and steps[-1] <= LARGEST_RATING
        and bool((steps * 2 == np.round(steps * 2)).all())
        and not low[np.argmax(count)]
        and share > LOW_SHARE
        and whole.pairs().height >= RATED_ONCE * len(whole)
    )
    least = steps[np.searchsorted(steps, steps[0] + 0.75 * (steps[-1] - steps[0]))]
    message = (
        f"{count[low].sum():,} of {len(whole):,} values are below {middle:g} on a scale from {steps[0]:g} to "
        f"{steps[-1]:g}, as ratings are; the lowest counts as a click like the highest."
    )
    advice = f"Keep what was liked with {LEAST_VALUE.format(float(least))}."
    clean = "The values do not look like ratings."
    return finding(
        "ratings taken for clicks", int(is_scale) * int(count[low].sum()), "warn", message, clean, (), advice
    )


def _weights(train: Interactions) -> Finding:
    """Ask whether the values of train differ, without which they are no weights."""
    value = train.column("value")
    constant = len(train) > 1 and bool((value == value[0]).all())
    message = f"All {len(train):,} values in train are {value[0]:g}: " + (
        "as weights (graph=value) they leave no edge."
        if value[0] == 0
        else "as weights (graph=value) they say nothing."
    )
    advice = "Name another column of values, or none: dataset.columns.value=null."
    return finding(
        "values as weights", int(constant) * len(train), "warn", message, "The values in train differ.", (), advice
    )
