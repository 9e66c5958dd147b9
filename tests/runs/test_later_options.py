"""Options that came later leave identities alone until they are used."""

import importlib
import inspect
from typing import Any

import pytest

from ragx.runs.later_options import LATER, without_unused

TABLE = {"parts.Loop": {"rounds": None, "share": 1, "exact": True}}


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, False), (20, True), (0, True)],
)
def test_an_option_counts_once_it_is_used(value: Any, kept: bool) -> None:
    part = {"_target_": "parts.Loop", "steps": 3, "rounds": value}
    assert ("rounds" in without_unused(part, TABLE)) is kept
    assert without_unused(part, TABLE)["steps"] == 3


def test_a_value_of_another_type_is_another_value() -> None:
    part = {"_target_": "parts.Loop", "share": 1.0, "exact": 1}
    assert without_unused(part, TABLE) == part


def test_nested_parts_are_looked_through_and_others_left_alone() -> None:
    loop = {"_target_": "parts.Loop", "share": 1}
    other = {"_target_": "parts.Other", "share": 1, "rounds": None}
    config = {"trainer": {"_target_": "parts.Outer", "inner": [loop, other]}, "seed": 1}
    expected = {"trainer": {"_target_": "parts.Outer", "inner": [{"_target_": "parts.Loop"}, other]}, "seed": 1}
    assert without_unused(config, TABLE) == expected


@pytest.mark.parametrize("name", list(LATER))
def test_the_table_holds_the_defaults_of_options_that_there_are(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    parameters = inspect.signature(getattr(importlib.import_module(module), attribute)).parameters
    for option, usual in LATER[name].items():
        assert parameters[option].default == usual, f"{name}({option}={parameters[option].default!r})"
