"""The peak of memory, for each run of a process."""

from pathlib import Path

import numpy as np
import pytest

from ragx.report.peak_memory import peak_memory_mb, reset_peak


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak")
def test_a_peak_is_forgotten_and_a_new_one_seen() -> None:
    large = np.ones(40_000_000)
    before = peak_memory_mb()
    del large
    reset_peak()
    after = peak_memory_mb()
    assert after < before - 200
    large = np.ones(20_000_000)
    assert after + 100 < peak_memory_mb() < before
    del large


def test_without_linux_s_files_there_is_still_a_number(tmp_path: Path) -> None:
    reset_peak(tmp_path / "none" / "clear_refs")
    assert peak_memory_mb(tmp_path / "none") > 0
