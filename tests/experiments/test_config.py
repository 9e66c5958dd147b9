"""Every YAML composes, binds and builds."""

import importlib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from ragx.former_names import TARGET
from ragx.learners.given import GIVEN
from ragx.learners.parts import groups_of, is_closed_form
from ragx.parts import Part, PartsError
from ragx.runner.run.preflight import bind_parts, try_small
from ragx.runner.run.settings import check_settings

CONF = Path(__file__).resolve().parents[2] / "conf"
CHOICES = sorted(f"{path.parent.name}={path.stem}" for path in CONF.glob("*/*.yaml") if path.parent.name in GIVEN)
WITH_A_TARGET = [choice for choice in CHOICES if not choice.endswith("=custom")]  # that one has none of its own
LEFT_OPEN = ("a value is required", "expected the dotted path of a class or function, got '???'")


@pytest.fixture(autouse=True)
def no_hydra_left_behind() -> Iterator[None]:
    yield
    GlobalHydra.instance().clear()


def config_of(*overrides: str) -> dict[str, Any]:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_container(compose("run", overrides=list(overrides)), resolve=True)
    assert isinstance(config, dict)
    return config  # type: ignore[return-value]


def parts_of(*overrides: str) -> dict[str, Part]:
    return bind_parts(config_of(*overrides))


def test_every_part_of_a_run_has_a_folder_of_choices() -> None:
    assert {choice.partition("=")[0] for choice in CHOICES} == set(GIVEN)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_and_binds(choice: str) -> None:
    """What a person has to fill in is the only thing that may be missing."""
    try:
        parts = parts_of(choice)
    except PartsError as error:
        open_ends = [line for line in error.errors if any(text in line for text in LEFT_OPEN)]
        assert error.errors == open_ends
        assert "???" in (CONF / f"{choice.replace('=', '/')}.yaml").read_text()
    else:
        assert set(parts) == set(groups_of(config_of(choice)))
        assert set(parts) == set(GIVEN) or is_closed_form(parts["model"].target)


@pytest.mark.parametrize(
    "choice",
    [choice for choice in WITH_A_TARGET if not choice.startswith(("dataset", "split", "graph"))],
)
def test_every_choice_is_built_before_any_data_is_read(choice: str) -> None:
    config = config_of(choice)
    parts = bind_parts(config)
    if choice == "objective=values":  # which goes with models of rows, and is refused for others
        with pytest.raises(PartsError, match="ValueLoss, which has no of_batch, negatives"):
            try_small(parts)
        return
    check_settings(config)
    try_small(parts)
    assert parts["tracker"].build() is not None


@pytest.mark.parametrize(
    "choice", [choice for choice in WITH_A_TARGET if choice.startswith("graph=") and "kind" not in choice]
)
def test_every_graph_choice_builds_a_graph(choice: str, tiny_split: Any) -> None:
    graph = parts_of(choice)["graph"].build(interactions=tiny_split.train)
    assert (graph.num_users, graph.num_items) == (120, 60)


@pytest.mark.parametrize("choice", [choice for choice in WITH_A_TARGET if choice.startswith(("dataset=", "split="))])
def test_a_dataset_and_a_split_name_every_option(choice: str) -> None:
    """Hydra refuses to set what a YAML does not name, so that advice to set it would not work."""

    def unnamed(node: Any, given: Iterable[str]) -> Iterator[str]:
        module, _, name = str(node[TARGET]).rpartition(".")
        options = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        yield from options.keys() - node.keys() - set(given)
        for inner in node.values():
            if isinstance(inner, dict) and TARGET in inner:
                yield from unnamed(inner, ())

    written = OmegaConf.to_container(OmegaConf.load(CONF / f"{choice.replace('=', '/')}.yaml"))
    assert set(unnamed(written, GIVEN[choice.partition("=")[0]])) == set()


def test_what_a_config_leaves_unsaid_is_what_the_signature_says() -> None:
    written = parts_of()["trainer"].as_dict()
    assert written["schedule"]["final"] == 0.0
    assert written["stopping"]["min_delta"] == 0.0
