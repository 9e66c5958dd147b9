"""Compressed rows: how lists of different lengths lie one after the other in one tensor."""

import torch

from ragx.typing import Int, Tensor


def row_pointer_of(index: Int[Tensor, " n"], num_rows: int) -> Int[Tensor, " rows_plus_1"]:
    """Return the row pointer of a sorted index: row r holds positions ``pointer[r]`` to ``pointer[r + 1]``."""
    pointer = index.new_zeros(num_rows + 1)
    pointer[1:] = torch.bincount(index, minlength=num_rows).cumsum(0)
    return pointer
