"""The fingerprint: of what a split holds, not of how it is numbered or ordered."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.fingerprint import fingerprint
from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions

USERS, ITEMS = ["u", "v", "w"], [1, 2, 10, 3]
TRAIN = [("u", 1), ("u", 2), ("v", 10), ("w", 3)]
TEST = [("v", 1), ("w", 2)]


def mark(
    train: list[tuple[str, int]] = TRAIN,
    test: list[tuple[str, int]] = TEST,
    users: list[str] = USERS,
    items: list[int] = ITEMS,
    ordered: bool = False,
    times: list[int] | None = None,
) -> str:
    maps = IdMap("user", pl.Series(users)), IdMap("item", pl.Series(items))
    schema = {"user": pl.String, "item": pl.Int64}
    tables = [pl.DataFrame(pairs, schema=schema, orient="row") for pairs in (train, test)]
    if times is not None:
        tables[0] = tables[0].with_columns(timestamp=pl.Series(times))
    train_part, test_part = (Interactions.from_events(table, *maps) for table in tables)
    return fingerprint({"train": train_part, "test": test_part}, ordered)


def test_it_is_twelve_hexadecimal_digits() -> None:
    assert len(mark()) == 12
    int(mark(), 16)


@settings(max_examples=25)
@given(users=st.permutations(USERS), items=st.permutations(ITEMS), train=st.permutations(TRAIN))
def test_numbering_and_order_do_not_matter(users: list[str], items: list[int], train: list[tuple[str, int]]) -> None:
    assert mark(train, TEST, users, items) == mark()


@settings(max_examples=25)
@given(index=st.integers(0, 3), user=st.sampled_from(USERS), item=st.sampled_from(ITEMS))
def test_one_pair_moved_changes_it(index: int, user: str, item: int) -> None:
    moved = [*TRAIN[:index], (user, item), *TRAIN[index + 1 :]]
    assert (mark(moved) == mark()) is (sorted(moved) == sorted(TRAIN))


def test_a_pair_in_another_part_or_twice_changes_it() -> None:
    assert mark(TRAIN[:-1], [*TEST, TRAIN[-1]]) != mark()
    assert mark([*TRAIN, TRAIN[0]]) != mark()
    assert mark(TEST, TRAIN) != mark()


def test_another_id_changes_it_even_without_an_event() -> None:
    assert mark(users=[*USERS, "x"]) != mark()
    assert mark([("u", 11) if pair == ("v", 10) else pair for pair in TRAIN], items=[1, 2, 11, 3]) != mark()


def test_the_order_of_time_matters_when_it_is_asked_for() -> None:
    assert mark(ordered=True, times=[1, 2, 3, 4]) != mark(ordered=True, times=[2, 1, 3, 4])
    assert mark(ordered=False, times=[1, 2, 3, 4]) == mark(ordered=False, times=[2, 1, 3, 4])
    shuffled = [TRAIN[i] for i in (2, 0, 3, 1)]
    assert mark(shuffled, ordered=True, times=[3, 1, 4, 2]) == mark(ordered=True, times=[1, 2, 3, 4])
