"""Times in any notation as seconds, UTC."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.data.source import Source
from ragx.data.times import moment_to_seconds, to_seconds

HERE = Source("orders.csv", lambda row: row + 2)
NOON = 1_704_110_400  # 2024-01-01 12:00 UTC


def seconds(values: pl.Series | Sequence[object], **options: str) -> list[int]:
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    return to_seconds(series, HERE, **options).to_list()


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T12:00:00Z",
        "2024-01-01 12:00",
        "2024-01-01T12:00:00.999",
        "2024-01-01T12:00:00,5Z",
        "2024-01-01T14:00:00+02:00",
        "2024-01-01T06:30-0530",
        "2024-01-01 13:00 +01",
        str(NOON),
        f"{NOON}.75",
        f"{NOON}123",
    ],
)
def test_notations_of_one_moment(text: str) -> None:
    assert seconds([text]) == [NOON]


def test_notations_stand_side_by_side() -> None:
    assert seconds(["2024-01-01T12:00Z", "2024-01-01", "2024-01-01T14:00+02:00"]) == [NOON, NOON - 43_200, NOON]


def test_a_zone_counts_for_times_that_name_none() -> None:
    texts = ["2024-07-01 14:00", "2024-01-01 13:00", "2024-01-01T12:00Z"]
    assert seconds(texts, time_zone="Europe/Berlin") == [1_719_835_200, NOON, NOON]
    naive = pl.Series([datetime(2024, 1, 1, 13)])
    assert seconds(naive, time_zone="Europe/Berlin") == [NOON]
    assert seconds(naive.dt.replace_time_zone("UTC"), time_zone="Europe/Berlin") == [NOON + 3600]


def test_numbers_are_told_apart_by_their_size_or_as_stated() -> None:
    assert seconds([NOON, 0, -5]) == [NOON, 0, -5]
    assert seconds([NOON * 1000 + 999, 1500]) == [NOON, 1]
    assert seconds([1500], time_format="milliseconds") == [1]
    assert seconds([1500.9], time_format="seconds") == [1500]
    assert seconds([-0.5]) == [-1]


def test_dates_and_formats() -> None:
    assert seconds(pl.Series([date(2024, 1, 1)])) == [NOON - 43_200]
    assert seconds(["01.01.2024 12:00"], time_format="%d.%m.%Y %H:%M") == [NOON]
    assert seconds(["01/01/2024 14:00:00 +0200"], time_format="%d/%m/%Y %H:%M:%S %z") == [NOON]


@pytest.mark.parametrize("bad", ["yesterday", "2024-13-01", "2024-02-30", "", None, "nan", "inf"])
def test_what_does_not_parse_is_named_with_its_line(bad: str | None) -> None:
    got = "an empty cell" if not bad else f"'{bad}'"
    with pytest.raises(ValueError, match=rf"orders\.csv, line 3: expected a time in column 'time' .*got {got}"):
        seconds(["2024-01-01", bad] if bad not in ("nan", "inf") else ["5", bad])


def test_an_hour_that_the_clock_left_out_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: expected a time"):
        seconds(["2024-03-31 02:30"], time_zone="Europe/Berlin")


def test_the_future_is_refused_with_advice() -> None:
    later = int((datetime.now(UTC) + timedelta(days=3)).timestamp())
    with pytest.raises(ValueError, match=r"line 2: expected a time in column 'time' that is not in the future.*format"):
        seconds([later])
    with pytest.raises(ValueError, match="not in the future"):
        seconds([NOON * 1000], time_format="seconds")


def test_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="time_format: expected auto, seconds"):
        seconds([1], time_format="second")
    with pytest.raises(ValueError, match="time_zone: expected a zone such as UTC"):
        seconds([1], time_zone="Europe/Berln")
    with pytest.raises(ValueError, match="first: expected a moment such as"):
        moment_to_seconds("first", "soon")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2024, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_every_offset_agrees_with_the_standard_library(moment: datetime, minutes: int) -> None:
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{size // 60:02d}:{size % 60:02d}"
    assert moment_to_seconds("x", text) == int(datetime.fromisoformat(text).timestamp())
