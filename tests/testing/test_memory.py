"""The meter of memory, on calls whose peak is known."""

import torch

from ragx.testing.memory import peak_bytes

MEGABYTE = 2**20


def allocate(megabytes: int) -> torch.Tensor:
    return torch.empty(megabytes * MEGABYTE, dtype=torch.uint8)


def test_what_is_held_at_one_time_adds_up() -> None:
    def both() -> None:
        one, other = allocate(3), allocate(4)
        del one, other

    assert peak_bytes(both) == 7 * MEGABYTE


def test_what_was_given_back_does_not_count() -> None:
    def one_after_the_other() -> None:
        for megabytes in (3, 4, 2):
            tensor = allocate(megabytes)
            del tensor

    assert peak_bytes(one_after_the_other) == 4 * MEGABYTE


def test_what_lies_within_an_operator_counts_and_what_was_there_does_not() -> None:
    allocated = torch.zeros(MEGABYTE)
    assert peak_bytes(lambda: allocated.add_(1)) < 100
    assert peak_bytes(lambda: allocated.exp().sum()) >= 4 * MEGABYTE
    assert peak_bytes(lambda: allocated.sort().values.sum()) > 3 * 4 * MEGABYTE  # values, positions in 64 bits
