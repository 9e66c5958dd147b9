"""What a dataset must hold."""

import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions


def some(items: list[str]) -> Interactions:
    return Interactions.from_events(pl.DataFrame({"user": ["u"] * len(items), "item": items}))


def test_an_empty_dataset_or_one_item_is_refused() -> None:
    with pytest.raises(ValueError, match="Dataset mine: expected interactions, got none"):
        Dataset("mine", some(["a", "b"]).filter(pl.col("item") > 1))
    with pytest.raises(ValueError, match="Dataset mine: expected at least two items"):
        Dataset("mine", some(["a", "a"]))


def test_unknown_parts_are_named() -> None:
    with pytest.raises(ValueError, match=r"unknown parts \['valid'\]; known are train, validation, test"):
        Dataset("mine", some(["a", "b"]), published=pl.Series(["train", "valid"]))
