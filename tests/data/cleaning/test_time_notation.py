"""What a column of times in no notation that tells itself is told to be."""

import re

import polars as pl
import pytest

from ragx.data.cleaning.times import read_times
from ragx.data.source import Source

HERE = Source("orders.csv", lambda row: row + 2)


def test_a_notation_that_is_not_told_is_asked_for_and_the_advice_works() -> None:
    german = pl.Series(["27.03.2024 07:34", "01.04.2024 00:00"])
    with pytest.raises(ValueError, match=r"line 2: .* 2 rows are like this") as caught:
        read_times(german, HERE)
    advised = re.search(r"\"dataset\.rules\.time_format='(.+)'\"\.$", str(caught.value))
    assert advised
    assert read_times(german, HERE, time_format=advised[1]).seconds.to_list() == [1711524840, 1711929600]
