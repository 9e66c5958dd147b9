"""What the source text of parts tells of a config is what importing them tells."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ragx.parts import PartsError
from ragx.runner.run.by_source import check_by_source
from ragx.runner.run.preflight import bind_parts
from ragx.runner.run.settings import check_settings

Config = Callable[..., dict[str, Any]]


def check_imported(config: dict[str, Any]) -> None:
    bind_parts(config)
    check_settings(config)


def errors_of(check: Callable[[dict[str, Any]], None], config: dict[str, Any]) -> list[str]:
    try:
        check(copy.deepcopy(config))
    except PartsError as error:
        return error.errors
    except ValueError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize(
    "overrides",
    [
        ["+layer.gain=2"],
        ["layer=relevance", "model.num_layers=x", "layer.bias=y", "+optimizer.beta=1"],
        ["+model.num_layer=3", "objective.similarity=cosin", "trainer.stopping.patience=many"],
        ["+dataset.num_user=3", "split.test=half", "+graph.weights=3", "~model.num_layers", "+sampler.batch_size=3"],
        ["layer=custom", "tracker=wandb", "tracker.mode=onlin", "+tracker.tags=[1]"],
        ["dataset=csv"],
        ["+evaluation.sampled=100"],
        ["layer=custom"],
        ["+x=1"],
        ["seed=x", "reuse=nver"],
        ["+layer.in_channels=3"],
    ],
    ids=" ".join,
)
def test_errors_are_the_same(overrides: list[str], config_of: Config) -> None:
    config = config_of(*overrides)
    errors = errors_of(check_imported, config)
    assert errors
    assert errors_of(check_by_source, config) == errors


@pytest.mark.parametrize(
    "overrides",
    [
        ["optimizer.lr=fast"],
        ["+evaluation.conventions.no_idea=3"],
        ["layer=custom", "layer._target_=builtins.dict", "model.num_layers=x"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_is_left_to_the_import(overrides: list[str], config_of: Config) -> None:
    config = config_of(*overrides)
    assert errors_of(check_imported, config)
    check_by_source(config)


def test_a_config_is_left_as_it_was(config_of: Config) -> None:
    config = config_of("model.features=true")
    before = copy.deepcopy(config)
    check_by_source(config)
    assert config == before
