"""Runs that are killed at their file operations end as unbroken ones and leave nothing behind."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_kills.py"


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_kills_at_file_operations_change_nothing(kills: int) -> None:
    """Setting aside, refit, checkpoint, looks, kernel cache."""
    ended = subprocess.run([sys.executable, str(SCRIPT), f"kills={kills}"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].startswith(f"{kills} kills in "), ended.stdout
