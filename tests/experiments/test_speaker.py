"""What a run says: the same on the terminal and in its log, with names that look like markup taken for names."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.runner.run.speaker import Speaker
from ragx.runner.run.summary import print_data, print_summary, summary_line

ODD = "[/x] [bold]"
METRICS: dict[str, Any] = {
    "validation": {"recall@20": 0.25, "ndcg@20": 0.5, "recall@5": 0.1},
    "test": {"recall@20": 0.2, "ndcg@20": 0.4, "recall@5": 0.05},
    "baseline": {"most_popular": {part: {"recall@20": 0.1, "ndcg@20": 0.2} for part in ("validation", "test")}},
    "best_achievable": {part: {"recall@20": 1.0, "ndcg@20": 0.8} for part in ("validation", "test")},
    "fit": {"best_epoch": 3, "epochs": 5, "seconds": 61.0, "resumed_at": 40},
    "refit": {"seconds": 1.0, "resumed_at": None},
    "seconds": 70.4,
    "peak_memory_mb": 1234,
    "counts": {
        "validation": {"users": 50, "users_held_out": 60, "all_users": 101},
        "test": {"users": 51, "users_held_out": 51, "all_users": 101},
    },
    "looks": 1,
    "split": {"fingerprint": "abc"},
}


def test_a_log_begins_with_what_was_said_before_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep" / "log.txt"
    with Speaker() as speaker:
        speaker.print("one", style="red")
        speaker.log_to(path)
        speaker.print("two", "ü")
        assert path.read_text(encoding="utf-8") == "one\ntwo ü\n"
    with Speaker(quiet=True) as speaker:
        speaker.log_to(path)
        speaker.print("three")
        assert speaker.progress_console is not None
    assert path.read_text(encoding="utf-8") == "one\ntwo ü\nthree\n"
    assert capsys.readouterr().out == "one\ntwo ü\n"


def test_nothing_is_written_once_the_log_is_closed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speaker = Speaker()
    speaker.log_to(tmp_path / "log.txt")
    speaker.close_log()
    (tmp_path / "log.txt").unlink()
    speaker.print("still heard")
    speaker.close_log()
    assert capsys.readouterr().out == "still heard\n"
    assert list(tmp_path.iterdir()) == []
    assert speaker.progress_console is None


def test_brackets_are_taken_for_what_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Speaker() as speaker:
        speaker.log_to(tmp_path / ODD.replace("/", "") / "log.txt")
        speaker.print(ODD)
    assert capsys.readouterr().out == f"{ODD}\n"


def test_data_are_told_whatever_their_name(tiny_shop: Dataset, tiny_split: Split) -> None:
    output = io.StringIO()
    odd = replace(tiny_shop, steps=(*tiny_shop.steps, (ODD, 12, 6, 1234)))
    print_data(Console(file=output, width=200), odd, replace(tiny_split, name=ODD, notes={"[/a]_out": 3, "none": 0}))
    lines = output.getvalue().splitlines()
    assert lines[-4] == f"{ODD}: 12 users, 6 items, 1,234 interactions"
    train, validation, test = len(tiny_split.train), len(tiny_split.validation), len(tiny_split.test)
    assert lines[-2].startswith(f"shop: 120 users, 60 items; split {ODD} {tiny_split.fingerprint}: {train:,} train")
    assert lines[-2].endswith(f"{validation:,} validation, {test:,} test")
    assert lines[-1] == "  3 [/a] out"


def test_a_summary_has_the_numbers_of_its_file(tmp_path: Path) -> None:
    folder = tmp_path / ODD.replace("/", "-")
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    output = io.StringIO()
    print_summary(Console(file=output, width=200), folder)
    text = output.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows == [
        ["model", "0.2500", "0.5000", "0.2000", "0.4000"],
        ["MostPop", "0.1000", "0.2000", "0.1000", "0.2000"],
        ["best achievable", "1.0000", "0.8000", "1.0000", "0.8000"],
    ]
    assert "50.0% of the achievable test ndcg@20 was reached." in text
    assert "kept epoch 3 of 5, refitted on train + validation, training taken up at step 40; 62 s of training" in text
    assert "70 s in all, 1,234 MB at most." in text
    assert "The test part of split abc has had 1 look." in text
    assert "Fewer than half of the users are measured: 50 of 101 users make the validation values" in text
    assert "\n51 of 101 users make the test values; 51 have items there." in text
    assert f"checkpoint: {folder}" in text


def test_a_line_for_trackers_names_every_number() -> None:
    line = summary_line(METRICS)
    assert line["validation/recall@5"] == 0.1
    assert line["most_popular/test/ndcg@20"] == 0.2
    assert line["best_achievable/test/ndcg@20"] == 0.8
    assert line["validation/users"] == 50
    assert line["test/all_users"] == 101
    assert line["validation/measured"].startswith("Fewer than half of the users are measured: 50 of 101")
    assert (line["best_epoch"], line["fingerprint"]) == (3, "abc")
