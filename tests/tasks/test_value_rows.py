"""Rows and problems made of them: bad input is named, and a fingerprint tells contents and not order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from ragx.tasks import Rows, RowsProblem, rows_problem


def rows(names: str, shift: float = 0.0) -> Rows:
    x = np.arange(2 * len(names), dtype=float).reshape(-1, 2) + shift
    return Rows(pl.Series(list(names)), x, x.sum(1), ["one", "two"])


def problem(train: Rows, validation: Rows, test: Rows) -> RowsProblem:
    return rows_problem(name="made", unit="customer", dataset=None, train=train, validation=validation, test=test)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rows(pl.Series(["a"]), np.ones((2, 1)), np.ones(2)), r"got 1 ids, x \[2, 1\], y \[2\]"),
        (lambda: Rows(pl.Series(["a"]), np.ones(1), np.ones(1)), r"got 1 ids, x \[1\], y \[1\]"),
        (lambda: Rows(pl.Series(["a"]), np.ones((1, 1)), np.ones((1, 1, 2))), r"y \[1, 1, 2\]"),
        (lambda: Rows(pl.Series(["a"]), np.full((1, 1), np.inf), np.array([np.nan])), "got 2 that are not"),
        (lambda: Rows(pl.Series(["a"]), np.ones((1, 2)), np.ones(1), ["one"]), "expected 2 names of columns, got 1"),
        (lambda: rows("a").concatenate(Rows(pl.Series(["b"]), np.ones((1, 2)), np.ones(1))), "expected columns"),
        (lambda: problem(rows("ab"), rows("a"), rows("")), "expected rows in test, got none"),
        (lambda: problem(rows("ab"), rows("aab"), rows("a")), "one row for each customer in validation, got 1 more"),
    ],
)
def test_bad_rows_are_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_train_may_have_many_rows_of_a_unit_and_a_refit_has_validation_too() -> None:
    made = problem(rows("aab"), rows("ab"), rows("ab"))
    joined = made.train_and_validation
    assert joined.ids.to_list() == ["a", "a", "b", "a", "b"]
    assert joined.y.tolist() == [*made.train.y, *made.validation.y]
    assert made.contents == "2 customers, 2 features"
    assert made.sizes == {"train": 3, "validation": 2, "test": 2}


def test_the_fingerprint_is_of_contents_in_any_order() -> None:
    turned = Rows(pl.Series(["b", "a"]), rows("ab").x[::-1], rows("ab").y[::-1], ["one", "two"])
    mark = problem(rows("ab"), rows("ab"), rows("ab")).fingerprint
    assert problem(turned, rows("ab"), turned).fingerprint == mark
    others = [
        problem(rows("ab", 1), rows("ab"), rows("ab")),
        problem(rows("ab"), rows("ac"), rows("ab")),
        problem(rows("ab"), rows("ab"), rows("ab", 1)),
    ]
    assert len({mark, *(other.fingerprint for other in others)}) == 4


def test_a_column_that_is_the_target_is_named_and_one_number_everywhere_is_none() -> None:
    ids, y = pl.Series(["a", "b", "c"]), np.array([1.0, 0.0, 3.0])
    x = np.stack([y, y + 1, np.array([1.0, 0.0, 2.0])], axis=1)
    assert Rows(ids, x, y, names=["same", "more", "near"]).columns_equal_to_target == ["same"]
    assert Rows(ids, np.zeros((3, 1)), np.zeros(3)).columns_equal_to_target == []
    assert Rows(ids[:0], np.zeros((0, 1)), np.zeros(0)).columns_equal_to_target == []
