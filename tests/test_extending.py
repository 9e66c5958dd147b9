"""What the page on parts of one's own shows is written to files as it stands there, and run in another folder."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = {
    name: text for _, text in BLOCKS for name in re.findall(r"\A(?:# @package _global_\n)?# (\S+\.(?:py|yaml))\n", text)
}
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
OF_TASKS = [line for line in COMMANDS if "task=" in line]
SMALL = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "trainer.max_epochs=2", "tracker=none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with every file of the page."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_every_file_that_is_shown_is_used() -> None:
    assert len(FILES) == 19
    for name in FILES:
        stem = Path(name).stem
        assert (
            stem in ("my_rows", "my_checks", "check_my_metrics", "check_spending")
            or any(stem in text for shown, text in FILES.items() if shown != name)
            or any(stem in line for line in COMMANDS)
        ), name


@pytest.mark.parametrize("line", [line for line in COMMANDS if line not in OF_TASKS])
def test_every_command_runs_as_it_stands(line: str, folder: Path) -> None:
    done = run(folder, "-m", *shlex.split(line), *SMALL)
    assert done.returncode == 0, done.stderr
    assert "best achievable" in done.stdout


def test_the_loop_learns_rows(folder: Path) -> None:
    done = run(folder, "my_rows.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[1.0, -2.0, 0.5]\n"


@pytest.mark.parametrize("file", ["my_checks.py", "check_my_metrics.py"])
def test_what_is_shown_keeps_the_contracts(file: str, folder: Path) -> None:
    done = run(folder, file)
    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).resolve().exists(), target
