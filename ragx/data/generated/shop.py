"""The generated shop: a year of purchases whose structure, and therefore whose best ranking, is known."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl

from ragx.checks import check, check_positive
from ragx.data.dataset import Dataset
from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions
from ragx.data.seconds import DAY
from ragx.random import numpy_generator

OPENING = 1_704_067_200  # 2024-01-01 00:00 UTC
CATEGORIES = (
    "bakery",
    "books",
    "coffee",
    "fish",
    "flowers",
    "fruit",
    "games",
    "garden",
    "music",
    "shoes",
    "tea",
    "tools",
)
Array = np.ndarray


@dataclass(frozen=True, eq=False)
class ShopTruth:
    """What was planted: P(item | user, day) ∝ exp(popularity_i + ⟨taste_u(day), category_i⟩ + novelty_i(day)).

    A user's taste moves in a straight line from ``taste_first`` to ``taste_last`` over the year, and an item is
    more wanted in the weeks after its launch; both reward a model that looks at how old an interaction is.
    """

    popularity: Array  # [I]
    category: Array  # [I, C]
    launch_day: Array  # [I], negative when sold before the year began
    taste_first: Array  # [U, C]
    taste_last: Array  # [U, C]
    activity: Array  # [U], events a day
    num_days: int

    def probability(self, users: Array, day: float) -> Array:
        """Return P(item | user, day) of the given users, of shape [len(users), I]."""
        weight = np.exp(self.taste(users, day) @ self.category.T + (self.popularity + self.novelty(day)))
        return cast(Array, weight / weight.sum(axis=1, keepdims=True))

    def taste(self, users: Array, day: Array | float) -> Array:
        """Return the tastes of the given users on a day, of shape [len(users), C]."""
        progress = np.asarray(day / self.num_days, dtype=np.float32)
        return cast(Array, (1 - progress) * self.taste_first[users] + progress * self.taste_last[users])

    def novelty(self, day: Array | float) -> Array:
        """Return how much every item is favoured for being new on a day, -inf before its launch."""
        age = day - self.launch_day
        return np.where(age >= 0, 1.5 * np.exp(-np.maximum(age, 0) / 30), -np.inf).astype(np.float32)

    def preference(self, start: int, end: int) -> Array:
        """Return the expected number of purchases of every pair in [start, end), seconds, of shape [U, I]."""
        first, last = (start - OPENING) / DAY, (end - OPENING) / DAY
        days = np.linspace(first, last, 9)[1::2]
        users = np.arange(len(self.activity))
        mean = sum(self.probability(users, float(day)) for day in days) / len(days)
        return cast(Array, mean * (self.activity * (last - first))[:, None])


def generated_shop(
    *,
    num_users: int = 2_000,
    num_items: int = 1_000,
    num_days: int = 365,
    events_per_user: float = 40.0,
    seed: int = 0,
) -> Dataset:
    """Return a shop's purchases with prices, categories and times, and the truth they were drawn from.

    Args:
        num_users: number of customers U.
        num_items: number of items I.
        num_days: days of trade.
        events_per_user: mean number of purchases of a customer; individual means are log-normal.
        seed: key of every draw.
    """
    for name, size in (("num_users", num_users), ("num_items", num_items), ("num_days", num_days)):
        check(size >= 2, f"{name}: expected at least 2, got {size}.")
    check_positive("events_per_user", events_per_user)
    truth = _plant(num_users, num_items, num_days, events_per_user, seed)
    user, item, timestamp = _draw_events(truth, seed)
    random = numpy_generator(seed, "shop.values")
    price = np.round(np.exp(random.normal(2.5, 0.8, num_items)), 2)
    quantity = 1 + random.poisson(0.3, len(item))
    users = IdMap("user", pl.Series("user", [f"customer-{row:05d}" for row in range(num_users)]))
    items = IdMap("item", pl.Series("item", [f"item-{row:05d}" for row in range(num_items)]))
    table = pl.DataFrame({"user": user, "item": item, "value": price[item] * quantity, "timestamp": timestamp})
    category = np.array(CATEGORIES)[truth.category.argmax(axis=1)]
    catalogue = pl.DataFrame(
        {
            "item": items.ids,
            "title": [f"{name.title()} {row}" for row, name in enumerate(category)],
            "category": pl.Series(category, dtype=pl.Categorical),
            "price": price,
            "launched": OPENING + truth.launch_day.astype(np.int64) * DAY,
        }
    )
    return Dataset("shop", Interactions(table, users, items), tables={"items": catalogue}, truth=truth)


def _plant(num_users: int, num_items: int, num_days: int, events_per_user: float, seed: int) -> ShopTruth:
    random = numpy_generator(seed, "shop.truth")
    num_categories = len(CATEGORIES)
    popularity = -0.7 * np.log(10 + random.permutation(num_items))
    category = random.dirichlet(np.full(num_categories, 0.08), num_items)
    taste = random.dirichlet(np.full(num_categories, 0.25), (2, num_users))
    taste[1] = 0.6 * taste[0] + 0.4 * taste[1]
    launch = np.where(random.random(num_items) < 0.85, -90.0, np.floor(random.uniform(0, num_days, num_items)))
    launch[popularity.argmax()] = -90.0  # something is for sale on the first day
    activity = np.exp(random.normal(0, 0.6, num_users))
    activity *= events_per_user / activity.mean() / num_days
    strength = np.float32(14.0)
    return ShopTruth(
        popularity=popularity.astype(np.float32),
        category=category.astype(np.float32),
        launch_day=launch,
        taste_first=strength * taste[0].astype(np.float32),
        taste_last=strength * taste[1].astype(np.float32),
        activity=activity,
        num_days=num_days,
    )


def _draw_events(truth: ShopTruth, seed: int) -> tuple[Array, Array, Array]:
    """Return user, item and time of every purchase, in order of time."""
    random = numpy_generator(seed, "shop.events")
    weekday = 1 + 0.4 * (np.arange(truth.num_days) % 7 >= 5)
    counts = random.poisson(np.outer(weekday / weekday.mean(), truth.activity))
    day, user = (np.repeat(index, counts[counts > 0]) for index in np.nonzero(counts))
    item = _draw_items(truth, user, day, random)
    timestamp = OPENING + day * DAY + random.integers(0, DAY, len(day))
    order = np.argsort(timestamp, kind="stable")
    return user[order], item[order], timestamp[order]


def _draw_items(truth: ShopTruth, user: Array, day: Array, random: np.random.Generator) -> Array:
    """Draw one item for each (user, day) by rejection: propose by popularity of the day, accept by taste.

    Rows of P(item | user, day) take a thousand exponentials for every purchase; only what is still open after some
    rounds, the purchases of people with rare tastes, is drawn from them.
    """
    days = np.arange(truth.num_days)
    favour = truth.popularity + truth.novelty(days[:, None])
    shelf = np.exp(favour).cumsum(axis=1, dtype=np.float64)
    edges = (days[:, None] + shelf / shelf[:, -1:]).ravel()
    item = np.full(len(user), -1)
    open_draws = np.arange(len(user))
    for _ in range(8):
        u, d = user[open_draws], day[open_draws]
        proposal = np.searchsorted(edges, d + random.random(len(d)), side="right") - d * len(truth.popularity)
        proposal = np.minimum(proposal, len(truth.popularity) - 1)
        taste = truth.taste(u, d[:, None])
        appeal = (taste * truth.category[proposal]).sum(axis=1) - taste.max(axis=1)
        accepted = np.log(random.random(len(d))) < appeal
        item[open_draws[accepted]] = proposal[accepted]
        open_draws = open_draws[~accepted]
    for block in np.split(open_draws, range(2048, len(open_draws), 2048)):
        weight = truth.taste(user[block], day[block][:, None]) @ truth.category.T
        cumulative = np.exp(weight + favour[day[block]]).cumsum(axis=1)
        draw = random.random((len(block), 1), dtype=np.float32) * cumulative[:, -1:]
        item[block] = np.minimum((cumulative <= draw).sum(axis=1), len(truth.popularity) - 1)
    return item
