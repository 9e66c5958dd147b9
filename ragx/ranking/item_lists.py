"""Lists of items, one per user, in compressed rows: what was seen, what is relevant."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from ragx.checks import check
from ragx.rows import row_pointer_of
from ragx.typing import Bool, Int, Tensor


def as_index(name: str, values: Tensor | NDArray[np.integer]) -> Int[Tensor, " N"]:
    """Return ``values`` as a flat int64 tensor, sharing memory where it can.

    Raises:
        ValueError: the values are not whole numbers in one dimension.
    """
    if isinstance(values, np.ndarray):
        values = torch.from_numpy(values if values.flags.writeable else values.copy())
    index = torch.as_tensor(values)
    check(
        index.dim() == 1 and not index.is_floating_point() and index.dtype != torch.bool,
        f"{name}: expected whole numbers in one dimension, got shape {tuple(index.shape)} of {index.dtype}.",
    )
    return index.to(torch.int64)


@dataclass(frozen=True, eq=False)
class ItemLists:
    """Items of every user: user u holds ``items[row_pointer[u]:row_pointer[u + 1]]``, ascending, none twice.

    Args:
        row_pointer: first position of every user, of size ``num_users + 1``.
        items: items of all users, one list after the other.

    Raises:
        ValueError: the pointer does not fit the items, or a list is not ascending or holds a negative item.
    """

    row_pointer: Int[Tensor, " users_plus_1"]
    items: Int[Tensor, " N"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "row_pointer", as_index("row_pointer", self.row_pointer))
        object.__setattr__(self, "items", as_index("items", self.items))
        pointer, items = self.row_pointer, self.items
        fits = pointer.numel() > 0 and int(pointer[0]) == 0 and int(pointer[-1]) == items.numel()
        check(
            fits and bool((pointer.diff() >= 0).all()),
            f"row_pointer: expected an ascending pointer from 0 to the {items.numel()} items, one more than users.",
        )
        ascending = items.diff() > 0
        inner = pointer[(pointer > 0) & (pointer < items.numel())]
        ascending[inner - 1] = True
        check(
            bool(ascending.all()) and (not items.numel() or int(items.min()) >= 0),
            "items: expected ascending items from 0 without repeats in every list; ItemLists.from_pairs sorts them.",
        )

    @classmethod
    def from_pairs(
        cls, users: Tensor | NDArray[np.integer], items: Tensor | NDArray[np.integer], num_users: int
    ) -> Self:
        """Return the lists of (user, item) pairs in any order; a repeated pair counts once.

        Raises:
            ValueError: the two differ in length, or a user or item is out of range.
        """
        users, items = as_index("users", users), as_index("items", items)
        check(users.shape == items.shape, f"users and items: expected one length, got {len(users)} and {len(items)}.")
        if users.numel():
            low, high = int(users.min()), int(users.max())
            check(low >= 0 and high < num_users, f"users: expected rows 0 to {num_users - 1}, got {low} to {high}.")
            check(int(items.min()) >= 0, f"items: expected rows from 0, got {int(items.min())}.")
        stride = int(items.max()) + 1 if items.numel() else 1
        key = torch.unique(users * stride + items)
        return cls(row_pointer_of(key // stride, num_users), key % stride)

    @property
    def num_users(self) -> int:
        """Number of users U, those with empty lists included."""
        return self.row_pointer.numel() - 1

    @cached_property
    def lengths(self) -> Int[Tensor, " U"]:
        """Number of items of every user."""
        return self.row_pointer.diff()

    @cached_property
    def users(self) -> Int[Tensor, " N"]:
        """User of every entry of ``items``."""
        return torch.repeat_interleave(self.lengths)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the lists."""
        parts = (self.row_pointer, self.items)
        return hashlib.sha256(b"".join(part.cpu().numpy().tobytes() for part in parts)).digest()

    @cached_property
    def _stride(self) -> int:
        return int(self.items.max()) + 1 if self.items.numel() else 1

    @cached_property
    def _keys(self) -> Int[Tensor, " N"]:
        return self.users * self._stride + self.items

    def pairs(self, users: Int[Tensor, " B"]) -> tuple[Int[Tensor, " M"], Int[Tensor, " M"]]:
        """Return the items of the named users, and beside each item its user's position in ``users``."""
        lengths = self.lengths[users]
        rows = torch.repeat_interleave(lengths)
        shift = self.row_pointer[users] - (lengths.cumsum(0) - lengths)
        return rows, self.items[torch.arange(rows.numel(), device=rows.device) + shift[rows]]

    def contains(self, users: Int[Tensor, " B"], items: Int[Tensor, "B K"]) -> Bool[Tensor, "B K"]:
        """Return for every user and item whether the user's list holds the item; -1 is never held."""
        if not self.items.numel():
            return torch.zeros_like(items, dtype=torch.bool)
        known = (items >= 0) & (items < self._stride)
        key = users[:, None] * self._stride + torch.where(known, items, 0)
        position = torch.searchsorted(self._keys, key).clamp_(max=self._keys.numel() - 1)
        return known & (self._keys[position] == key)

    def num_shared(self, other: "ItemLists", users: Int[Tensor, " B"]) -> int:
        """Return how many items of the named users are in both lists of a user."""
        rows, items = self.pairs(users)
        return int(other.contains(users[rows], items[:, None]).sum())

    def union(self, other: "ItemLists") -> "ItemLists":
        """Return lists that hold the items of both.

        Raises:
            ValueError: the two are about different numbers of users.
        """
        check(
            self.num_users == other.num_users,
            f"union: expected lists of one number of users, got {self.num_users} and {other.num_users}.",
        )
        users, items = torch.cat((self.users, other.users)), torch.cat((self.items, other.items))
        return ItemLists.from_pairs(users, items, self.num_users)

    def to(self, device: torch.device | str) -> "ItemLists":
        """Return the lists on ``device``."""
        return ItemLists(self.row_pointer.to(device), self.items.to(device))
