"""iALS: both half-steps against a dense solve as in the textbook, its loss, and its edges."""

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray

from ragx.data import Interactions, Split
from ragx.models import ImplicitALS
from ragx.models.closed_forms import least_squares
from ragx.ranking import InnerProduct


def fitted(train: Interactions, **options: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    torch.manual_seed(0)
    scorer = ImplicitALS(**options).fit(train)  # type: ignore[arg-type]
    assert isinstance(scorer, InnerProduct)
    return scorer.user_vectors.numpy(), scorer.item_vectors.numpy()


def textbook(
    seen: NDArray[np.float64], vectors: NDArray[np.float64], alpha: float, penalty: float, scaling: float
) -> NDArray[np.float64]:
    """Return (Yᵀ C_u Y + λ_u I)⁻¹ Yᵀ C_u x_u of every row."""
    solutions = []
    for row in seen:
        confidence = 1 + alpha * row
        shrinkage = penalty * confidence.sum() ** scaling * np.eye(vectors.shape[1])
        solutions.append(np.linalg.solve(vectors.T * confidence @ vectors + shrinkage, vectors.T @ (confidence * row)))
    return np.array(solutions)


@pytest.mark.parametrize("factors", [3, 16])
@pytest.mark.parametrize(("alpha", "penalty", "scaling"), [(10.0, 0.003, 1.0), (1.0, 2.0, 0.0), (40.0, 0.1, 0.5)])
def test_both_sides_are_solved_for_as_in_the_textbook(
    factors: int, alpha: float, penalty: float, scaling: float, tiny_split: Split
) -> None:
    """Rows of fewer entries than factors and of more are solved for in two ways; the shop has both kinds."""
    seen = tiny_split.train.matrix().toarray()
    sizes = seen.sum(1)
    assert sizes.min() < 3 and sizes.max() > 16
    options = {"factors": factors, "alpha": alpha, "penalty": penalty, "frequency_scaling": scaling}
    before, _ = fitted(tiny_split.train, iterations=2, **options)
    users, items = fitted(tiny_split.train, iterations=3, **options)
    settings = alpha, penalty, scaling
    assert items == pytest.approx(textbook(seen.T, before.astype(np.float64), *settings), rel=1e-3, abs=1e-5)
    assert users == pytest.approx(textbook(seen, items.astype(np.float64), *settings), rel=1e-3, abs=1e-5)


def test_the_loss_falls_with_every_iteration(tiny_split: Split) -> None:
    seen, alpha, penalty = tiny_split.train.matrix().toarray(), 5.0, 1.0
    losses = []
    for iterations in (1, 2, 4, 8):
        users, items = fitted(
            tiny_split.train, factors=8, iterations=iterations, alpha=alpha, penalty=penalty, frequency_scaling=0.0
        )
        errors = (1 + alpha * seen) * (seen - users @ items.T) ** 2
        losses.append(errors.sum() + penalty * (np.square(users).sum() + np.square(items).sum()))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9 * losses[0]


def test_chunks_change_no_more_than_rounding(tiny_split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted(tiny_split.train, factors=8, iterations=2, penalty=1.0)
    monkeypatch.setattr(least_squares, "CHUNK", 1)
    for one, other in zip(whole, fitted(tiny_split.train, factors=8, iterations=2, penalty=1.0), strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)


def test_factors_beyond_the_rank_add_nothing() -> None:
    """Two users and two items span two directions; with two factors or ten the scores at the optimum are the same."""
    pairs = [("a", "i"), ("a", "j"), ("b", "j")]
    train = Interactions.from_events(pl.DataFrame(pairs, schema=["user", "item"], orient="row"))
    scores = []
    for factors in (2, 10):
        users, items = fitted(train, factors=factors, iterations=300, alpha=10.0, penalty=0.1)
        scores.append(users @ items.T)
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_items_and_users_without_events_are_zero_and_a_user_of_all_items_is_solved_for() -> None:
    known = [("a", "i"), ("a", "j"), ("b", "j"), ("c", "i")]
    events = pl.DataFrame([*known, ("d", "k")], schema=["user", "item"], orient="row")
    everything = Interactions.from_events(events)
    users, items = fitted(everything.filter(pl.col("user") < 3), factors=4, penalty=0.1)
    assert np.isfinite(users).all() and np.isfinite(items).all()
    assert not users[3].any()
    assert not items[2].any()
    assert (users[0] @ items[:2].T > 0.5).all()


@pytest.mark.parametrize("name", ["factors", "iterations", "alpha", "penalty"])
def test_sizes_and_penalty_are_above_zero(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected a number greater than 0, got 0"):
        ImplicitALS(**{name: 0})


def test_the_scaling_is_not_below_zero() -> None:
    with pytest.raises(ValueError, match="frequency_scaling: expected a number of at least 0, got -1"):
        ImplicitALS(frequency_scaling=-1)
