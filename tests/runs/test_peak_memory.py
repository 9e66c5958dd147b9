"""The peak of memory, for each run of a process."""

import subprocess
import sys
from pathlib import Path

import pytest

from ragx.runs.peak_memory import peak_memory_mb, reset_peak

SCRIPT = """
import numpy as np
from ragx.runs.peak_memory import peak_memory_mb, reset_peak
large = np.ones(40_000_000)
print(peak_memory_mb())
del large
reset_peak()
print(peak_memory_mb())
large = np.ones(20_000_000)
print(peak_memory_mb())
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak")
def test_a_peak_is_forgotten_and_a_new_one_seen() -> None:
    """In a process of its own: one that keeps what is freed for the next step keeps its peak too."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    first, between, second = map(int, done.stdout.split())
    assert between < first - 200
    assert between + 100 < second < first - 100


def test_without_linux_s_files_there_is_still_a_number(tmp_path: Path) -> None:
    reset_peak(tmp_path / "none" / "clear_refs")
    assert peak_memory_mb(tmp_path / "none") > 0
