"""RP3β: worked by hand, held against a dense calculation, and its edges."""

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray

from ragx.data import Interactions, Split
from ragx.models import ClosedForm, RP3Beta

PAIRS = [("a", "i"), ("a", "j"), ("b", "i"), ("b", "j"), ("b", "k"), ("c", "j"), ("d", "l")]
TRAIN = Interactions.from_events(pl.DataFrame(PAIRS, schema=["user", "item"], orient="row"))


def scores_of(model: ClosedForm, train: Interactions = TRAIN) -> NDArray[np.float64]:
    scores: torch.Tensor = model.fit(train).scores(torch.arange(train.num_users), slice(0, train.num_items))
    return scores.double().numpy()


def test_walks_by_hand() -> None:
    """From j, of three users, over a (of two items) or b (of three) to i with 1/3 · (1/2 + 1/3), to k with 1/9."""
    walks = scores_of(RP3Beta(alpha=1.0, beta=0.0, normalise=False))
    assert walks[2] == pytest.approx([5 / 18, 0, 1 / 9, 0])
    damped = scores_of(RP3Beta(alpha=1.0, beta=2.0, normalise=False))
    assert damped[2] == pytest.approx([5 / 18 / 4, 0, 1 / 9, 0]), "item i has two users, item k one"
    assert scores_of(RP3Beta(alpha=1.0, beta=0.0))[2] == pytest.approx([5 / 7, 0, 2 / 7, 0])
    nearest = scores_of(RP3Beta(neighbours=1, alpha=1.0, beta=0.0, normalise=False))
    assert nearest[2] == pytest.approx([5 / 18, 0, 0, 0])


@pytest.mark.parametrize("neighbours", [1, 7, 1000])
def test_it_is_the_dense_calculation(neighbours: int, tiny_split: Split) -> None:
    train, alpha, beta = tiny_split.train, 0.7, 0.4
    seen = train.matrix().toarray()
    of_user, of_item = np.maximum(seen.sum(1), 1), np.maximum(seen.sum(0), 1)
    weights = (seen / of_item).T ** alpha @ (seen / of_user[:, None]) ** alpha / of_item**beta
    np.fill_diagonal(weights, 0.0)
    weights = largest(weights, train, neighbours)
    sums = weights.sum(1, keepdims=True)
    weights = largest((weights / np.where(sums, sums, 1)).T, train, neighbours).T
    scores = scores_of(RP3Beta(neighbours=neighbours, alpha=alpha, beta=beta), train)
    assert scores == pytest.approx(seen @ weights, abs=1e-5)


def largest(weights: NDArray[np.float64], train: Interactions, most: int) -> NDArray[np.float64]:
    order = np.lexsort((np.broadcast_to(train.items.tie_keys, weights.shape), -weights.astype(np.float32)))[:, :most]
    kept = np.zeros_like(weights)
    np.put_along_axis(kept, order, np.take_along_axis(weights, order, 1), 1)
    return kept


def test_items_without_users_and_a_user_of_all_items_score_numbers(tiny_split: Split) -> None:
    """User c has all items but l, which nobody has any more."""
    events = pl.DataFrame([*PAIRS[:-1], ("c", "i"), ("c", "k")], schema=["user", "item"], orient="row")
    train = Interactions.from_events(events, users=TRAIN.users, items=TRAIN.items)
    scores = scores_of(RP3Beta(), train)
    assert np.isfinite(scores).all()
    assert not scores[:, 3].any()
    assert not scores[3].any(), "user d has no items any more"


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="neighbours: expected a number greater than 0, got 0"):
        RP3Beta(neighbours=0)
    with pytest.raises(ValueError, match=r"alpha: expected a number of at least 0, got -0\.1"):
        RP3Beta(alpha=-0.1)
    with pytest.raises(ValueError, match="beta: expected a number of at least 0, got -1"):
        RP3Beta(beta=-1)
