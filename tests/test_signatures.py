"""Signatures read from source text are those of the imported objects, or none."""

import importlib
import inspect
import re
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragx.signatures import UnknownType, UnreadableError, stand_in

CONF = Path(__file__).resolve().parents[1] / "conf"
TEXTS = [path.read_text() for path in CONF.rglob("*.yaml")]
TARGETS = sorted({name for text in TEXTS for name in re.findall(r"^ *_target_: ((?:ragx|torch)\.[\w.]+)", text, re.M)})


def imported(name: str) -> Callable[..., Any]:
    module, _, attribute = name.rpartition(".")
    target: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return target


def parameters(target: Callable[..., Any]) -> list[tuple[str, Any, bool]]:
    signature = inspect.signature(target)
    return [
        (parameter.name, parameter.kind, parameter.default is parameter.empty)
        for parameter in signature.parameters.values()
    ]


def test_there_are_targets() -> None:
    assert {"ragx.layers.LightConv", "ragx.training.Trainer", "torch.optim.Adam"} <= set(TARGETS)


@pytest.mark.parametrize("name", [*TARGETS, "torch.optim.SGD", "ragx.training.NoTracker"])
def test_parameters_are_those_of_the_imported_object(name: str) -> None:
    assert parameters(stand_in(name)) == parameters(imported(name))


@pytest.mark.parametrize("name", TARGETS)
def test_types_that_are_known_are_those_of_the_imported_object(name: str) -> None:
    read, real = (target.__init__ if inspect.isclass(target) else target for target in (stand_in(name), imported(name)))
    hints = typing.get_type_hints(read)
    expected = typing.get_type_hints(real)
    assert hints.keys() - {"return"} == expected.keys() - {"return"}
    for option in hints.keys() - {"return"}:
        if UnknownType.__name__ not in str(hints[option]):
            assert hints[option] == expected[option], option


def test_a_name_is_looked_up_in_the_module_that_has_it_and_a_constructor_in_the_base_class() -> None:
    assert parameters(stand_in("ragx.layers.light_conv.LightConv")) == parameters(stand_in("ragx.layers.LightConv"))
    assert parameters(stand_in("torch.optim.AdamW"))[1] == ("lr", inspect.Parameter.POSITIONAL_OR_KEYWORD, False)


@pytest.mark.parametrize(
    "name",
    [
        *("ragx.layers.LihgtConv", "ragx.nowhere.Layer", "nowhere.Layer", "ragx.data.generated_shop.num_users"),
        *("ragx.training.Tracker", "ragx.graph.weights.Tensor", "ragx.training.interruption.sigterm_raises"),
    ],
)
def test_what_the_text_does_not_tell_is_not_guessed(name: str) -> None:
    with pytest.raises(UnreadableError):
        stand_in(name)
