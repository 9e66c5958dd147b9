"""Outside ids and rows."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.ids.id_map import IdMap


@given(values=st.lists(st.text(max_size=5).map("u{}".format), min_size=1))
def test_rows_and_outside_ids_undo_each_other(values: list[str]) -> None:
    ids = IdMap.of("user", pl.Series(values))
    assert ids.outside(ids.rows(values)).to_list() == values
    assert ids.rows(ids.ids).tolist() == list(range(len(ids)))


def test_rows_follow_whole_numbers_by_value_and_text_by_code_point() -> None:
    ids = IdMap.of("item", pl.Series([10, 3, 10, 5]))
    assert ids.ids.to_list() == [3, 5, 10]
    assert ids.rows([5, 10]).tolist() == [1, 2]
    assert len(ids) == 3
    assert IdMap.of("item", pl.Series(["é", "10", "b", "3", "B", "10"])).ids.to_list() == ["10", "3", "B", "b", "é"]


@settings(deadline=None)
@given(data=st.data(), values=st.lists(st.text(max_size=3), min_size=1))
def test_rows_do_not_follow_the_order_of_the_file(data: st.DataObject, values: list[str]) -> None:
    shuffled = data.draw(st.permutations(values))
    assert IdMap.of("user", pl.Series(shuffled)).ids.equals(IdMap.of("user", pl.Series(values)).ids)


def test_numbers_find_ids_of_text_and_the_other_way_round() -> None:
    assert IdMap("user", pl.Series(["10", "20"])).rows([20]).tolist() == [1]
    assert IdMap("user", pl.Series([10, 20])).rows([10, 20]).dtype == np.int64
    assert IdMap("user", pl.Series([10, 20], dtype=pl.Int32)).lookup(pl.Series(["20", "x"])).tolist() == [1, -1]


def test_unknown_ids_are_minus_one_to_lookup_and_an_error_to_rows() -> None:
    ids = IdMap("user", pl.Series(["anna", "bert", "carla"]))
    assert ids.lookup(pl.Series(["bert", "nobody"])).tolist() == [1, -1]
    with pytest.raises(ValueError, match=r"Unknown user 'ana': the data has 3 users, such as .*Did you mean 'anna'\?"):
        ids.rows(["bert", "ana"])
    with pytest.raises(ValueError, match="Unknown item '3': the data has 2 items, such as 1, 2"):
        IdMap("item", pl.Series([1, 2])).rows([1, 3])


def test_empty_and_repeated_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="user ids: expected no empty id, got 1"):
        IdMap("user", pl.Series(["a", None]))
    with pytest.raises(ValueError, match="item ids: expected unique ids, got repeated ones"):
        IdMap("item", pl.Series(["a", "a"]))
