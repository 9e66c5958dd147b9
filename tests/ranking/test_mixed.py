"""Sums of a model's scores and others, on the scale of each user's own scores."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.ranking.mixed import Addend, Deviations, Mixed
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import FunctionScorer, InnerProduct


def drawn(seed: int, users: int, items: int) -> tuple[InnerProduct, FunctionScorer, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    model = InnerProduct(torch.randn(users, 5, generator=generator), torch.randn(items, 5, generator=generator))
    other = torch.rand(users, items, generator=generator)
    return model, FunctionScorer(lambda rows, columns: other[rows, columns], users, items), other


def dense(model: InnerProduct, other: torch.Tensor, weight: float) -> np.ndarray:
    own = (model.user_vectors.double() @ model.item_vectors.double().T).numpy()
    added = other.double().numpy()
    return np.asarray(own + weight * own.std(1, keepdims=True) / added.std(1, keepdims=True) * added)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(1, 150), st.integers(2, 60), st.sampled_from([0.1, 0.7, 3.0]))
def test_lists_are_those_of_the_written_out_formula(seed: int, users: int, items: int, weight: float) -> None:
    model, scorer, other = drawn(seed, users, items)
    ranking = rank(Mixed(model, [Addend(scorer, weight, Deviations(scorer))]), k=min(items, 10))
    expected = dense(model, other, weight)
    best = np.sort(expected, axis=1)[:, ::-1][:, : ranking.items.shape[1]]
    np.testing.assert_allclose(ranking.scores.numpy(), best, atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(expected, ranking.items.numpy(), 1), best, atol=1e-5)


def test_lists_do_not_depend_on_the_block() -> None:
    model, scorer, _ = drawn(3, 200, 300)
    lists = [
        rank(Mixed(model, [Addend(scorer, 0.4, Deviations(scorer))]), k=20, block_users=block) for block in (7, 64, 200)
    ]
    for other in lists[1:]:
        assert torch.equal(lists[0].items, other.items)
        assert torch.equal(lists[0].scores, other.scores)


def test_deviations_of_inner_products_are_those_of_their_scores() -> None:
    model, _, _ = drawn(1, 30, 40)
    scores = (model.user_vectors.double() @ model.item_vectors.double().T).std(dim=1, correction=0)
    torch.testing.assert_close(Deviations(model).of(torch.arange(30)), scores)


def test_scores_that_are_all_the_same_add_nothing() -> None:
    model, _, _ = drawn(1, 5, 9)
    flat = FunctionScorer(lambda rows, columns: torch.ones(len(rows), columns.stop - columns.start), 5, 9)
    mixed = Mixed(model, [Addend(flat, 1.0, Deviations(flat))])
    users = torch.arange(5)
    assert torch.equal(mixed.scores(users, slice(0, 9)), model.scores(users, slice(0, 9)))


def test_only_the_users_that_are_asked_for_are_scored() -> None:
    asked: list[int] = []

    def function(rows: torch.Tensor, columns: slice) -> torch.Tensor:
        asked.extend(rows.tolist())
        return torch.rand(len(rows), columns.stop - columns.start)

    Deviations(FunctionScorer(function, 1000, 3)).of(torch.tensor([130]))
    assert set(asked) == set(range(128, 192))
    assert pytest.approx(len(asked)) == 64
