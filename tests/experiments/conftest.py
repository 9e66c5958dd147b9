"""The commands as a person runs them, but within this process and with what they say kept."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from runner.command_line import guarded

CONF = str(Path(__file__).resolve().parents[2] / "conf")


class Ended(NamedTuple):
    """How a command ended: exit status, standard output and standard error."""

    status: int
    out: str
    err: str


class Command(Protocol):
    """Runs the command of a script in ``experiments/``."""

    def __call__(self, name: str, *arguments: str) -> Ended:
        """Return how it ended; an exception that got out is a failure of the test."""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Return a function that runs a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def go(name: str, *arguments: str) -> Ended:
        GlobalHydra.instance().clear()
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", [f"{name}.py", *arguments])
        script = importlib.import_module(name)
        if name == "recommend":
            status = script.main(list(arguments))
        elif name == "audit":
            status = script.main()
        else:
            status = guarded(script.job, CONF, name)
        return Ended(status, *capsys.readouterr())

    yield go
    GlobalHydra.instance().clear()


@pytest.fixture
def config_of() -> Callable[..., dict[str, Any]]:
    """Return a function that gives the plain config of a run."""

    def make(*overrides: str) -> dict[str, Any]:
        GlobalHydra.instance().clear()
        with initialize_config_dir(CONF, version_base="1.3"):
            config: Any = OmegaConf.to_container(compose("run", overrides=list(overrides)), resolve=True)
        GlobalHydra.instance().clear()
        return dict(config)

    return make
