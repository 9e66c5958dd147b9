"""The first closed form that is small enough, by the size of the data alone."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from ragx.data.interactions import Interactions
from ragx.models import EASE, FirstThatFits, MostPopular


@pytest.mark.parametrize(("most_bytes", "name"), [(3 * 8 * 12**2, "ease"), (3 * 8 * 12**2 - 1, "most_popular")])
def test_ease_of_12_items_takes_3_matrices(most_bytes: int, name: str, train: Interactions) -> None:
    model = FirstThatFits(choices={"ease": EASE(), "most_popular": MostPopular()}, most_bytes=most_bytes)
    chosen_name, chosen = model.choice(train)
    assert (chosen_name, chosen) == (name, model.choices[name])
    assert model.needed_bytes(train) == chosen.needed_bytes(train)
    scores = (fitted.fit(train).scores(torch.arange(9), slice(0, 12)) for fitted in (model, chosen))
    assert torch.equal(*scores)


def test_the_last_one_is_taken_where_none_fits(interactions_of: Callable[[np.ndarray], Interactions]) -> None:
    model = FirstThatFits(choices={"loose": EASE(penalty=9), "strict": EASE()}, most_bytes=1)
    assert model.choice(interactions_of(np.ones((2, 3))))[0] == "strict"


def test_bad_options_are_told() -> None:
    with pytest.raises(ValueError, match=r"^choices: expected one closed form at least, got none.$"):
        FirstThatFits(choices={}, most_bytes=1)
    with pytest.raises(ValueError, match=r"^most_bytes: expected a number greater than 0, got 0.$"):
        FirstThatFits(choices={"ease": EASE()}, most_bytes=0)
