"""Times in any notation as seconds, UTC."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
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
    assert seconds([NOON * 1000 + 999, 0]) == [NOON, 0]
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


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([NOON, NOON, NOON * 1000], f"line 4: expected a time in column 'time' as seconds .*, got {NOON * 1000}"),
        ([NOON * 1000, NOON, NOON * 1000], f"line 3: expected a time in column 'time' as milliseconds .*, got {NOON}"),
        (["2024-01-01", "2024-01-02", "5"], "line 4: expected a time .* as ISO 8601, as most are, got '5'"),
        (["2024-01-01", "nan", "2024-01-02"], "line 3: .* as ISO 8601, as most are, got 'nan'"),
        (
            [str(NOON), "2024-01-01", "7"],
            "line 3: .* as a number of seconds or milliseconds since 1970, as most are, got",
        ),
        ([f"{NOON}.5", "8", f"{NOON}000"], "line 4: .* as seconds since 1970, as most are"),
    ],
)
def test_most_cells_tell_the_notation_and_the_others_are_refused(values: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        seconds(values)


@pytest.mark.parametrize(
    ("value", "pattern"),
    [(20_240_101, "%Y%m%d"), (202_401_011_200, "%Y%m%d%H%M"), (20_240_101_120_000, "%Y%m%d%H%M%S")],
)
def test_calendar_dates_written_as_numbers_are_refused_with_their_format(value: int, pattern: str) -> None:
    for values in ([value, value + 1], [str(value)], [float(value)], [NOON, NOON, value]):
        with pytest.raises(ValueError, match=rf"got '?{value}.*year, month and day: set rules\.time_format={pattern},"):
            seconds(values)
    assert seconds([value], time_format=pattern)[0] in (NOON, NOON - 43_200)
    assert seconds([float(value)], time_format=pattern) == seconds([str(value)], time_format=pattern)


def test_seconds_since_any_beginning_are_not_taken_for_dates() -> None:
    year = list(range(0, 31_536_000, 86_399))
    assert any(19_000_101 <= each <= 20_991_231 for each in year)
    assert seconds(year) == year
    assert seconds([20_240_101], time_format="seconds") == [20_240_101]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pl.Series([[1]]), r"orders\.csv: expected times in column 'time', got values of type List\(Int64\)"),
        (pl.Series([b"\xff"]), "got values of type Binary"),
        (pl.Series([timedelta(1)]), "got values of type Duration"),
        (pl.Series([True]), "expected times in column 'time', got truth values: name another column"),
        (pl.Series([None]), "line 2: .*, got an empty cell"),
        (pl.Series(["0000-01-01"]), "line 2: .* that is not before the year 1, got '0000-01-01'"),
        (pl.Series([-(10**18)]), "line 2: .* that is not before the year 1"),
        (pl.Series(["2024-01-01T10:00+99:99"]), r"line 2: .*, got '2024-01-01T10:00\+99:99'"),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), "line 2: .*, got 18446744073709551615"),
    ],
)
def test_columns_that_hold_no_times_are_refused(values: pl.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        seconds(values)


def test_a_stated_notation_counts_for_numbers_too() -> None:
    assert seconds([2024001], time_format="%Y%j") == [NOON - 43_200]
    with pytest.raises(ValueError, match="line 2: expected a time in column 'time' as iso, got 5"):
        seconds([5], time_format="iso")
    with pytest.raises(ValueError, match="line 2: expected a time in column 'time' as seconds, got an empty cell"):
        seconds(pl.Series([None]), time_format="seconds")


def test_messages_name_the_column_of_the_file() -> None:
    source = HERE.naming({"time": "ordered_at"})
    with pytest.raises(
        ValueError, match=r"a time in column 'ordered_at' \(time\) as ISO 8601, as most are, got 'soon'"
    ):
        to_seconds(pl.Series(["2024-01-01", "soon"]), source)


CLOCKS = ["T12:00", " 12:00", "T12:00:00", " 12:00:00", "T12:00:00.25", " 12:00:00.999999999", "T12:00:00,5"]
ZONES = ["", "Z", "+00:00", " +0000", "+00"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLOCKS), st.sampled_from(ZONES)), min_size=1, max_size=6))
def test_the_quick_way_for_one_notation_agrees_with_the_slow_one(parts: list[tuple[str, str]]) -> None:
    texts = [f"2024-01-01{clock}{zone}" for clock, zone in parts]
    assert seconds(texts) == [NOON] * len(texts)
    for first in (texts[0], "2024-01-01 12:00:00"):
        assert seconds([first] * 200 + texts) == [NOON] * (200 + len(texts))
        mixed = seconds([first] * 200 + texts, time_zone="Europe/Berlin")
        assert mixed[200:] == [NOON if zone else NOON - 3600 for _, zone in parts]
