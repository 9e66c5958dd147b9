"""Activations by name."""

import pytest
import torch
from torch import nn

from ragx.layers.activation import USUAL, activation_of


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_names_resolve(name: str) -> None:
    module = activation_of(name)
    assert type(module).__name__.lower() == name.replace("_", "")
    assert module(torch.tensor([0.5])).shape == (1,)


@pytest.mark.parametrize("name", [None, "identity"])
def test_none_is_the_identity(name: str | None) -> None:
    assert isinstance(activation_of(name), nn.Identity)


def test_a_bad_name_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"activation: expected null or a name such as relu.*'rellu'.*mean 'relu'\?"):
        activation_of("rellu")
