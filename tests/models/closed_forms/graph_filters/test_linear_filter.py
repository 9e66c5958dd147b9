"""The linear filter: a case by hand, the dense formula, and lists that depend on nobody else."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ragx.data.interactions import Interactions
from ragx.evaluation.held_out import item_lists
from ragx.models import LinearFilter
from ragx.ranking import rank

Dense = Callable[[Interactions, float, float], np.ndarray]


def test_two_users_by_hand(interactions_of: Callable[[np.ndarray], Interactions]) -> None:
    """Degrees are (2, 1) and (1, 2): R̃ = [[1/√2, 1/2], [0, 1/√2]], P = [[1/2, 1/√8], [1/√8, 3/4]]."""
    scores = LinearFilter().fit(interactions_of(np.array([[1, 1], [0, 1]]))).scores(torch.arange(2), slice(0, 2))
    middle = 1 / np.sqrt(8)
    assert scores.numpy() == pytest.approx(np.array([[0.5 + middle, 0.75 + middle], [middle, 0.75]]))


def test_the_dense_formula_holds(train: Interactions, dense: Dense) -> None:
    matrix = dense(train, 0.5, 0.5)
    scores = LinearFilter().fit(train).scores(torch.arange(train.num_users), slice(0, train.num_items))
    assert scores.numpy() == pytest.approx(train.matrix().toarray() @ matrix.T @ matrix, abs=1e-6)


def test_a_slice_of_some_users_is_cut_out_of_all_scores(train: Interactions) -> None:
    scorer = LinearFilter().fit(train)
    everything = scorer.scores(torch.arange(70), slice(0, 12))
    users = torch.tensor([69, 0, 65, 12])
    assert torch.equal(scorer.scores(users, slice(3, 9)), everything[users, 3:9])


def test_nobody_and_nothing_score_0_and_a_user_of_all_items_has_an_empty_list(train: Interactions) -> None:
    scorer = LinearFilter().fit(train)
    assert not scorer.scores(torch.tensor([5]), slice(0, 12)).any()
    assert not scorer.scores(torch.arange(70), slice(7, 8)).any()
    ranking = rank(scorer, torch.tensor([3]), k=3, seen=item_lists(train))
    assert ranking.items.tolist() == [[7, -1, -1]]


def test_a_graph_of_no_event_is_refused(interactions_of: Callable[[np.ndarray], Interactions]) -> None:
    with pytest.raises(ValueError, match=r"^train: expected events to make a graph of items of, got none.$"):
        LinearFilter().fit(interactions_of(np.zeros((2, 3))))
