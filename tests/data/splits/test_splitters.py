"""Ways to split."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.data.splits.cold import cold_items_split, cold_users_split
from ragx.data.splits.leave_last_out import leave_last_out_split
from ragx.data.splits.origins import origin_split
from ragx.data.splits.splitters import default_split, published_split, random_split, time_split


def parts(split: Split) -> list[pl.DataFrame]:
    test = split.test.open(reason="a test", on_open=lambda reason: None)
    return [part.pairs() for part in (split.train, split.validation, test)]


def without_times(dataset: Dataset) -> Dataset:
    table = dataset.interactions.table.drop("timestamp")
    return Dataset(dataset.name, Interactions(table, dataset.interactions.users, dataset.interactions.items))


@pytest.mark.parametrize("splitter", [random_split, time_split])
def test_parts_are_disjoint_and_hold_every_pair(splitter: Callable[[Dataset], Split], tiny_shop: Dataset) -> None:
    train, validation, test = parts(splitter(tiny_shop))
    together = pl.concat([train, validation, test])
    assert together.n_unique() == together.height
    assert together.sort("user", "item").equals(tiny_shop.interactions.pairs())


def test_each_user_gives_its_fractions(tiny_shop: Dataset) -> None:
    sizes = [part.group_by("user").len() for part in parts(random_split(tiny_shop, validation=0.2, test=0.25))]
    of_user = dict(tiny_shop.interactions.pairs().group_by("user").len().iter_rows())
    for size, fraction in zip(sizes[1:], (0.2, 0.25), strict=True):
        counts = dict(size.iter_rows())
        for user, n in of_user.items():
            assert abs(counts.get(user, 0) - n * fraction) <= 0.5


def test_a_repeated_pair_goes_to_one_part(tiny_shop: Dataset) -> None:
    split = random_split(tiny_shop)
    assert split.notes["validation_repeats_left_out"] == split.notes["test_repeats_left_out"] == 0
    assert len(split.train) + len(split.validation) + len(split.test) == len(tiny_shop.interactions)


def test_the_draw_is_keyed_by_the_seed_alone(tiny_shop: Dataset) -> None:
    first = random_split(tiny_shop, seed=3)
    np.random.default_rng().random(5)
    assert random_split(tiny_shop, seed=3).fingerprint == first.fingerprint
    assert random_split(tiny_shop, seed=4).fingerprint != first.fingerprint


def test_time_parts_follow_each_other(tiny_shop: Dataset) -> None:
    split = time_split(tiny_shop, validation=0.2, test=0.1)
    test = split.test.open(reason="a test", on_open=lambda reason: None)
    assert split.train.column("timestamp").max() < split.validation.column("timestamp").min()
    assert split.validation.column("timestamp").max() < test.column("timestamp").min()
    times = np.sort(tiny_shop.interactions.column("timestamp"))
    assert len(split.train) == pytest.approx(0.7 * len(times), abs=2)
    assert split.periods["test"][0] >= times[int(0.9 * (len(times) - 1))]


def test_events_of_one_moment_stay_together() -> None:
    table = pl.DataFrame({"user": ["u"] * 8, "item": list("abcdefgh"), "timestamp": [1, 1, 1, 2, 2, 2, 3, 3]})
    split = time_split(Dataset("mine", Interactions.from_events(table)), validation=0.3, test=0.2)
    test = split.test.open(reason="a test", on_open=lambda reason: None)
    held = [set(part.column("timestamp").tolist()) for part in (split.train, split.validation, test)]
    assert held == [{1}, {2}, {3}]


def test_times_and_published_parts_are_asked_for_where_they_are_needed(tiny_shop: Dataset) -> None:
    with pytest.raises(ValueError, match="Dataset shop has no timestamps, so it cannot be split by time: choose"):
        time_split(without_times(tiny_shop))
    with pytest.raises(
        ValueError, match=r"shop was not published in parts: name the column .* dataset\.columns\.part, or"
    ):
        published_split(tiny_shop)


def test_data_in_order_of_time_without_times_is_told_which_split_serves(tiny_shop: Dataset) -> None:
    for splitter in (time_split, origin_split):
        with pytest.raises(ValueError, match="cannot be split by time: choose split=leave_last_out"):
            splitter(replace(without_times(tiny_shop), ordered=True))


@pytest.mark.parametrize(
    "splitter",
    [
        published_split,
        random_split,
        time_split,
        default_split,
        origin_split,
        leave_last_out_split,
        cold_users_split,
        cold_items_split,
    ],
)
def test_what_is_no_dataset_is_refused(splitter: Callable[..., Split]) -> None:
    with pytest.raises(ValueError, match=r"a function that returns a ragx\.data\.Dataset, got a str from it"):
        splitter("somewhere")


@pytest.mark.parametrize("splitter", [random_split, time_split])
@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (0.0, 0.1, "validation and test: expected more than 0, got 0.0 and 0.1"),
        (0.1, 1.0, "test: expected a number from 0 up to but not including 1, got 1.0"),
        (0.6, 0.5, "validation \\+ test: expected less than 1, got 1.1"),
        (-0.1, 0.5, "validation: expected a number from 0"),
    ],
)
def test_fractions_out_of_range_are_refused(
    splitter: Callable[..., Split], validation: float, test: float, message: str, tiny_shop: Dataset
) -> None:
    with pytest.raises(ValueError, match=message):
        splitter(tiny_shop, validation=validation, test=test)


def test_the_default_is_published_then_time_then_random(tiny_shop: Dataset) -> None:
    timeless = without_times(tiny_shop)
    part = np.array(["train", "validation", "test"])[np.arange(len(timeless.interactions)) % 3]
    published = Dataset("mine", tiny_shop.interactions, published=pl.Series(part))
    assert default_split(published).name == "published"
    assert default_split(tiny_shop).fingerprint == time_split(tiny_shop).fingerprint
    assert default_split(timeless, seed=5).fingerprint == random_split(timeless, seed=5).fingerprint
    assert default_split(published).fingerprint == published_split(published).fingerprint
