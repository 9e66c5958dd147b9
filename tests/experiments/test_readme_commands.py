"""The commands beside ``ragx run`` take the options that the README shows, and ``ragx compare`` does what it says."""

import importlib
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from ragx.runner import command
from ragx.runner.commands.compare import compare_runs
from ragx.runner.commands.options import parse_options

ROOT = Path(__file__).resolve().parents[2]
LINES = re.findall(r"^ragx ((?!run|sweep).*?)(?: {2,}#.*)?$", (ROOT / "README.md").read_text(), re.M)
COMMANDS = ("final", "status", "page", "compare", "reproduce", "recommend", "evaluate")
KNOWN = [line for line in LINES if shlex.split(line)[0] in COMMANDS]


def test_every_command_is_looked_at() -> None:
    named = {shlex.split(line)[0] for line in LINES}
    assert {*COMMANDS} <= named <= {*command.COMMANDS}


def spelled(value: Any) -> str:
    """Return the text that gives an option this value."""
    return f"[{','.join(map(spelled, value))}]" if isinstance(value, list) else str(value)


@pytest.mark.parametrize("line", KNOWN)
def test_its_options_are_those_of_the_command_and_have_the_values_shown(line: str) -> None:
    name, *arguments = shlex.split(line)
    options: Any = importlib.import_module(f"ragx.runner.commands.{name}").Options
    first = next(key for key in ("run", "sweep", "runs") if key in options.__dataclass_fields__)
    given = parse_options(options, arguments, first=first)
    shown = [argument if "=" in argument else f"{first}={argument}" for argument in arguments]
    read = [f"{option}={spelled(getattr(given, option))}" for option in (text.partition("=")[0] for text in shown)]
    assert read == shown != []


def test_runs_are_compared_as_shown(
    trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = (line for line in LINES if line.startswith("compare "))
    _, *arguments = shlex.split(line)
    for name, layer in (("ml-100k-lightgcn-3l-bpr-12ab", "LightConv"), ("ml-100k-ngcf-2l-bpr-34cd", "NGCFConv")):
        assert name in arguments[0]
        folder = tmp_path / "runs" / f"{name}0123"
        shutil.copytree(trained_folder, folder)
        record = json.loads((folder / "run.json").read_text())
        record["config"]["layer"]["_target_"] = f"ragx.layers.{layer}"
        (folder / "run.json").write_text(json.dumps(record | {"name": folder.name, "cell": name}))
    monkeypatch.chdir(tmp_path)
    compare_runs(arguments)
    output = capsys.readouterr().out
    assert "light-1l-softmax: " in output and "ngcf-1l-softmax: " in output
    assert "most_popular" in output
