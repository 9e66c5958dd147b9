"""The generated shop, held against the truth it was drawn from."""

from typing import Any

import numpy as np
import pytest
import torch

from ragx.data.dataset import Dataset
from ragx.data.generated.shop import OPENING, ShopTruth, generated_shop
from ragx.data.seconds import DAY
from ragx.data.split import Split
from ragx.evaluation.protocol import Protocol
from ragx.models.most_popular import MostPopular
from ragx.ranking.scorers import InnerProduct

SIZES: dict[str, Any] = {"num_users": 120, "num_items": 60, "num_days": 60, "events_per_user": 12}


def truth_of(dataset: Dataset) -> ShopTruth:
    assert isinstance(dataset.truth, ShopTruth)
    return dataset.truth


def test_one_seed_gives_one_shop(tiny_shop: Dataset) -> None:
    np.random.default_rng().random(3)
    repeated, other = generated_shop(**SIZES), generated_shop(**SIZES, seed=1)
    assert repeated.interactions.table.equals(tiny_shop.interactions.table)
    assert repeated.tables["items"].equals(tiny_shop.tables["items"])
    assert not other.interactions.table.equals(tiny_shop.interactions.table)


def test_sizes_and_times_are_as_asked_for(tiny_shop: Dataset) -> None:
    some = tiny_shop.interactions
    assert (some.num_users, some.num_items) == (120, 60)
    assert len(some) == pytest.approx(120 * 12, rel=0.1)
    times = some.column("timestamp")
    assert times.min() >= OPENING
    assert times.max() < OPENING + 60 * DAY
    assert (some.column("value") > 0).all()
    catalogue = tiny_shop.tables["items"]
    assert catalogue.columns == ["item", "title", "category", "price", "launched"]
    assert catalogue["item"].to_list() == some.items.ids.to_list()


def test_nothing_is_sold_before_its_launch(tiny_shop: Dataset) -> None:
    some, truth = tiny_shop.interactions, truth_of(tiny_shop)
    day = (some.column("timestamp") - OPENING) // DAY
    assert (day >= truth.launch_day[some.column("item")]).all()
    assert (truth.launch_day > 0).any()


def test_probabilities_are_those_of_the_formula(tiny_shop: Dataset) -> None:
    truth = truth_of(tiny_shop)
    user, day = 7, 15.0
    taste = truth.taste_first[user] + day / 60 * (truth.taste_last[user] - truth.taste_first[user])
    age = day - truth.launch_day
    appeal = truth.popularity + truth.category @ taste + 1.5 * np.exp(-age / 30)
    weight = np.where(age >= 0, np.exp(appeal), 0)
    np.testing.assert_allclose(truth.probability(np.array([user]), day)[0], weight / weight.sum(), rtol=1e-4)


def test_items_are_sold_as_often_as_the_truth_says() -> None:
    """A shop with many purchases: Pearson's statistic over users and items is near its mean."""
    dataset = generated_shop(num_users=40, num_items=80, num_days=20, events_per_user=200)
    truth, some = truth_of(dataset), dataset.interactions
    day = (some.column("timestamp") - OPENING) // DAY
    users, items = some.column("user"), some.column("item")
    expected = np.zeros((40, 80))
    for today in range(20):
        sold = np.bincount(users[day == today], minlength=40)
        expected += sold[:, None] * truth.probability(np.arange(40), float(today))
    counts = np.zeros((40, 80))
    np.add.at(counts, (users, items), 1)
    large = expected > 5
    assert large.sum() > 150
    statistic = ((counts - expected)[large] ** 2 / expected[large]).sum() / large.sum()
    assert 0.7 < statistic < 1.3


def test_preference_is_the_expected_number_of_purchases(tiny_shop: Dataset) -> None:
    truth = truth_of(tiny_shop)
    preference = truth.preference(OPENING, OPENING + 60 * DAY)
    assert preference.shape == (120, 60)
    np.testing.assert_allclose(preference.sum(axis=1), truth.activity * 60, rtol=1e-5)
    assert preference.sum() == pytest.approx(120 * 12, rel=1e-5)


def test_the_best_ranking_beats_the_most_popular(tiny_shop: Dataset, tiny_split: Split) -> None:
    preference = torch.tensor(truth_of(tiny_shop).preference(*tiny_split.periods["test"]), dtype=torch.float32)
    protocol = Protocol(metrics=["ndcg"], cutoffs=[10])
    best = protocol.validate(InnerProduct(preference, torch.eye(60)), tiny_split).values["ndcg@10"]
    popular = protocol.validate(MostPopular().fit(tiny_split.train), tiny_split).values["ndcg@10"]
    assert best > 1.2 * popular > 0


@pytest.mark.parametrize("name", ["num_users", "num_items", "num_days"])
def test_a_shop_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected at least 2, got 1"):
        generated_shop(**{**SIZES, name: 1})


def test_no_purchases_are_refused() -> None:
    with pytest.raises(ValueError, match="events_per_user: expected a number greater than 0, got 0"):
        generated_shop(events_per_user=0)
