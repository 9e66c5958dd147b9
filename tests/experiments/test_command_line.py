"""Every mistake on the command line becomes one clear message, and every end of a run an exit status."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from ragx.checks import RunError
from ragx.parts import PartsError
from ragx.runner.command_line import attempt, guarded
from ragx.runner.rewording import reword

CONF = Path(__file__).resolve().parents[2] / "conf"


Config = Callable[..., dict[str, Any]]


def composing_error(config_of: Config, *overrides: str) -> Exception:
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
        ("dataset.events=3", "dataset.events: unknown option. Did you mean 'events_per_user'? Options here: "),
        (
            "trainer.monitor=x",
            "trainer.monitor: unknown option. Did you mean 'trainer.stopping.monitor' or 'task.monitor'? Opt",
        ),
        (
            "max_epochs=3",
            "max_epochs: unknown option. Did you mean 'trainer.max_epochs'? Options here: dataset, ",
        ),
        ("engine.device=cpu", "engine.device: unknown option, since there is no 'engine'. Did you mean 'trainer.eng"),
        ("temperature=1", "temperature: unknown option. Did you mean 'objective.temperature' or 'model.temperature'?"),
        ("layer=relevence", "layer=relevence: unknown choice. Did you mean 'relevance'? Choices: custom, "),
        ("objective=bprr", "objective=bprr: unknown choice. Did you mean 'bpr'? Choices: bpr, bsl, custom, "),
        ("trainer.engine.devise=cpu", "trainer.engine.devise: unknown option. Did you mean 'device'?"),
        ("layers=light", "layers: unknown option. Did you mean 'layer'?"),
        ("layer=null", "layer=null: expected one of custom, "),
        ("layer=", "layer=: unknown choice. Choices: custom, "),
        ("model=3", "model=3: expected one of cheby_cf, custom, "),
        ("model={hidden_dmi:3}", "model.hidden_dmi: unknown option. Did you mean 'hidden_dim'?"),
        ("model.num_layers.x=3", "model.num_layers.x: unknown option, since model.num_layers has none."),
        ("seed=1,2", "seed=1,2: several values are a sweep, so add -m; a list is written seed=[1,2]."),
        ("~nope", "~nope: there is no such option to be left out."),
        ("~layer=gcn", "~layer=gcn: there is no such option to be left out."),
        ("+seed=3", "+seed: there is one already; write seed=… without the +."),
        ("+model=lightgcn", "+model: there is one already; write model=… without the +."),
        ("=x", "Expected options name=value, got one without a name."),
        ("seed", "seed: expected name=value."),
        ("seed=${nope}", "seed: Interpolation key 'nope' not found."),
        (
            "dataset.name=größe x",
            "dataset.name=größe x: the value does not parse; put it in quotes, and these in others",
        ),
        (
            "dataset.name='it's'",
            "dataset.name='it's': the value does not parse; put it in quotes, and these in others for the shell: "
            "\"dataset.name='it\\'s'\".",
        ),
        ("model.hidden_dim=[8,", "model.hidden_dim=[8,: the value does not parse; put it in quotes"),
    ],
)
def test_errors_of_composing_say_what_was_meant(
    override: str, message: str, config_of: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["run.py", override])
    text = reword(composing_error(config_of, override), str(CONF), "run")
    assert text.startswith(message)
    assert "\n" not in text


def test_a_key_that_another_choice_has_is_looked_up_in_the_choice_that_was_made(
    config_of: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = ["objective=bpr", "objective.negatives.cont=3"]
    monkeypatch.setattr("sys.argv", ["run.py", *overrides])
    text = reword(composing_error(config_of, *overrides), str(CONF), "run")
    assert text.startswith("objective.negatives.cont: unknown option. Did you mean 'count'?")


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["layer=relevence"], ["layer=relevence: unknown choice. Did you mean 'relevance'?"]),
        (["model.num_layers=three"], ["model.num_layers: expected int, got 'three' (str)."]),
        (["dataset=csv"], ["dataset.path: a value is required; set it with dataset.path=…"]),
        (["model.num_layers=-1"], ["model: num_layers: expected at least 0, got -1."]),
        (["objective.temperature=0"], ["objective: temperature: expected a number greater than 0, got 0"]),
        (["layer.edge_dropout=1.5"], ["layer: edge_dropout: expected a number from 0 up to but not including 1"]),
        (["threads=0"], ["threads: expected null or a whole number from 1 to 4,096, got 0."]),
        (["seed=x"], ["seed: expected a whole number from -2^63 to 2^63 - 1, got 'x'."]),
        (["+layer.gain=2"], ["layer.gain: unknown option of ragx.layers.LightConv."]),
        (["trainer.stopping.monitor=ndgc@20"], ["trainer.stopping.monitor"]),
        (["split.test=0.95"], ["split: validation + test: expected less than 1"]),
        (["+x=1"], ["x: unknown option."]),
        (["+trainr.max_epochs=1"], ["trainr: unknown option. Did you mean 'trainer'?"]),
        (["~seed"], ["seed: this setting cannot be removed."]),
        (["reuse=nver"], ["reuse: expected one of same, code, never; got 'nver'. Did you mean 'never'?"]),
        (["model.features=3"], ["model.features: expected true or false, got 3."]),
        (["sweep.name=a/b"], ["sweep.name: expected null or a name of letters"]),
        (["seeds=3"], ["seeds: several seeds are a sweep; add -m, or give one with seed=0."]),
        (["--layer=light"], ["--layer=light: unknown flag; an option is written name=value, without dashes."]),
        (["seed=1", "--config-dir", ".", "x=1"], ["x=1: options do not go on behind a flag; write flags such as"]),
        (["--config-dir", "nowhere"], ["Additional config directory '"]),
        (
            ["objective._target_=builtins.dict"],
            ["objective._target_: builtins.dict gives a dict, which has no of_"],
        ),
        (["tracker._target_=builtins.dict"], ["tracker._target_: builtins.dict gives a dict, which has no start"]),
        (
            ["layer=relevance", "model.num_layers=x", "layer.bias=y", "+optimizer.beta=1"],
            ["layer.bias: expected bool", "model.num_layers: expected int", "optimizer.beta: unknown option of"],
        ),
    ],
)
def test_a_mistake_ends_with_status_two_and_one_line_for_each(
    arguments: list[str], messages: list[str], command: Any, tmp_path: Path
) -> None:
    status, out, err = command("run", *arguments)
    lines = err.splitlines()
    assert (status, out) == (2, "")
    assert len(lines) == len(messages), lines
    for line, message in zip(lines, messages, strict=True):
        assert line.startswith(f"error: {message}"), line
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def own_configs(tmp_path: Path) -> Path:
    """Return a folder with a layer, a split and a sweep of one's own."""
    layer = "_target_: ragx.layers.RelevanceAttentionConv\ngain: 3.0\nheads: 2\n"
    texts = {
        "layer/mine": layer,
        "split/own_split": "_target_: ragx.data.time_split\n",
        "sweep/wide": "seeds: 2\n",
    }
    for name, text in texts.items():
        path = tmp_path / "my_conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path / "my_conf"


@pytest.mark.parametrize("flags", [["--config-dir", "my_conf"], ["--config-dir=my_conf"], ["-cd", "my_conf"]])
def test_names_of_ones_own_configs_are_suggested(flags: list[str], own_configs: Path, command: Any) -> None:
    status, _, err = command("run", *flags, "layer=mine", "layer.gian=2")
    assert (status, err) == (
        2,
        "error: layer.gian: unknown option. Did you mean 'gain'? Options here: gain, heads. "
        "If the target takes it, write +layer.gian=…\n",
    )


@pytest.mark.parametrize(
    ("name", "argument", "message"),
    [
        (
            "run",
            "layer=mien",
            "layer=mien: unknown choice. Did you mean 'mine'? Choices: custom, gatv2, gcn, light, mine,",
        ),
        ("run", "sweep=wdie", "sweep=wdie: unknown choice. Did you mean 'wide'? Choices: depth_width_heads, "),
        (
            "audit",
            "split=own_spilt",
            "split=own_spilt: unknown choice. Did you mean 'own_split'? Choices: cold_items, ",
        ),
        ("search", "layer=mien", "layer=mien: unknown choice. Did you mean 'mine'?"),
        ("run", "layer=mine", "layer.gain: unknown option of ragx.layers.RelevanceAttentionConv"),
    ],
)
def test_choices_of_ones_own_are_listed(
    name: str, argument: str, message: str, own_configs: Path, command: Any
) -> None:
    status, _, err = command(name, "--config-dir", str(own_configs), argument)
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith(f"error: {message}"), err


def test_other_ends_of_a_run_have_a_status_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    from ragx.training.interruption import Interrupted, TrainingDivergedError

    def ending(error: BaseException) -> None:
        raise error

    errors: list[BaseException] = [TrainingDivergedError("The loss became nan."), Interrupted(15), KeyboardInterrupt()]
    statuses = [guarded(functools.partial(ending, error), str(CONF), "run") for error in errors]
    assert statuses == [1, 143, 130]
    messages = capsys.readouterr().err.splitlines()
    assert messages[0] == "error: The loss became nan."
    assert messages[1] == "stopped by SIGTERM: the state is saved; the same command takes it up again."
    assert guarded(lambda: None, str(CONF), "run") == 0
    assert attempt(lambda: 0.5) == 0.5


def test_an_error_is_one_line_whatever_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def ending(error: BaseException) -> None:
        raise error

    for error, status, starts in (
        (ValueError("Unknown user 'a\n\n  b'."), 2, ["error: Unknown user 'a b'."]),
        (PartsError(["one:\ntwo", "three"]), 2, ["error: one: two", "error: three"]),
        (RunError("[/x]\nfailed"), 1, ["error: [/x] failed"]),
        (ValueError("a" * 5000 + ": what to do"), 2, ["error: " + "a" * 1000 + "…" + "a" * 188 + ": what to do"]),
        (FileNotFoundError(2, "No such file or directory", "a\nb"), 2, ["error: a b: No such file or directory."]),
        (OSError("no space"), 2, ["error: a file: no space."]),
        (MemoryError(), 1, ["error: Memory ran out."]),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, ["error: Memory ran out. DefaultCPU"]),
    ):
        assert guarded(functools.partial(ending, error), str(CONF), "run") == status
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == len(starts)
        assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True)), lines
    with pytest.raises(RuntimeError, match="our own mistake"):
        guarded(functools.partial(ending, RuntimeError("our own mistake")), str(CONF), "run")


def test_a_failure_that_was_kept_is_told_once() -> None:
    def fail() -> None:
        raise ValueError("kept")

    assert attempt(fail) is None
    assert guarded(lambda: None, str(CONF), "run") == 0
    assert guarded(lambda: attempt(fail), str(CONF), "run") == 2


@pytest.mark.parametrize("name", ["run", "table", "audit", "search"])
def test_help_begins_with_an_example_of_its_own(name: str) -> None:
    header = OmegaConf.load(CONF / f"{name}.yaml").hydra.help.header
    assert header.startswith(f"ragx {name} ")
