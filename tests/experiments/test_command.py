"""The command ``ragx``: what it lists, imports and refuses, and configs of one's own from any folder."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra

from ragx.runner.command import COMMANDS, help_of, main

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {path.stem for path in (ROOT / "experiments").glob("*.py")}
LIBRARIES = ("torch", "torch_geometric", "numpy", "polars", "matplotlib", "scipy", "optuna")
HEAVY = ("hydra", "omegaconf", *LIBRARIES)
TINY = (
    *("dataset.num_users=40", "dataset.num_items=30", "dataset.num_days=30", "dataset.events_per_user=10"),
    *("tracker=none", "trainer.max_epochs=1", "model.hidden_dim=8", "evaluation.final=false"),
)


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore what a command sets."""
    monkeypatch.setattr("sys.argv", [])
    monkeypatch.setattr("sys.path", [*sys.path])


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_has_a_line_for_each_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert listed == list(COMMANDS)


def test_every_script_is_a_command_and_every_command_but_sweep_a_script() -> None:
    assert set(COMMANDS) - {"sweep"} == SCRIPTS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there(name: str) -> None:
    assert callable(importlib.import_module(f"ragx.runner.{COMMANDS[name][0]}").main)


@pytest.mark.parametrize("name", [name for name, (module, _) in COMMANDS.items() if module.startswith("commands.")])
def test_the_help_of_a_command_is_that_of_its_module(name: str) -> None:
    module = COMMANDS[name][0]
    assert help_of(module) == importlib.import_module(f"ragx.runner.{module}").HELP


@pytest.mark.parametrize("name", ["run", "sweep", "search"])
def test_the_help_of_a_job_begins_with_a_line_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    GlobalHydra.instance().clear()
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"ragx {name} ")


@pytest.mark.parametrize("arguments", [["--help"], ["tabel"]])
def test_listing_commands_imports_nothing_that_takes_time(arguments: list[str]) -> None:
    code = (
        f"import sys; from ragx.runner.command import main; main({arguments}); "
        f"sys.exit(','.join({{*{HEAVY}}} & {{*sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr.splitlines()[arguments == ["tabel"] :] in ([], [""])


@pytest.mark.parametrize(
    "arguments",
    [
        *(["run", "--help"], ["search", "--help"], ["audit", "--help"], ["table", "table=smok"], ["compare", "--help"]),
        *(["run", "layer=relevence"], ["run", "modl=lightgcn"], ["run", "model.num_layer=3"]),
        *(["run", "+layer.gain=2"], ["run", "model.num_layers=many"], ["run", "seed=x"]),
        *(["sweep", "layer=relevence,light"], ["sweep", "model.num_layer=1,2"]),
    ],
    ids=" ".join,
)
def test_what_is_wrong_at_first_sight_waits_for_no_heavy_import(arguments: list[str], tmp_path: Path) -> None:
    libraries = ("torch", "torch_geometric", "matplotlib") if arguments[0] == "sweep" else LIBRARIES
    code = (
        f"import atexit, sys; atexit.register(lambda: print('imported:', *{{*{libraries}}} & {{*sys.modules}})); "
        f"from ragx.runner.command import main; sys.exit(main({arguments}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == (0 if "--help" in arguments else 2), done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


def test_an_unknown_command_names_the_nearest_and_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tabel", "table=smoke"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: tabel: unknown command. Did you mean 'table'? Commands: run, sweep, ")


def test_a_config_of_ones_own_is_chosen_from_any_folder(command: Any, tmp_path: Path) -> None:
    own = tmp_path / "mine" / "layer"
    own.mkdir(parents=True)
    (own / "half.yaml").write_text("_target_: ragx.layers.LightConv\nedge_dropout: 0.5\n")
    ended = command("run", "--config-dir", "mine", "layer=half", *TINY)
    assert ended.status == 0, ended.err
    (path,) = tmp_path.glob("runs/*/run.json")
    assert json.loads(path.read_text())["config"]["layer"]["edge_dropout"] == 0.5


def test_sweep_is_run_with_m(command: Any, tmp_path: Path) -> None:
    ended = command("sweep", "dry_run=true", "seeds=2", "model.num_layers=0,1", *TINY)
    assert ended.status == 0, ended.err
    assert "4" in ended.out
    assert not list(tmp_path.glob("runs/*/metrics.json"))
