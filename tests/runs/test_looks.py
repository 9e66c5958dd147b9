"""The count of what read a test part: over folders that lie side by side, by kind, and once for a copied line."""

import datetime
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ragx.data.split import Split
from ragx.runs.looks import Looks, Readings

SplitOf = Callable[..., Split]


@pytest.fixture
def of(tiny_split: Split) -> SplitOf:
    """Return a maker of splits that differ in their fingerprints: ``of("f", published="p")``."""
    return lambda fingerprint, published=None: replace(
        tiny_split, fingerprint=fingerprint, published_fingerprint=published
    )


def test_looks_reproductions_and_audits_are_counted_apart(of: SplitOf, tmp_path: Path) -> None:
    looks = Looks(tmp_path / "runs")
    assert looks.readings(of("f")) == Readings(0, 0, 0)
    looks.record(of("f"), "one", "final evaluation of one")
    looks.record(of("f"), "one", "final evaluation of one", "reproduction")
    looks.record_audit(of("f"), "an audit")
    looks.record(of("g"), "two", "final evaluation of two")
    assert looks.readings(of("f")) == Readings(looks=1, reproductions=1, audits=1)
    assert looks.readings(of("g")) == Readings(looks=1)


def test_a_line_of_version_0_1_0_is_a_look(of: SplitOf, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "looks.jsonl").write_text('{"fingerprint": "f"}\n{"fingerprint": "f"}\n{"finger')
    assert Looks(tmp_path / "runs").readings(of("f")) == Readings(looks=2)


def test_folders_side_by_side_are_added_and_a_copy_is_not(of: SplitOf, tmp_path: Path) -> None:
    for name, times in (("runs", 2), ("runs-old", 3)):
        for number in range(times):
            Looks(tmp_path / name).record(of("f"), f"{name}-{number}", "a look")
    Looks(tmp_path / "deeper" / "runs").record(of("f"), "unseen", "a look")
    for folders in (["runs"], ["runs-old"], ["runs", "runs-old"], ["runs", "nowhere"]):
        assert Looks(*(tmp_path / name for name in folders)).readings(of("f")).looks == 5
    assert Looks(tmp_path / "runs", tmp_path / "deeper" / "runs").readings(of("f")).looks == 6
    shutil.copytree(tmp_path / "runs", tmp_path / "copy")
    assert Looks(tmp_path / "runs").readings(of("f")).looks == 5


def test_two_looks_of_one_second_are_two_and_a_copy_of_them_is_not(
    of: SplitOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Stopped":
            return cls(2026, 11, 26, tzinfo=tz)

    monkeypatch.setattr("ragx.runs.looks.datetime.datetime", Stopped)
    for name in ("runs", "runs", "runs-old"):
        Looks(tmp_path / name).record(of("f"), "one", "a look")
        Looks(tmp_path / name).record_audit(of("f"), "an audit")
    shutil.copytree(tmp_path / "runs", tmp_path / "copy")
    assert Looks(tmp_path / "runs").readings(of("f")) == Readings(looks=3, audits=3)


def test_looks_at_one_published_test_part_are_added_whatever_was_chosen_as_validation(
    of: SplitOf, tmp_path: Path
) -> None:
    looks = Looks(tmp_path / "runs")
    looks.record(of("one", "shared"), "one", "a look")
    looks.record(of("other", "shared"), "other", "a look")
    looks.record_audit(of("other", "shared"), "an audit")
    looks.record(of("alone"), "alone", "a look")
    with (tmp_path / "runs" / "looks.jsonl").open("a") as file:
        file.write('{"fingerprint": "one"}\n')  # as version 0.1.0 wrote it
    assert looks.readings(of("one", "shared")) == looks.readings(of("third", "shared")) == Readings(looks=3, audits=1)
    assert looks.readings(of("alone")) == Readings(looks=1)


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        (Readings(1), "has had 1 look."),
        (Readings(0), "has had 0 looks."),
        (Readings(2, 1), "has had 2 looks, beside 1 reproduction."),
        (Readings(2, 0, 3), "has had 2 looks, beside 3 audits."),
        (Readings(1, 2, 1), "has had 1 look, beside 2 reproductions and 1 audit."),
    ],
)
def test_the_numbers_in_words(readings: Readings, words: str) -> None:
    assert readings.sentence("f1") == f"The test part of split f1 {words}"
