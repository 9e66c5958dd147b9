"""What a dataset must hold."""

import polars as pl
import pytest

from ragx.data.dataset import Dataset, fitting_name
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
    with pytest.raises(ValueError, match="mine: expected a part for each of 2 interactions, got 3"):
        Dataset("mine", some(["a", "b"]), published=pl.Series(["train"] * 3))


@pytest.mark.parametrize("name", ["orders", "ml-100k", "Заказы 2024", "注文", "हिन्दी", "a.b_c:d"])
def test_names_in_any_script_are_taken(name: str) -> None:
    assert Dataset(name, some(["a", "b"])).name == fitting_name(name) == name


@pytest.mark.parametrize(
    ("name", "message", "fitting"),
    [
        ("a/b", r"expected letters, digits, space and \. _ - :, got '/' in 'a/b'", "ab"),
        ("..\\x", r"got '\\\\' in", "x"),
        ("[/x]", r"got '\[' in '\[/x\]'", "x"),
        ("a\n", r"got '\\n' in", "a"),
        ("\x1b[31m", r"got '\\x1b' in", "31m"),
        ("", "a letter or digit first, got ''", "data"),
        ("..", r"a letter or digit first, got '\.\.'", "data"),
        ("é" * 61, "expected at most 120 bytes, got 122: shorten it", "é" * 60),
        ("orders [1]", r"got '\[' in", "orders 1"),
    ],
)
def test_names_that_do_not_fit_in_a_path_or_a_table_are_refused(name: str, message: str, fitting: str) -> None:
    with pytest.raises(ValueError, match=rf"dataset\.name: .*{message}"):
        Dataset(name, some(["a", "b"]))
    assert fitting_name(name) == fitting
