"""Compressed rows."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ragx.rows import row_pointer_of


def test_worked_pointer() -> None:
    assert row_pointer_of(torch.tensor([1, 1, 3]), 5).tolist() == [0, 0, 2, 2, 3, 3]
    assert row_pointer_of(torch.zeros(0, dtype=torch.int64), 2).tolist() == [0, 0, 0]
    assert row_pointer_of(torch.zeros(0, dtype=torch.int64), 0).tolist() == [0]


@given(index=st.lists(st.integers(0, 6), max_size=20).map(sorted))
def test_each_row_holds_its_own_positions(index: list[int]) -> None:
    pointer = row_pointer_of(torch.tensor(index, dtype=torch.int64), 7).tolist()
    for row in range(7):
        assert index[pointer[row] : pointer[row + 1]] == [row] * index.count(row)
