"""Times in any notation as seconds, UTC."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.cleaning.times import moment_to_seconds, read_times
from ragx.data.source import Source

HERE = Source("orders.csv", lambda row: row + 2)
NOON = 1_704_110_400  # 2024-01-01 12:00 UTC


def seconds(values: pl.Series | Sequence[object], **options: str) -> list[int]:
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    return read_times(series, HERE, **options).seconds.to_list()


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


def test_an_hour_that_the_clock_skipped_is_refused_and_the_ways_round_it_work() -> None:
    texts = ["2024-03-31 02:30:00", "2024-03-31 03:30:00"]
    advice = (
        r"set dataset\.rules\.time_zone=UTC if they are UTC, Etc/GMT-1 where they are UTC\+1 all year, or write the"
    )
    columns = [pl.Series(texts), pl.Series([datetime.fromisoformat(text) for text in texts])]
    for values in columns:
        message = rf"line 2: expected a time .* that the clocks of Europe/Berlin showed, got .*{advice}"
        with pytest.raises(ValueError, match=message):
            seconds(values, time_zone="Europe/Berlin")
        assert seconds(values) == [1_711_852_200, 1_711_855_800]
        assert seconds(values, time_zone="Etc/GMT-1") == [1_711_848_600, 1_711_852_200]
    assert seconds([f"{texts[0]}+01:00", texts[1]], time_zone="Europe/Berlin") == [1_711_848_600, 1_711_848_600]
    with pytest.raises(ValueError, match=r"line 2: .* the clocks of Europe/Berlin showed, got '31.03.2024 02:30'"):
        seconds(["31.03.2024 02:30"], time_zone="Europe/Berlin", time_format="%d.%m.%Y %H:%M")
    with pytest.raises(ValueError, match=r"line 3: .* as ISO 8601, as most are, got 'soon'"):
        seconds([texts[0], "soon", texts[1]], time_zone="Europe/Berlin")


def test_an_hour_that_comes_twice_is_read_as_the_first() -> None:
    assert seconds(["2024-10-27 02:30"], time_zone="Europe/Berlin") == [1_729_989_000]


@pytest.mark.parametrize(("unit", "factor"), [("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)])
def test_fine_units_are_told_by_most_numbers(unit: str, factor: int) -> None:
    numbers = [NOON * factor + 123, NOON * factor + factor, 0]
    for values in (pl.Series(numbers), pl.Series(list(map(str, numbers))), pl.Series(numbers, dtype=pl.UInt64)):
        times = read_times(values, HERE)
        assert times.seconds.to_list() == [NOON, NOON + 1, 0]
        assert times.notation == f"{unit} since 1970"
        assert seconds(values, time_format=unit) == [NOON, NOON + 1, 0]
    with pytest.raises(ValueError, match=rf"line 2: .* as {unit} since 1970, as most are, got {NOON}\. "):
        seconds([NOON, *numbers])


def test_days_of_excel_are_refused_unless_they_are_stated() -> None:
    """45321.75 is 30 January 2024, 18:00, as spreadsheets show it."""
    evening = int(datetime(2024, 1, 30, 18, tzinfo=UTC).timestamp())
    columns: list[list[object]] = [[45321.75, 45322.0], ["45321.75", "45322"], [45321.75, 45322.0, 5.0]]
    for values in columns:
        with pytest.raises(ValueError, match=r"line 2: .*like Excel's days.* set dataset\.rules\.time_format=excel"):
            seconds(values)
    assert seconds([45321.75, 45322.0], time_format="excel") == [evening, evening + 21_600]
    assert seconds(["45321.75"], time_format="excel", time_zone="Europe/Berlin") == [evening - 3600]
    assert seconds([45322], time_format="seconds") == [45_322]
    every = [45_000 + second / 86_400 for second in range(0, 86_400, 977)]
    start = int(datetime(2023, 3, 15, tzinfo=UTC).timestamp())
    assert seconds(every, time_format="excel") == [start + second for second in range(0, 86_400, 977)]


def test_formats_without_a_day_or_a_month_mean_the_first() -> None:
    assert seconds([202_312], time_format="%Y%m") == [1_701_388_800]
    assert seconds(["2023"], time_format="%Y") == [1_672_531_200]


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
            "line 3: .* as a number of seconds, .* since 1970, as most are, got",
        ),
        ([f"{NOON}.5", "8", f"{NOON}000"], "line 4: .* as seconds since 1970, as most are"),
    ],
)
def test_most_cells_tell_the_notation_and_the_others_are_refused(values: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        seconds(values)


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        (2_024, "%Y"),
        (202_401, "%Y%m"),
        (20_240_101, "%Y%m%d"),
        (202_401_011_200, "%Y%m%d%H%M"),
        (20_240_101_120_000, "%Y%m%d%H%M%S"),
    ],
)
def test_calendar_dates_written_as_numbers_are_refused_with_their_format(value: int, pattern: str) -> None:
    among_others: list[list[object]] = [[NOON, NOON, value]] if value > 10**7 else [[value, value, NOON]]
    columns: list[list[object]] = [[value, value + 1], [str(value)], [float(value)]]
    for values in columns + among_others:
        with pytest.raises(
            ValueError, match=rf"got '?{value}.*year, month .*: set dataset\.rules\.time_format={pattern},"
        ):
            seconds(values)
    assert seconds([value], time_format=pattern)[0] in (NOON, NOON - 43_200)
    assert seconds([float(value)], time_format=pattern) == seconds([str(value)], time_format=pattern)


def test_seconds_since_any_beginning_are_not_taken_for_dates() -> None:
    year = list(range(0, 31_536_000, 86_399))
    assert any(19_000_101 <= second <= 20_991_231 for second in year)
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
        (pl.Series([-9 * 10**16]), "line 2: .* that is not before the year 1"),
        (pl.Series(["2024-01-01T10:00+99:99"]), r"line 2: .*, got '2024-01-01T10:00\+99:99'"),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), "line 2: .*, got 18446744073709551615"),
    ],
)
def test_columns_that_hold_no_times_are_refused(values: pl.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        seconds(values)


def test_a_stated_notation_counts_for_numbers_too() -> None:
    assert seconds([2024001], time_format="%Y%j") == [NOON - 43_200]
    with pytest.raises(ValueError, match="line 2: expected a time in column 'time' as ISO 8601, got 5"):
        seconds([5], time_format="iso")
    with pytest.raises(ValueError, match=r"line 2: expected a time .* as seconds since 1970, got an empty cell"):
        seconds(pl.Series([None]), time_format="seconds")


def test_messages_name_the_column_of_the_file() -> None:
    source = HERE.naming({"time": "ordered_at"})
    with pytest.raises(
        ValueError, match=r"a time in column 'ordered_at' \(time\) as ISO 8601, as most are, got 'soon'"
    ):
        read_times(pl.Series(["2024-01-01", "soon"]), source)


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
