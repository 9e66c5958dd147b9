"""The table of events."""

from typing import Any

import polars as pl
import pytest

from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions


def events(**extra: Any) -> Interactions:
    table = {"user": ["u", "v", "u", "u"], "item": [5, 5, 5, 9], **extra}
    return Interactions.from_events(pl.DataFrame(table))


def bare(**columns: Any) -> Interactions:
    table = pl.DataFrame({"user": [0], "item": [1], **columns})
    return Interactions(table, IdMap("user", pl.Series(["u"])), IdMap("item", pl.Series([5, 9])))


def test_events_become_rows_with_their_optional_columns() -> None:
    some = events(value=[1, 2, 3, 4], timestamp=[4, 3, 2, 1], kind=["buy"] * 4, note=["dropped"] * 4)
    assert some.table.columns == ["user", "item", "value", "timestamp", "kind"]
    assert some.column("user").tolist() == [0, 1, 0, 0]
    assert some.column("item").tolist() == [0, 0, 0, 1]
    assert some.column("value").tolist() == [1.0, 2.0, 3.0, 4.0]
    assert (len(some), some.num_users, some.num_items) == (4, 2, 2)
    assert some.has("kind")
    assert not events().has("kind")


def test_pairs_are_distinct_and_sorted_and_counted_by_distinct_users() -> None:
    assert events().pairs().rows() == [(0, 0), (0, 1), (1, 0)]
    assert events().item_counts().tolist() == [2, 1]


def test_parts_share_their_maps_and_join_again() -> None:
    some = events()
    first, rest = some.filter(pl.col("user") == 1), some.filter(some.column("user") == 0)
    assert (len(first), len(rest), first.num_items) == (1, 3, 2)
    assert first.users is some.users
    assert first.concatenate(rest).table.rows() == [(1, 0), (0, 0), (0, 0), (0, 1)]
    with pytest.raises(ValueError, match="expected tables of shared maps"):
        first.concatenate(events())


def test_maps_that_are_given_are_kept_and_strangers_refused() -> None:
    users = IdMap("user", pl.Series(["w", "v", "u"]))
    some = Interactions.from_events(pl.DataFrame({"user": ["u"], "item": [5]}), users=users)
    assert some.column("user").tolist() == [2]
    with pytest.raises(ValueError, match="Unknown user 'x'"):
        Interactions.from_events(pl.DataFrame({"user": ["x"], "item": [5]}), users=users)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"item": [2]}, "Interactions: item rows 2 to 2 exceed 2 ids"),
        ({"user": [-1]}, "Interactions: user rows -1 to -1 exceed 1 ids"),
        ({"user": ["u"]}, "Interactions: expected user as int64 rows, got String"),
        ({"price": [1.0]}, r"Interactions: unknown columns \['price'\]; known are"),
        ({"value": [float("nan")]}, "column value has NaN or infinite numbers"),
        ({"value": [float("inf")]}, "column value has NaN or infinite numbers"),
        ({"timestamp": pl.Series([None], dtype=pl.Int64)}, "column timestamp has empty cells"),
    ],
)
def test_a_table_that_is_none_is_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bare(**columns)


def test_missing_columns_are_named() -> None:
    with pytest.raises(ValueError, match="These interactions have no timestamp: they carry user, item"):
        events().column("timestamp")
    with pytest.raises(ValueError, match="Events: expected a column item, got"):
        Interactions.from_events(pl.DataFrame({"user": [1]}))
    with pytest.raises(ValueError, match="Events: column user has 1 empty ids"):
        Interactions.from_events(pl.DataFrame({"user": [1, None], "item": [1, 2]}))
