"""A held-out part as evaluation needs it: lists to be found, lists known before, counts; made once for a split."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch

from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.ranking.item_lists import ItemLists
from ragx.typing import Bool, Float, Tensor


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What a part is held against.

    Args:
        relevant: the items to be found.
        known: the items that users had before, as :meth:`ragx.data.Problem.input` says.
        popularity: train count of every item.
        cold: users without train interactions.
        users: outside ids of users.
        items: outside ids of items.
    """

    relevant: ItemLists
    known: ItemLists
    popularity: Float[Tensor, " I"]
    cold: Bool[Tensor, " U"]
    users: IdMap
    items: IdMap


_validation: WeakKeyDictionary[Split, HeldOut] = WeakKeyDictionary()


def item_lists(interactions: Interactions) -> ItemLists:
    """Return the distinct items of every user of the map."""
    users, items = (torch.tensor(interactions.column(name)) for name in ("user", "item"))
    return ItemLists.from_pairs(users, items, interactions.num_users)


def held_out_for_validation(split: Split) -> HeldOut:
    """Return the validation part, made once and kept as long as the split, since every epoch asks for it."""
    if split not in _validation:
        _validation[split] = _held_out(split, split.validation, split.input("validation"))
    return _validation[split]


def held_out_for_test(split: Split, test: Interactions) -> HeldOut:
    """Return the test part that was just opened; nothing keeps it."""
    return _held_out(split, test, split.input("test"))


def _held_out(split: Split, part: Interactions, known: Interactions) -> HeldOut:
    train = split.train
    cold = torch.ones(train.num_users, dtype=torch.bool)
    cold[torch.tensor(train.column("user"))] = False
    popularity = torch.tensor(train.item_counts(), dtype=torch.float64)
    return HeldOut(item_lists(part), item_lists(known), popularity, cold, train.users, train.items)
