"""The command that audits, in process."""

import json
from pathlib import Path
from typing import Any

import pytest

LINES = "".join(f"{user} {' '.join(str((7 * user + 3 * column) % 40) for column in range(8))}\n" for user in range(20))
TEST = "".join(f"{user} {(7 * user + 24) % 40} {(7 * user + 27) % 40}\n" for user in range(20))
VALIDATION = "".join(f"{user} {7 * user % 40}\n" for user in range(20))
READER = (
    "dataset._target_=ragx.data.line_files",
    "dataset=gowalla",
    "dataset.name=own",
    "dataset.train=train.txt",
    "dataset.test=test.txt",
    "dataset.validation=validation.txt",
)


TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=30")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("train", LINES), ("test", TEST), ("validation", VALIDATION)):
        (tmp_path / f"{name}.txt").write_text(text)
    return tmp_path


def test_a_clean_file_passes(folder: Path, command: Any) -> None:
    output = folder / "audit.json"
    own = [*READER, f"dataset.root={folder}", f"runs={folder}"]
    status, out, err = command("audit", *own, f"output={output}")
    assert err == ""
    assert status == 0
    assert "0 fail" in out
    report = json.loads(output.read_text())
    assert report["verdict"] in ("pass", "warn")
    assert report["opened"] == "audit of the split"
    record = json.loads((folder / "audits.jsonl").read_text())
    assert record["fingerprint"] == report["fingerprint"]
    assert not (folder / "looks.jsonl").exists()


def test_a_planted_leak_exits_with_1_and_names_the_pair(folder: Path, command: Any) -> None:
    first, *rest = LINES.splitlines()
    (folder / "train.txt").write_text("\n".join([f"{first} 24", *rest]) + "\n")
    output = folder / "audit.json"
    own = [*READER, f"dataset.root={folder}", f"runs={folder}"]
    status, out, err = command("audit", *own, f"output={output}")
    assert err == ""
    assert status == 1
    assert "1 fail" in out
    failed = [finding for finding in json.loads(output.read_text())["findings"] if finding["verdict"] == "fail"]
    assert [(finding["question"], finding["examples"]) for finding in failed] == [
        ("pairs in published train and test", ["(0, 24)"])
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dataset=gowallla"], "dataset=gowallla: unknown choice. Did you mean 'gowalla'?"),
        (["splitt=time"], "splitt: unknown option. Did you mean 'split'?"),
        (
            [*READER, "dataset.root=.", "split=time"],
            "split: Dataset own has no timestamps, so it cannot be split by time",
        ),
        (["output=audit.txt"], "output: expected a file ending in .json, got 'audit.txt'"),
        (["output=3"], "output: expected a file ending in .json, got 3"),
        (["output=train.txt/x.json"], "output: expected the name of a folder, but train.txt is a file"),
        (["output=folder.json"], "output: expected a file, but folder.json is a folder"),
        (["output=" + "a" * 300 + ".json"], "a" * 300 + ".json: File name too long"),
        (["runs=null"], "runs: expected the name of a folder, got None"),
        (["runs=3"], "runs: expected the name of a folder, got 3"),
        (["runs=[a]"], "runs: expected the name of a folder, got ['a']"),
        (["runs='  '"], "runs: expected the name of a folder, got '  '"),
        (["runs=train.txt"], "runs: expected the name of a folder, but train.txt is a file"),
        (["runs=train.txt/x"], "runs: expected the name of a folder, but train.txt is a file"),
        (["runs=/proc/x"], "runs: /proc/x/audits.jsonl: the file cannot be written (No such file or directory)"),
        (["runs=" + "a" * 300], "runs: " + "a" * 300 + ": File name too long"),
        (["runs=x/" + "b" * 300], "runs: x/" + "b" * 300 + ": File name too long"),
        (["dataset=csv", "dataset.path=missing.csv"], "dataset: Data file missing.csv was not found"),
        (["dataset=csv"], "dataset.path: a value is required; set it with dataset.path=…"),
        (["dataset.seed=${nope}"], "dataset.seed: Interpolation key 'nope' not found"),
        (["--runs=x"], "--runs=x: unknown flag; an option is written name=value, without dashes"),
        (["split=null"], "split=null: expected one of cold_items, cold_users"),
        (["dataset.num_users=1,2"], "dataset.num_users=1,2: several values are a sweep, so add -m"),
    ],
)
def test_a_mistake_is_exactly_one_line(folder: Path, arguments: list[str], message: str, command: Any) -> None:
    (folder / "folder.json").mkdir()
    before = sorted(folder.iterdir())
    own = TINY if not arguments[0].startswith(("dataset=", "dataset._")) else ()
    status, _, err = command("audit", *own, *arguments)
    assert (status, err.count("\n")) == (2, 1)
    assert err.startswith(f"error: {message}"), err
    assert err.endswith("\n")
    assert sorted(folder.iterdir()) == before


def test_every_mistake_in_a_part_has_a_line(command: Any) -> None:
    status, out, err = command("audit", "dataset.num_users=x", "dataset.num_items=y")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "error: dataset.num_users: expected int, got 'x' (str).",
        "error: dataset.num_items: expected int, got 'y' (str).",
    ]


def test_names_that_look_like_markup_are_printed(folder: Path, command: Any) -> None:
    """Ids, files and attributes are other people's words."""
    rows = [f"[/u{user}],[bold]{item}" for user in range(12) for item in range(user, user + 8)]
    (folder / "[x].csv").write_text("user,item\n" + "\n".join(rows * 2) + "\n")
    own = ("dataset=csv", "dataset.path='[x].csv'", "dataset.name=own", "split=random", "runs='[runs]'")
    status, out, err = command("audit", *own, "output='[found].json'")
    assert (status, err) == (0, "")
    assert "The findings as JSON: [found].json" in out
    assert "[/u" in out
    assert (folder / "[runs]" / "audits.jsonl").is_file()
