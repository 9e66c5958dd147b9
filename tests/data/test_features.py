"""Node features, worked by hand."""

import polars as pl
import torch

from ragx.data.dataset import Dataset
from ragx.data.features import ONE_HOT_LIMIT, node_features
from ragx.data.interactions import Interactions

EVENTS = Interactions.from_events(pl.DataFrame({"user": ["a", "b", "b"], "item": ["x", "y", "z"]}))
TRAIN = EVENTS.filter(EVENTS.items.lookup(pl.Series(["x", "y", "z"])) < 2)  # item z is not in train


def features(**tables: pl.DataFrame) -> torch.Tensor:
    matrix = node_features(Dataset("some", EVENTS, tables=tables), TRAIN)
    assert matrix is not None
    return matrix


def test_numbers_are_scaled_on_train_and_empty_ones_marked() -> None:
    items = pl.DataFrame({"item": ["z", "x", "y"], "price": [100.0, 1.0, 3.0]})
    users = pl.DataFrame({"user": ["b"], "age": [40]})
    expected = [
        [0, 1, 0],  # a: no age, so the mean, marked
        [0, 0, 0],  # b: the only age of train, hence its mean
        [0, 0, -1],  # x: (1 - 2) / 1
        [0, 0, 1],
        [0, 0, 98],
    ]
    assert features(items=items, users=users).tolist() == expected


def test_categories_and_lists_of_train_get_a_column_each() -> None:
    items = pl.DataFrame(
        {
            "item": ["x", "y", "z"],
            "colour": pl.Series(["red", None, "blue"], dtype=pl.Categorical),
            "tags": pl.Series([["q", "p"], [], ["p", "new"]], dtype=pl.List(pl.Categorical)),
            "title": ["a text", "is left", "out"],
        }
    )
    # red, colour empty, p, q
    assert features(items=items)[2:].tolist() == [[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert features(items=items)[:2].abs().sum() == 0


def test_vectors_follow_their_ids() -> None:
    vector = pl.Series([[1.0, 2.0], [3.0, 4.0]], dtype=pl.Array(pl.Float32, 2))
    items = pl.DataFrame({"item": ["z", "x"], "vector": vector})
    assert features(items=items)[2:].tolist() == [[3, 4, 0], [0, 0, 1], [1, 2, 0]]


def test_many_categories_share_hashed_columns() -> None:
    number = ONE_HOT_LIMIT + 1
    names = [f"name-{row}" for row in range(number)]
    events = Interactions.from_events(pl.DataFrame({"user": [0] * number, "item": names}))
    items = pl.DataFrame({"item": names, "name": pl.Series(names, dtype=pl.Categorical)})
    matrix = node_features(Dataset("some", events, tables={"items": items}), events)
    assert matrix is not None
    assert matrix.shape == (1 + number, ONE_HOT_LIMIT)
    assert (matrix[1:].sum(dim=1) == 1).all()
    assert (matrix.sum(dim=0) > 0).sum() > ONE_HOT_LIMIT / 2


def test_a_constant_number_is_zero_and_text_alone_is_no_feature() -> None:
    assert features(items=pl.DataFrame({"item": ["x", "y"], "one": [1, 1]}))[2:4, 0].tolist() == [0, 0]
    text = pl.DataFrame({"item": ["x"], "title": ["tea"]})
    assert node_features(Dataset("some", EVENTS, tables={"items": text}), TRAIN) is None
    assert node_features(Dataset("some", EVENTS), TRAIN) is None
