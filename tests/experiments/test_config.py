"""Every YAML composes and binds, and every mistake on the command line becomes one clear message."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from runner.command_line import attempt, guarded, reword
from runner.preflight import bind_parts, check_settings, try_small

from ragx.parts import Part, PartsError
from ragx.report.run_parts import GIVEN

CONF = Path(__file__).resolve().parents[2] / "conf"
CHOICES = sorted(f"{path.parent.name}={path.stem}" for path in CONF.glob("*/*.yaml") if path.parent.name in GIVEN)
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
        assert set(parts) == set(GIVEN)


@pytest.mark.parametrize(
    "choice",
    [each for each in CHOICES if not each.startswith(("dataset", "split", "graph")) and each != "layer=custom"],
)
def test_every_choice_is_built_before_any_data_is_read(choice: str) -> None:
    config = config_of(choice)
    parts = bind_parts(config)
    check_settings(config)
    try_small(parts)
    assert parts["tracker"].build() is not None


@pytest.mark.parametrize("choice", [each for each in CHOICES if each.startswith("graph=") and "kind" not in each])
def test_every_graph_choice_builds_a_graph(choice: str, tiny_split: Any) -> None:
    graph = parts_of(choice)["graph"].build(interactions=tiny_split.train)
    assert (graph.num_users, graph.num_items) == (120, 60)


def test_what_a_config_leaves_unsaid_is_what_the_signature_says() -> None:
    written = parts_of()["trainer"].as_dict()
    assert written["schedule"]["final"] == 0.0
    assert written["stopping"]["min_delta"] == 0.0


def composing_error(*overrides: str) -> Exception:
    try:
        config_of(*overrides)
    except Exception as error:
        return error
    raise AssertionError(f"{overrides} composed")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.num_layer=3", "model.num_layer: unknown option. Did you mean 'num_layers'? Options here: num_layers"),
        ("sed=3", "sed: unknown option. Did you mean 'seed'? Options here: "),
        ("modl.num_layers=3", "modl.num_layers: unknown option, since there is no 'modl'. Did you mean 'model'?"),
        ("layer=relevence", "layer=relevence: unknown choice. Did you mean 'relevance'? Choices: custom, "),
        ("objective=bprr", "objective=bprr: unknown choice. Did you mean 'bpr'? Choices: bpr, in_batch_softmax"),
        ("trainer.engine.devise=cpu", "trainer.engine.devise: unknown option. Did you mean 'device'?"),
        ("layers=light", "layers: unknown option. Did you mean 'layer'?"),
    ],
)
def test_errors_of_composing_say_what_was_meant(override: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["run.py", override])
    text = reword(composing_error(override), str(CONF), "run")
    assert text.startswith(message)
    assert "\n" not in text


def test_a_key_that_another_choice_has_is_looked_up_in_the_choice_that_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overrides = ["objective=bpr", "objective.negatives.cont=3"]
    monkeypatch.setattr("sys.argv", ["run.py", *overrides])
    text = reword(composing_error(*overrides), str(CONF), "run")
    assert text.startswith("objective.negatives.cont: unknown option. Did you mean 'count'?")


@pytest.fixture
def status_of(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, list[str]]]:
    """Return a function that gives exit status and lines of standard error of the main job."""
    import run

    def ask(*arguments: str) -> tuple[int, list[str]]:
        monkeypatch.setattr("sys.argv", ["run.py", *arguments, f"runs={tmp_path / 'runs'}"])
        monkeypatch.chdir(tmp_path)
        status = guarded(run.job, str(CONF), "run")
        return status, capfd.readouterr().err.splitlines()

    return ask


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["layer=relevence"], ["layer=relevence: unknown choice. Did you mean 'relevance'?"]),
        (["model.num_layers=three"], ["model.num_layers: expected int, got 'three' (str)."]),
        (["dataset=csv"], ["dataset.path: a value is required; set it with dataset.path=…"]),
        (["model.num_layers=-1"], ["model: num_layers: expected at least 0, got -1."]),
        (["objective.temperature=0"], ["objective: temperature: expected a number greater than 0, got 0"]),
        (["layer.edge_dropout=1.5"], ["layer: edge_dropout: expected a number from 0 up to but not including 1"]),
        (["threads=0"], ["threads: expected null or a whole number of at least 1, got 0."]),
        (["seed=x"], ["seed: expected a whole number, got 'x'."]),
        (["+layer.gain=2"], ["layer.gain: unknown option of ragx.layers.light_conv.LightConv."]),
        (["trainer.stopping.monitor=ndgc@20"], ["trainer.stopping.monitor"]),
        (["split.test=0.95"], ["split: validation + test: expected less than 1"]),
        (
            ["layer=relevance", "model.num_layers=x", "layer.bias=y", "+optimizer.beta=1"],
            ["layer.bias: expected bool", "model.num_layers: expected int", "optimizer.beta: unknown option of"],
        ),
    ],
)
def test_a_mistake_ends_with_status_two_and_one_line_for_each(
    arguments: list[str], messages: list[str], status_of: Callable[..., tuple[int, list[str]]]
) -> None:
    status, lines = status_of(*arguments)
    assert status == 2
    assert len(lines) == len(messages), lines
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith(f"error: {message}"), line


def test_other_ends_of_a_run_have_a_status_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    from ragx.training.interruption import Interrupted, TrainingDivergedError

    def ending(error: BaseException) -> None:
        raise error

    errors: list[BaseException] = [TrainingDivergedError("The loss became nan."), Interrupted(15), KeyboardInterrupt()]
    statuses = [guarded(functools.partial(ending, error), str(CONF), "run") for error in errors]
    assert statuses == [1, 143, 130]
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error: The loss became nan."
    assert said[1] == "stopped by SIGTERM: the state is saved; the same command takes it up again."
    assert guarded(lambda: None, str(CONF), "run") == 0
    assert attempt(lambda: 0.5) == 0.5
