"""Times that stand for unknown ones, counted day by day."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from ragx.data.interactions import Interactions
from ragx.evaluation import audit_times
from ragx.evaluation.findings import Finding

DAY, START = 86_400, 1_700_000_000


def _findings(times: Sequence[int]) -> dict[str, Finding]:
    rows = len(times)
    table = pl.DataFrame(
        {
            "user": [f"u{row % 20}" for row in range(rows)],
            "item": [f"i{row}" for row in range(rows)],
            "timestamp": times,
        }
    )
    return {finding.question: finding for finding in audit_times.times(Interactions.from_events(table))}


@pytest.mark.parametrize("word", ["0001-01-01", "1899-12-30", "1900-01-01"])
def test_days_that_stand_for_no_day_are_counted(word: str) -> None:
    moment = int((np.datetime64(word) - np.datetime64("1970-01-01")).astype(int)) * DAY
    times = [START + 3600 * row for row in range(197)] + [moment, moment, moment + DAY - 1]
    finding = _findings(times)["placeholders for times"]
    assert (finding.verdict, finding.count) == ("warn", 3)
    assert f"3 of 200 times are days that stand for an unknown one: {word} (3)." in finding.message
    assert f"first: {np.datetime64(word) + 1}" in finding.advice
    neighbours = [*times[:197], moment - 3 * DAY, moment + 3 * DAY, moment + 4 * DAY]
    assert _findings(neighbours)["placeholders for times"].count == 0


def test_clean_times_hold_no_placeholder() -> None:
    assert _findings([START] * 20)["placeholders for times"].verdict == "pass"


def test_the_ends_of_the_calendars_of_databases_are_counted_too() -> None:
    """1970-01-01 is found among times near 1970, and 9999-12-31 among times to come."""
    last = int((np.datetime64("9999-12-31") - np.datetime64("1970-01-01")).astype(int)) * DAY
    findings = _findings([START] * 195 + [0] * 3 + [last] * 2)
    assert (findings["times near 1970"].count, findings["times to come"].count) == (3, 2)
