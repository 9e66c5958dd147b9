"""Published parts: a validation part held out of train, its two fingerprints, and no pooling that nobody asked for."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.cold import cold_items_split, cold_users_split
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.origins import origin_split
from ragx.data.splits.splitters import default_split, published_split, random_split, time_split

Pair = tuple[str, str]
Splitter = Callable[..., Split]
OTHERS = [random_split, time_split, origin_split, leave_last_out_split, cold_users_split, cold_items_split]
TRAIN = [(user, item) for user in "abc" for item in "klmnopqrst"] + [("d", "k")]
TEST = [("a", "x"), ("b", "x"), ("c", "y")]


def benchmark(train: list[Pair], test: list[Pair], validation: list[Pair] | None = None) -> Dataset:
    parts = {"train": train, "test": test, "validation": validation or []}
    rows = [(*pair, part) for part, pairs in parts.items() for pair in pairs]
    table = pl.DataFrame(rows, schema=["user", "item", "part"], orient="row")
    return Dataset("benchmark", Interactions.from_events(table.drop("part")), published=table["part"])


def pairs(part: Interactions) -> list[Pair]:
    users, items = part.users.outside(part.column("user")), part.items.outside(part.column("item"))
    return list(zip(users, items, strict=True))


def opened(split: Split) -> Interactions:
    return split.test.open(reason="a test", on_open=lambda reason: None)


@pytest.fixture(scope="module")
def divided_shop(tiny_shop: Dataset) -> Dataset:
    """Return the tiny shop as if it had been published as train and test."""
    part = np.where(np.arange(len(tiny_shop.interactions)) % 5 == 0, "test", "train")
    return replace(tiny_shop, published=pl.Series("part", part))


def test_a_fraction_of_each_users_train_items_becomes_validation() -> None:
    split = published_split(benchmark(TRAIN, TEST), validation=0.2)
    held_out = pairs(split.validation)
    assert sorted(user for user, _ in held_out) == ["a", "a", "b", "b", "c", "c"]  # d has one item, which stays
    assert sorted(held_out + pairs(split.train)) == sorted(TRAIN)
    assert sorted(pairs(opened(split))) == sorted(TEST)
    assert split.name == "published"


def test_a_user_keeps_an_item_in_train() -> None:
    split = published_split(benchmark(TRAIN, TEST), validation=0.99)
    assert sorted(user for user, _ in pairs(split.train)) == list("abcd")


def test_the_draw_is_keyed_by_its_seed() -> None:
    first, repeated, other = (published_split(benchmark(TRAIN, TEST), validation=0.2, seed=seed) for seed in (0, 0, 1))
    assert first.fingerprint == repeated.fingerprint != other.fingerprint


def test_all_events_of_a_drawn_pair_go_to_validation() -> None:
    split = published_split(benchmark(TRAIN * 3, TEST), validation=0.2)
    assert len(split.validation) == 3 * 6
    assert split.notes["validation_repeats_left_out"] == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("jklmuvz")), max_size=12),
    st.floats(0.1, 0.9),
    st.integers(0, 3),
)
def test_the_test_part_has_no_say_in_train_and_validation(test: list[Pair], validation: float, seed: int) -> None:
    one, other = (
        published_split(benchmark(TRAIN, pairs), validation=validation, seed=seed) for pairs in (TEST, TEST + test)
    )
    for part in ("train", "validation"):
        assert pairs(getattr(one, part)) == pairs(getattr(other, part))


def test_the_published_fingerprint_does_not_know_what_was_chosen_as_validation() -> None:
    data = benchmark(TRAIN, TEST)
    marks = [published_split(data, validation=part, seed=seed) for part, seed in ((0.1, 0), (0.1, 1), (0.3, 0))]
    assert len({split.fingerprint for split in marks}) == 3
    assert len({split.published_fingerprint for split in marks}) == 1
    published = published_split(benchmark(TRAIN[1:], TEST, TRAIN[:1]))
    assert published.published_fingerprint == marks[0].published_fingerprint
    assert published.fingerprint not in {split.fingerprint for split in marks}
    for other in (benchmark(TRAIN[1:], TEST), benchmark(TRAIN, TEST[1:])):
        assert published_split(other, validation=0.1).published_fingerprint != marks[0].published_fingerprint


def test_the_published_fingerprint_of_a_target_tells_of_the_kind() -> None:
    plain = benchmark(TRAIN * 2, TEST * 2)
    kinds = [kind for pairs in (TRAIN, TEST) for kind in ("view", "buy") for _ in pairs]
    table = plain.interactions.table.with_columns(kind=pl.Series(kinds))
    kinded = replace(plain, interactions=replace(plain.interactions, table=table))
    splits = [published_split(kinded, validation=0.2, seed=seed).for_target("buy") for seed in (0, 1)]
    assert splits[0].fingerprint != splits[1].fingerprint
    assert splits[0].published_fingerprint == splits[1].published_fingerprint
    assert splits[0].published_fingerprint != published_split(kinded, validation=0.2).published_fingerprint


def test_only_a_split_with_the_published_test_part_has_the_published_fingerprint(divided_shop: Dataset) -> None:
    assert default_split(divided_shop).published_fingerprint
    assert random_split(divided_shop, pool_published=True).published_fingerprint is None
    assert time_split(replace(divided_shop, published=None)).published_fingerprint is None


def test_the_default_split_draws_what_the_publisher_did_not_give() -> None:
    data = benchmark(TRAIN, TEST)
    split = default_split(data, validation=0.2, seed=4)
    assert split.fingerprint == published_split(data, validation=0.2, seed=4).fingerprint
    whole = benchmark(TRAIN[1:], TEST, TRAIN[:1])
    assert default_split(whole, validation=0.2).fingerprint == published_split(whole).fingerprint


@pytest.mark.parametrize("splitter", OTHERS)
def test_published_parts_are_pooled_only_where_somebody_says_so(splitter: Splitter, divided_shop: Dataset) -> None:
    with pytest.raises(ValueError, match=r"would pool them: .*split\.validation=0\.1 .*split\.pool_published=true"):
        splitter(divided_shop)
    pooled = splitter(divided_shop, pool_published=True)
    assert 0 < pooled.notes["published_parts_pooled_events"] <= len(divided_shop.interactions)
    assert pooled.fingerprint == splitter(replace(divided_shop, published=None)).fingerprint
    assert published_split(divided_shop, validation=0.1).notes.get("published_parts_pooled_events") is None


def test_a_split_that_tests_on_the_published_test_part_pools_nothing(tiny_shop: Dataset) -> None:
    by_time = time_split(tiny_shop)
    times = tiny_shop.interactions.column("timestamp")
    part = np.where(times >= np.quantile(times, 0.9, method="higher"), "test", "train")
    split = time_split(replace(tiny_shop, published=pl.Series("part", part)))
    assert split.fingerprint == by_time.fingerprint
    assert split.published_fingerprint is not None


@pytest.mark.parametrize(
    ("data", "options", "message", "remedy"),
    [
        (benchmark(TRAIN, TEST), {}, r"without validation: hold .*split\.validation=0\.1, or", {"validation": 0.1}),
        (benchmark(TRAIN[1:], TEST, TRAIN[:1]), {"validation": 0.1}, "split.validation=null, got 0.1", {}),
        (benchmark(TRAIN, TEST), {"validation": 1.0}, "a fraction between 0 and 1, got 1.0", {"validation": 0.5}),
    ],
)
def test_refusals_whose_remedy_works(
    data: Dataset, options: dict[str, float], message: str, remedy: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match=message):
        published_split(data, **options)  # type: ignore[arg-type]
    assert len(published_split(data, **remedy).validation) > 0  # type: ignore[arg-type]


def test_without_a_published_test_part_the_events_can_be_divided_anew() -> None:
    data = benchmark(TRAIN[1:], [], TRAIN[:1])
    with pytest.raises(ValueError, match=r"without test: .* with split=random split\.pool_published=true"):
        published_split(data)
    assert random_split(data, pool_published=True).notes["published_parts_pooled_events"] > 0
