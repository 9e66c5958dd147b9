"""Schedules, worked by hand."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.training.schedule import Schedule


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1, 1, 1, 1, 1]),
        ({"decay": "linear"}, [1, 0.75, 0.5, 0.25, 0]),
        ({"decay": "linear", "final": 0.2}, [1, 0.8, 0.6, 0.4, 0.2]),
        ({"decay": "cosine"}, [1, 0.853553, 0.5, 0.146447, 0]),
        ({"decay": "constant", "warmup": 0.5}, [0.5, 1, 1, 1, 1]),
        ({"decay": "linear", "warmup": 0.5}, [0.5, 1, 1, 0.5, 0]),
    ],
)
def test_worked_factors(options: dict[str, Any], expected: list[float]) -> None:
    schedule = Schedule(**options)
    assert [schedule.factor(step, 4) for step in range(5)] == pytest.approx(expected, abs=1e-6)


@given(
    decay=st.sampled_from(["constant", "linear", "cosine"]),
    warmup=st.floats(0, 0.99),
    final=st.floats(0, 1),
    total=st.integers(1, 500),
)
def test_it_rises_to_one_and_never_rises_again(decay: Any, warmup: float, final: float, total: int) -> None:
    schedule = Schedule(decay=decay, warmup=warmup, final=final)
    factors = [schedule.factor(step, total) for step in range(total + 3)]
    assert all(0 <= factor <= 1 + 1e-12 for factor in factors)
    peak = max(round(warmup * total) - 1, 0)
    assert factors[peak] == pytest.approx(1)
    assert all(one > 0 for one in factors[:peak])
    after = factors[peak:]
    assert all(two <= one + 1e-12 for one, two in itertools.pairwise(after))
    if decay != "constant" and round(warmup * total) < total:
        assert factors[-1] == pytest.approx(final)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"schedule\.decay: expected one of constant, linear, cosine; got 'cosin'"):
        Schedule(decay="cosin")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"schedule\.warmup: expected a number from 0 .* 1, got 1\.0"):
        Schedule(warmup=1.0)
    with pytest.raises(ValueError, match=r"schedule\.final: expected 0 to 1, got 2"):
        Schedule(final=2)
