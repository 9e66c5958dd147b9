import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ragx.ranking.item_lists import ItemLists

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=30)


def lists_of(pairs: list[tuple[int, int]], num_users: int = 5) -> ItemLists:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return ItemLists.from_pairs(table[:, 0], table[:, 1], num_users)


def sets_of(lists: ItemLists) -> list[list[int]]:
    return [part.tolist() for part in torch.split(lists.items, lists.lengths.tolist())]


def test_pairs_are_sorted_and_counted_once() -> None:
    lists = lists_of([(2, 7), (0, 3), (2, 1), (0, 3)], num_users=4)
    assert lists.row_pointer.tolist() == [0, 1, 1, 3, 3]
    assert lists.items.tolist() == [3, 1, 7]
    assert lists.lengths.tolist() == [1, 0, 2, 0]
    assert lists.users.tolist() == [0, 2, 2]
    assert lists.num_users == 4


def test_columns_of_a_table_are_taken_as_they_are() -> None:
    column = pl.DataFrame({"item": [3, 1]})["item"].to_numpy()
    assert ItemLists.from_pairs(np.zeros(2, dtype=np.int32), column, 1).items.tolist() == [1, 3]


def test_pairs_of_chosen_users_keep_their_order() -> None:
    lists = lists_of([(0, 3), (2, 1), (2, 7)], num_users=4)
    rows, items = lists.pairs(torch.tensor([2, 1, 0, 2]))
    assert rows.tolist() == [0, 0, 2, 3, 3]
    assert items.tolist() == [1, 7, 3, 1, 7]


@given(PAIRS, PAIRS)
def test_union_and_contains_are_those_of_sets(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    both = lists_of(first).union(lists_of(second))
    assert sets_of(both) == sets_of(lists_of(first + second))
    items = torch.arange(-1, 12).repeat(5, 1)
    held = both.contains(torch.arange(5), items)
    expected = [[(user, item) in {*first, *second} for item in range(-1, 12)] for user in range(5)]
    assert held.tolist() == expected


def test_empty_lists() -> None:
    lists = ItemLists.from_pairs(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 3)
    assert lists.lengths.tolist() == [0, 0, 0]
    assert not lists.contains(torch.tensor([1]), torch.tensor([[0, 5]])).any()


def test_bad_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="row_pointer: expected an ascending pointer from 0 to the 2 items"):
        ItemLists(torch.tensor([0, 1]), torch.tensor([4, 5]))
    with pytest.raises(ValueError, match="items: expected ascending items from 0 without repeats"):
        ItemLists(torch.tensor([0, 2]), torch.tensor([4, 4]))
    with pytest.raises(ValueError, match="items: expected ascending items"):
        ItemLists(torch.tensor([0, 1]), torch.tensor([-1]))
    with pytest.raises(ValueError, match="users: expected rows 0 to 1, got 0 to 2"):
        ItemLists.from_pairs(torch.tensor([0, 2]), torch.tensor([0, 0]), 2)
    with pytest.raises(ValueError, match="expected one length, got 1 and 2"):
        ItemLists.from_pairs(torch.tensor([0]), torch.tensor([0, 0]), 2)
    with pytest.raises(ValueError, match="items: expected rows from 0, got -3"):
        ItemLists.from_pairs(torch.tensor([0]), torch.tensor([-3]), 2)
    with pytest.raises(ValueError, match=r"items: expected whole numbers in one dimension, got shape \(1,\) of"):
        ItemLists.from_pairs(torch.tensor([0]), torch.tensor([0.5]), 2)
    with pytest.raises(ValueError, match="one number of users, got 5 and 2"):
        lists_of([(0, 1)]).union(lists_of([(0, 1)], num_users=2))
