"""Mean and spread over seeds, and how they are written."""

import pytest

from ragx.runs.sweeps.spread import spread


@pytest.mark.parametrize(
    ("values", "digits", "text"),
    [
        ([0.1, 0.3, 0.2], 4, "0.2000 ± 0.1000"),
        ([1000.0, 3000.0], 0, "2,000 ± 1,414"),
        ([0.25], 2, "0.25"),
        ([0.25, None, float("nan")], 2, "0.25"),
    ],
)
def test_mean_and_deviation_are_written_as_one_and_a_single_value_alone(
    values: list[float | None], digits: int, text: str
) -> None:
    assert spread(values).spell(digits) == text
