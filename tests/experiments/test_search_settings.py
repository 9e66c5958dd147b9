"""What a search is asked for: checked before anything is run, and kept, so that none goes on as another."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from ragx.runner.search.settings import SearchSettings, settings_of
from ragx.runner.search.space import configurations, corners, distributions, options_of
from ragx.runs.sweeps.record import SweepRecord

CONF = Path(__file__).resolve().parents[2] / "conf"
CHOICES = {"search": "objectives", "dataset": "shop"}


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """Return the config of a search."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("search", overrides=["tracker=none"]), resolve=True)
    return dict(config)


@pytest.mark.parametrize(
    ("key", "given", "message"),
    [
        ("search.space", 3, "search.space: expected at least one option, such as .*; got 3"),
        ("search.space", {"a": None}, "search.space: expected at least one option"),
        ("search.space", {"seed": [1, 2]}, "search.space.seed: seeds are no setting to choose"),
        ("search.trials", 0, "search.trials: expected a whole number of at least 1, got 0"),
        ("search.trials", True, "search.trials: expected a whole number of at least 1, got True"),
        ("search.startup", 1.5, "search.startup: expected a whole number of at least 1, got 1.5"),
        ("search.seeds", [1], r"search.seeds: expected a whole number of at least 1, got \[1\]"),
        ("search.trails", 3, "search.trails: unknown option. Did you mean 'trials'"),
        ("search.name", "a/b", "search.name: expected null or a name of letters"),
        ("search.name", 3, "search.name: expected null or a name of letters"),
        ("search.rows", 3, "search.rows: expected the label of every row with a list of its options"),
        ("search.rows", {"a": 3}, "search.rows: expected the label of every row .*; row 'a' has 3"),
        ("search", None, "search: expected the name of a file in conf/search, got None"),
        ("seeds", 3, "seeds: the seeds of a search are those of every trial; write search.seeds"),
        ("dry_run", True, "dry_run: a search does not know its trials"),
        ("runs", None, "runs: expected the name of a folder, got None"),
        ("seed", "x", r"seed: expected a whole number from -2\^63 to 2\^63 - 1, got 'x'"),
    ],
)
def test_settings_are_checked(key: str, given: Any, message: str, plain: dict[str, Any]) -> None:
    config = copy.deepcopy(plain)
    node, _, leaf = key.rpartition(".")
    (config[node] if node else config)[leaf] = given
    with pytest.raises(ValueError, match=f"^{message}"):
        settings_of(config, CHOICES, [])


def test_settings_have_a_name_and_the_options_of_every_trial(plain: dict[str, Any]) -> None:
    options = ["dataset=shop", "seed=3", "search.trials=2", "+search.rows={}", "trainer.max_epochs=1"]
    settings = settings_of(copy.deepcopy(plain), CHOICES, options)
    assert settings.name == "objectives-shop"
    assert settings.given == ["dataset=shop", "trainer.max_epochs=1"]
    assert settings.rows["lightgcn"] == ["model=lightgcn", "objective=bpr"]


def test_spaces_are_lists_and_ranges() -> None:
    space = distributions(
        {
            "a": [1, None, "x", [8, 4]],
            "b": {"low": 1, "high": 3},
            "c": {"low": 0.1, "high": 1, "log": True},
            "d": {"low": 0.1, "high": 0.45, "step": 0.1},
            "e": {"low": 1, "high": 8, "step": 2},
            "f": None,
        }
    )
    assert space == {
        "a": CategoricalDistribution([1, None, "x", "[8, 4]"]),
        "b": IntDistribution(1, 3),
        "c": FloatDistribution(0.1, 1, log=True),
        "d": FloatDistribution(0.1, 0.4, step=0.1),
        "e": IntDistribution(1, 7, step=2),
    }
    points = list(corners(space))
    assert [point["a"] for point in points] == [1, None, "x", "[8, 4]"]
    assert {point["b"] for point in points} == {1, 3}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "x: expected at least one choice"),
        (3, "x: expected a list of choices or low and high, with log or step; got 3"),
        ({"low": 1}, "x: expected a list of choices or low and high"),
        ({"low": 1, "hihg": 2}, "x: expected a list of choices or low and high"),
        ({"low": True, "high": 2}, "x: True to 2 is no range"),
        ({"low": float("nan"), "high": 2}, "x: nan to 2 is no range"),
        ({"low": 0, "high": 2, "log": True}, "x: a range on a logarithmic scale begins above 0, not at 0"),
        ({"low": 1, "high": 2, "log": "maybe"}, "x.log: expected true or false, got 'maybe'"),
        ({"low": 1, "high": 2, "log": True, "step": 1}, "x: log and step do not go together"),
        ({"low": 1, "high": 2, "step": 0}, "x.step: expected a number above 0, got 0"),
        ({"low": 1, "high": 2, "step": "x"}, "x.step: expected a number above 0, got 'x'"),
    ],
)
def test_what_is_no_space_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^search\.space\.{message}"):
        distributions({"x": given})


def test_drawn_values_come_back_from_a_command_line_as_they_were() -> None:
    drawn = {
        "a": 1,
        "b": 0.017801245986931963,
        "c": "light",
        "d": "true",
        "e": None,
        "f": True,
        "g": "a, b's",
        "h": 1e-9,
    }
    parsed = OverridesParser.create().parse_overrides(options_of(drawn))
    values = [override.value() for override in parsed]
    assert [getattr(value, "text", value) for value in values] == list(drawn.values())
    assert options_of({"layer": "light", "x": "[8, 4]"}) == ["layer=light", "x=[8, 4]"]


def test_a_search_does_not_go_on_with_other_settings(plain: dict[str, Any], tmp_path: Path) -> None:
    record = SweepRecord(tmp_path / "mine")

    def settings(*options: str, **changes: Any) -> SearchSettings:
        config = copy.deepcopy(plain)
        config["search"] |= changes
        return settings_of(config, CHOICES, list(options))

    settings("trainer.max_epochs=1").keep(record)
    settings("reuse=code", "runs=runs", "trainer.max_epochs=1", "tracker=none", trials=99).keep(record)
    for other, changed in (
        (settings("trainer.max_epochs=1", seeds=2), "seeds was others"),
        (settings("trainer.max_epochs=2"), "options was others"),
        (settings("trainer.max_epochs=1", rows=None, startup=3), "rows, startup were others"),
    ):
        with pytest.raises(ValueError, match=rf"^search objectives-shop: {changed} when .* search\.name=…"):
            other.keep(record)
    grid = SweepRecord(tmp_path / "grid")
    grid.plan([], [], name="grid")
    with pytest.raises(ValueError, match="a sweep is called so"):
        settings().keep(grid)


@pytest.mark.parametrize(
    ("space", "size"),
    [
        ({"a": ["x", "y"], "b": {"low": 1, "high": 3}}, 6),
        ({"a": {"low": 512, "high": 4096, "step": 512}}, 8),
        ({"a": {"low": 0.1, "high": 0.5, "step": 0.1}}, 5),
        ({"a": {"low": 1, "high": 100, "log": True}}, 100),
        ({"a": {"low": 0.5, "high": 0.5}}, 1),
        ({"a": [1, 1, 2]}, 2),
        ({"a": ["x", "y"], "b": {"low": 0.1, "high": 0.5}}, None),
    ],
)
def test_configurations_of_a_space_are_counted(space: dict[str, Any], size: int | None) -> None:
    assert configurations(distributions(space)) == size
