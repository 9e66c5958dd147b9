"""The command that audits, in process."""

import json
import sys
from pathlib import Path

import audit
import pytest

LINES = "".join(f"{user} {' '.join(str((7 * user + 3 * place) % 40) for place in range(8))}\n" for user in range(20))
TEST = "".join(f"{user} {(7 * user + 24) % 40} {(7 * user + 27) % 40}\n" for user in range(20))
VALIDATION = "".join(f"{user} {7 * user % 40}\n" for user in range(20))
READER = (
    "dataset._target_=ragx.data.lines.line_files",
    "dataset=gowalla",
    "dataset.name=own",
    "dataset.train=train.txt",
    "dataset.test=test.txt",
    "dataset.validation=validation.txt",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    for name, text in (("train", LINES), ("test", TEST), ("validation", VALIDATION)):
        (tmp_path / f"{name}.txt").write_text(text)
    return tmp_path


def _audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["audit.py", *arguments])
    status = audit.main()
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return status, captured.out, captured.err


def test_a_clean_file_passes(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    output = folder / "audit.json"
    own = [*READER, f"dataset.root={folder}", f"runs={folder}"]
    status, out, _ = _audit(monkeypatch, capsys, *own, f"output={output}")
    assert status == 0
    assert "0 fail" in out
    found = json.loads(output.read_text())
    assert found["verdict"] in ("pass", "warn")
    assert found["opened"] == "audit of the split"
    record = json.loads((folder / "audits.jsonl").read_text())
    assert record["fingerprint"] == found["fingerprint"]
    assert not (folder / "looks.jsonl").exists()


def test_a_planted_leak_exits_with_1_and_names_the_pair(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *rest = LINES.splitlines()
    (folder / "train.txt").write_text("\n".join([f"{first} 24", *rest]) + "\n")
    output = folder / "audit.json"
    own = [*READER, f"dataset.root={folder}", f"runs={folder}"]
    status, out, _ = _audit(monkeypatch, capsys, *own, f"output={output}")
    assert status == 1
    assert "1 fail" in out
    failed = [each for each in json.loads(output.read_text())["findings"] if each["verdict"] == "fail"]
    assert [(each["question"], each["examples"]) for each in failed] == [
        ("pairs in published train and test", ["(0, 24)"])
    ]


def test_mistakes_exit_with_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in (
        (["dataset=gowallla"], "Did you mean 'gowalla'?"),
        (["splitt=time"], "Did you mean 'split'?"),
        ([*READER, f"dataset.root={folder}", "split=time"], "own has no timestamps, so it cannot be split by time"),
        ([f"runs={folder}", "output=audit.txt"], "output: expected a file ending in .json, got 'audit.txt'"),
    ):
        status, _, err = _audit(monkeypatch, capsys, *arguments)
        assert status == 2
        assert message in err
