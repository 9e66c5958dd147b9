"""The commands as a person runs them, but within this process and with what they say kept."""

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from ragx.runner.command import main
from ragx.runner.command_line import guarded

HYDRA_SAYS = "Error executing job with overrides: "
ROOT = Path(__file__).resolve().parents[2]
CONF = str(ROOT / "conf")
Call = Callable[..., str]
METRICS_OF_ONES_OWN = '''
import torch
from ragx.metrics import metric

@metric(larger_is_better=False, unit="places")
def first_hit(hits, counts, k, conventions):
    """Return the rank of the first hit, K + 1 without one."""
    found, first = hits[:, :k].max(1)
    return torch.where(found, first + 1, k + 1).double()

@metric(larger_is_better=False, unit="places", takes_cutoff=False)
class MeanRank:
    """The mean rank of the relevant items that can be found, 0 where there is none."""
    def __call__(self, hits, counts, k, conventions):
        rank = torch.arange(1, hits.shape[1] + 1)
        return (hits * rank).sum(1).double() / hits.sum(1).clamp(min=1)
'''
"""The module of two metrics of one's own, of which less is better."""


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

    def run(name: str, *arguments: str) -> Ended:
        GlobalHydra.instance().clear()
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", [])  # which the command sets
        monkeypatch.setattr("sys.path", [*sys.path])
        status = main([name, *arguments])
        return Ended(status, *capsys.readouterr())

    yield run
    GlobalHydra.instance().clear()


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Return a function that runs a command in the module's ``folder`` and gives what it printed, on one line.

    Of a command that was refused it gives what stands on the error channel.
    """

    def run(*arguments: str) -> str:
        GlobalHydra.instance().clear()
        monkeypatch.setattr("sys.argv", [])
        capsys.readouterr()
        status = main([*arguments])
        out, err = capsys.readouterr()
        return " ".join((out if status == 0 else err).split())

    return run


@pytest.fixture
def checked(command: Command, tmp_path: Path) -> Callable[..., int]:
    """Return a function that runs a command, looks at all that a person may rely on, and gives its exit status."""

    def run(label: str, name: str, *arguments: str) -> int:
        before = files_of(tmp_path)
        try:
            status, _, err = command(name, *arguments)
        except BaseException as error:  # also a panic of a library, which is no Exception
            pytest.fail(f"{label}: {type(error).__name__}: {error}")
        lines = [line for line in err.splitlines() if not line.startswith(HYDRA_SAYS)]
        assert status in ((0, 1, 2) if name == "audit" else (0, 2)), f"{label}: exit {status}: {err}"
        assert "Traceback" not in err, f"{label}: {err}"
        if status == 2:
            assert lines, f"{label}: nothing was said"
            assert all(line.startswith("error: ") and len(line) < 1300 for line in lines), f"{label}: {err}"
            assert files_of(tmp_path) == before, f"{label}: {sorted(files_of(tmp_path).keys() ^ before.keys())}"
        else:
            assert not any(line.startswith("error") for line in lines), f"{label}: {err}"
        assert not list(tmp_path.rglob("*.part")), label
        unfinished = [path for path in tmp_path.rglob("run.json") if not path.with_name("metrics.json").is_file()]
        assert not unfinished, f"{label}: {unfinished}"
        for path in files_of(tmp_path).keys() - before.keys():
            path.unlink()
        return status

    return run


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return the files below a folder with their contents."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of one epoch on a shop of 40 users and 30 items."""
    runs = tmp_path_factory.mktemp("runs")
    shop = ["dataset.num_users=40", "dataset.num_items=30", "dataset.num_days=30", "dataset.events_per_user=10"]
    rest = ["tracker=none", "trainer.max_epochs=1", "model.hidden_dim=8", "evaluation.final=false", f"runs={runs}"]
    GlobalHydra.instance().clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["run.py", *shop, *rest])
        assert guarded(importlib.import_module("ragx.runner.jobs.run").job, CONF, "run") == 0
    GlobalHydra.instance().clear()
    (folder,) = (path.parent for path in runs.glob("*/metrics.json"))
    return folder


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


@pytest.fixture(scope="session")
def source_texts() -> list[tuple[str, int, str]]:
    """Return every text of the source that may be shown, with its file, below ``ragx`` or the root, and its line.

    What an f-string fills in is ``…``; docstrings are left out.
    """
    texts = []
    for path in sorted([*(ROOT / "ragx").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")]):
        file, nodes = (
            path.relative_to(ROOT).as_posix().removeprefix("ragx/"),
            list(ast.walk(ast.parse(path.read_text()))),
        )
        hidden = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        hidden |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in hidden:
                texts.append((file, node.lineno, _text_of(node)))
    return texts


def _text_of(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return node.value if isinstance(node.value, str) else ""
