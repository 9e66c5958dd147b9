"""Lines of JSON, cut back to a checkpoint."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from ragx.training.trackers import JsonLines, NoTracker, WithLines


def test_records_are_appended_and_read_back(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "deep" / "curve.jsonl")
    assert lines.size == 0
    lines.write({"epoch": 1, "loss": 0.1 + 0.2})
    lines.write({"epoch": 2, "name": "größer"})
    assert JsonLines.read(lines.path) == [{"epoch": 1, "loss": 0.1 + 0.2}, {"epoch": 2, "name": "größer"}]
    assert lines.size == lines.path.stat().st_size > 0


def test_what_lies_behind_the_checkpoint_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "curve.jsonl"
    first = JsonLines(path)
    first.write({"epoch": 1})
    kept = first.size
    first.write({"epoch": 2})
    reopened = JsonLines(path, keep=kept)
    reopened.write({"epoch": 22})
    assert JsonLines.read(path) == [{"epoch": 1}, {"epoch": 22}]
    assert JsonLines(path).size == 0


def test_a_file_shorter_than_the_checkpoint_says_is_not_filled_up(tmp_path: Path) -> None:
    path = tmp_path / "curve.jsonl"
    path.write_text('{"epoch": 1}\n')
    JsonLines(path, keep=1_000).write({"epoch": 2})
    assert JsonLines.read(path) == [{"epoch": 1}, {"epoch": 2}]


def test_no_file_holds_no_records(tmp_path: Path) -> None:
    assert JsonLines.read(tmp_path / "none.jsonl") == []


def test_a_last_line_that_was_torn_off_is_no_record(tmp_path: Path) -> None:
    """A process that dies while it writes must not keep its run from being taken up."""
    path = tmp_path / "curve.jsonl"
    path.write_text('{"epoch": 1}\n{"epoch": 2, "lo')
    assert JsonLines.read(path) == [{"epoch": 1}]


def test_a_record_behind_a_torn_line_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    path.write_text('{"look": 1}\n{"look": 2, "re')
    JsonLines.append(path, {"look": 3})
    JsonLines.append(path, {"look": 4})
    assert JsonLines.read(path) == [{"look": 1}, {"look": 3}, {"look": 4}]


def test_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    script = "import sys; from pathlib import Path; from ragx.training.trackers import JsonLines\n"
    script += "for n in range(200): JsonLines.append(Path(sys.argv[1]), {'who': sys.argv[2], 'n': n})"
    writers = [subprocess.Popen([sys.executable, "-c", script, str(path), str(who)]) for who in range(3)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    records = JsonLines.read(path)
    expected = [(str(who), n) for who in range(3) for n in range(200)]
    assert sorted((record["who"], record["n"]) for record in records) == expected


def test_lines_stand_beside_every_value_of_a_curve_and_are_asked_for_once(tmp_path: Path) -> None:
    class Kept(NoTracker):
        def __init__(self) -> None:
            self.rows: list[dict[str, Any]] = []

        def start(self, folder: Path, run: dict[str, Any], history: list[dict[str, Any]]) -> None:
            self.rows += history

        def log(self, values: dict[str, float], step: int) -> None:
            self.rows.append(values | {"epoch": step})

    asked: list[int] = []

    def lines() -> dict[str, float]:
        asked.append(1)
        return {"most_popular/ndcg@20": 0.25}

    tracker = WithLines(kept := Kept(), lines)
    tracker.start(tmp_path, {}, [])
    assert not asked
    tracker.log({"ndcg@20": 0.5}, 1)
    tracker.start(tmp_path, {}, [{"epoch": 1, "ndcg@20": 0.5}])
    assert kept.rows == [{"epoch": 1, "ndcg@20": 0.5, "most_popular/ndcg@20": 0.25}] * 2
    assert len(asked) == 1
