"""Rounds cover the steps of a training once, in order, and validations lie where they are asked for."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ragx.training.budget import Budget

budgets = st.builds(
    Budget,
    steps=st.integers(1, 5000),
    per_epoch=st.integers(1, 700),
    validations=st.none() | st.integers(1, 60),
    validate_every=st.integers(1, 5),
)


@given(budgets)
def test_every_round_has_steps_and_the_last_one_ends_them(budget: Budget) -> None:
    ends = [budget.steps_after(number) for number in range(budget.rounds + 1)]
    assert ends[0] == 0
    assert ends[-1] == budget.steps
    assert all(end > start for start, end in itertools.pairwise(ends))


@given(budgets)
def test_the_last_round_is_validated_and_the_number_of_validations_is_told(budget: Budget) -> None:
    due = [number for number in range(1, budget.rounds + 1) if budget.is_due(number)]
    assert due[-1] == budget.rounds
    assert len(due) == budget.num_validations


@given(st.integers(1, 300), st.integers(1, 9))
def test_without_a_number_of_validations_rounds_are_epochs(per_epoch: int, epochs: int) -> None:
    budget = Budget(epochs * per_epoch, per_epoch)
    assert [budget.epochs_of(budget.steps_after(number)) for number in range(epochs + 1)] == list(range(epochs + 1))


@given(budgets)
def test_rounds_are_of_one_length_up_to_a_step(budget: Budget) -> None:
    if budget.validations is not None:
        ends = [budget.steps_after(number) for number in range(budget.rounds + 1)]
        lengths = {end - start for start, end in itertools.pairwise(ends)}
        assert max(lengths) - min(lengths) <= 1


def test_whole_epochs_are_whole_numbers_and_others_have_four_digits() -> None:
    budget = Budget(1000, 300, validations=4)
    assert [budget.epochs_of(budget.steps_after(number)) for number in range(1, 5)] == [0.8333, 1.6667, 2.5, 3.3333]
    assert isinstance(budget.epochs_of(600), int)
