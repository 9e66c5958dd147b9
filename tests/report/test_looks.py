"""The count of what read a test part: over folders that lie side by side, by kind, and once for a copied line."""

import shutil
from pathlib import Path

import pytest

from ragx.report.looks import Looks, Readings


def test_looks_reproductions_and_audits_are_counted_apart(tmp_path: Path) -> None:
    looks = Looks(tmp_path / "runs")
    assert looks.readings("f") == Readings(0, 0, 0)
    looks.record("f", "one", "final evaluation of one")
    looks.record("f", "one", "final evaluation of one", "reproduction")
    looks.record_audit("f", "an audit")
    looks.record("g", "two", "final evaluation of two")
    assert looks.readings("f") == Readings(looks=1, reproductions=1, audits=1)
    assert looks.readings("g") == Readings(looks=1)


def test_a_line_of_version_0_1_0_is_a_look(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "looks.jsonl").write_text('{"fingerprint": "f"}\n{"fingerprint": "f"}\n{"finger')
    assert Looks(tmp_path / "runs").readings("f") == Readings(looks=2)


def test_folders_side_by_side_are_added_and_a_copy_is_not(tmp_path: Path) -> None:
    for name, times in (("runs", 2), ("runs-old", 3)):
        for number in range(times):
            Looks(tmp_path / name).record("f", f"{name}-{number}", "a look")
    Looks(tmp_path / "deeper" / "runs").record("f", "unseen", "a look")
    for folders in (["runs"], ["runs-old"], ["runs", "runs-old"], ["runs", "nowhere"]):
        assert Looks(*(tmp_path / name for name in folders)).readings("f").looks == 5
    assert Looks(tmp_path / "runs", tmp_path / "deeper" / "runs").readings("f").looks == 6
    shutil.copytree(tmp_path / "runs", tmp_path / "copy")
    assert Looks(tmp_path / "runs").readings("f").looks == 5


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        (Readings(1), "has had 1 look."),
        (Readings(0), "has had 0 looks."),
        (Readings(2, 1), "has had 2 looks, beside 1 reproduction."),
        (Readings(2, 0, 3), "has had 2 looks, beside 3 audits."),
        (Readings(1, 2, 1), "has had 1 look, beside 2 reproductions and 1 audit."),
    ],
)
def test_the_numbers_in_words(readings: Readings, said: str) -> None:
    assert readings.sentence("f1") == f"The test part of split f1 {said}"
