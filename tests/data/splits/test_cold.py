"""Cold users and items: train knows none of them."""

from collections.abc import Callable

import pytest

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.data.splits.cold import cold_items_split, cold_users_split


@pytest.mark.parametrize(("make", "side"), [(cold_users_split, "user"), (cold_items_split, "item")])
def test_a_side_is_held_out_whole(tiny_shop: Dataset, make: Callable[..., Split], side: str) -> None:
    split = make(tiny_shop, validation=0.1, test=0.2, seed=3)
    opened = split.test.open(reason="test of the split", on_open=lambda reason: None)
    parts = [set(part.column(side).tolist()) for part in (split.train, split.validation, opened)]
    present = set(tiny_shop.interactions.column(side).tolist())
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert set.union(*parts) == present
    assert len(split.train) + len(split.validation) + len(opened) == len(tiny_shop.interactions)
    assert len(parts[1]) == round(0.1 * len(present)) == split.notes[f"validation_cold_{side}s"]
    assert len(parts[2]) == round(0.2 * len(present)) == split.notes[f"test_cold_{side}s"]
    assert split.notes[f"test_{side}s_without_train"] == len(parts[2])
    assert split.notes["test_repeats_left_out"] == 0
    assert split.name == f"cold_{side}s"


def test_the_draw_is_keyed(tiny_shop: Dataset) -> None:
    assert cold_users_split(tiny_shop, seed=1).fingerprint == cold_users_split(tiny_shop, seed=1).fingerprint
    assert cold_users_split(tiny_shop, seed=1).fingerprint != cold_users_split(tiny_shop, seed=2).fingerprint


def test_bad_fractions_are_refused(tiny_shop: Dataset) -> None:
    with pytest.raises(ValueError, match=r"validation: expected a fraction above 0 of the users, got 0"):
        cold_users_split(tiny_shop, validation=0.0)
    with pytest.raises(ValueError, match=r"validation \+ test: expected less than 1, got 1\.1"):
        cold_items_split(tiny_shop, validation=0.5, test=0.6)
    with pytest.raises(ValueError, match=r"items are 0 in validation and 6 in test; .*greater fractions"):
        cold_items_split(tiny_shop, validation=0.001)
