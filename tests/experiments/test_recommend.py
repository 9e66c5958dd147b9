"""The command that prints and writes lists, in process."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ragx.runner.command import main


@pytest.fixture
def folder(trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [])  # which the command sets, as it does the path
    monkeypatch.setattr("sys.path", [*sys.path])
    return trained_folder


def _say(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(["recommend", *arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return status, captured.err if status else captured.out


def test_lists_with_titles_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = _say(capsys, f"run={folder}", "users=[customer-00001, customer-00002]", "k=2")
    assert status == 0
    assert out.count("customer-0000") == 2
    assert "title" in out
    assert out.count("item-000") == 4


@pytest.mark.parametrize("ending", ["parquet", "csv", "json"])
def test_all_users_go_to_a_file(folder: Path, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"lists.{ending}"
    status, out = _say(capsys, f"run={folder}", "users=all", "k=3", f"output={path}")
    assert status == 0
    assert "10 of 40 users are shown." in out
    readers: dict[str, Callable[[Path], pl.DataFrame]]
    readers = {"parquet": pl.read_parquet, "csv": pl.read_csv, "json": pl.read_json}
    table = readers[ending](path)
    assert table.columns == ["user", "item", "title", "rank", "score"]
    assert table.height == 120
    assert table["user"].n_unique() == 40


def test_users_and_filters_come_from_files(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "users.csv").write_text("city,user\nBerlin,customer-00003\nRome,customer-00001\n")
    (tmp_path / "shelf.txt").write_text("item-00001\nitem-00002\nitem-00003\n")
    arguments = [f"run={folder}", f"users={tmp_path / 'users.csv'}", f"only={tmp_path / 'shelf.txt'}", "k=2"]
    output = tmp_path / "lists.csv"
    status, _ = _say(capsys, *arguments, "without=item-00002", "exclude_seen=false", f"output={output}")
    table = pl.read_csv(output)
    assert status == 0
    assert table["user"].unique(maintain_order=True).to_list() == ["customer-00003", "customer-00001"]
    assert set(table["item"]) == {"item-00001", "item-00003"}


def test_a_new_user_is_a_list_of_items(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = _say(capsys, f"run={folder}", "items=[item-00001,item-00004]", "k=3")
    assert status == 0
    assert "new user" in out
    assert "item-00001" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["users=[customer-1]"], "Unknown user 'customer-1': the data has 40 users"),
        (["items=[gone]"], "Unknown item 'gone'"),
        (["items=all"], "Unknown item 'all'"),
        (["users=all", "k=31"], "k: expected 1 to 30"),
        (["users=all", "k=0"], "k: expected a whole number of at least 1, got '0'"),
        (["users=all", "k=two"], "k: expected a whole number of at least 1, got 'two'"),
        (["users=all", "k=2.5"], "k: expected a whole number of at least 1, got '2.5'"),
        (["users=all", "k=-1"], "k: expected a whole number of at least 1, got '-1'"),
        (["users=all", "k=²"], "k: expected a whole number of at least 1, got '²'"),
        (["users=all", "k=" + "9" * 5000], "k: expected a whole number of at least 1, got '999"),
        (["users=all", "user=x"], "user=x: unknown option. Did you mean 'users'?"),
        (["users=all", "users=all"], "users: given twice"),
        (["users=all", "=x"], "=x: expected name=value with one of the options run, users, items, k"),
        (["users=all", "x"], "x: unknown option. Options: run, users"),
        (["users="], "users: a value is required"),
        (["users=all", "items=[item-00001]"], "Expected either users=[…]"),
        ([], "Expected either users=[…]"),
        (["users=[]"], "users: expected at least one id"),
        (["users=[customer-00001"], "users: expected a list in brackets"),
        (["users=missing.csv"], "users: there is no file missing.csv"),
        (["users=x.json"], "users: x.json is a file; a file of ids ends in .csv, .tsv, .txt, .parquet"),
        (["users=."], "users: . is a folder; a file of ids ends in"),
        (["users=lists.csv"], "users: expected a file of ids, but lists.csv is a folder"),
        (["users=" + "a" * 300], "Unknown user 'aaa"),
        (["users=[[/x]]"], "Unknown user '[/x]'"),
        (["users=[a\nb]"], "users: expected ids parted by commas"),
        (["users=all", "only=[item-00001]", "without=[item-00001]", "k=1"], "only and without: they leave no item"),
        (["users=all", "output=lists.xlsx"], "output: expected a file ending in .parquet"),
        (["users=all", "output=lists.csv"], "output: expected a file, but lists.csv is a folder"),
        (["users=all", "output=x.json/y.csv"], "x.json/y.csv: the table could not be written"),
        (["users=all", "output=" + "a" * 300 + ".csv"], "a" * 300 + ".csv: File name too long"),
        (["users=all", "exclude_seen=maybe"], "exclude_seen: expected true or false, got 'maybe'"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    folder: Path, tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text("[1]")
    (tmp_path / "lists.csv").mkdir()
    before = sorted(tmp_path.iterdir())
    status, err = _say(capsys, f"run={folder}", *arguments)
    assert status == 2
    assert err.startswith(f"error: {message}"), err
    assert len(err.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("x**", "run: expected a folder, or the beginning of its path without wildcards, got 'x**'"),
        ("runs/*", "run: expected a folder, or the beginning of its path without wildcards, got 'runs/*'"),
        ("nowhere", "nowhere: expected a finished run, or the beginning of its name or identity; found none"),
        ("runs/[/x]", "runs/[/x]: expected a finished run, or the beginning of its name or identity; found none"),
        ("x.json", "x.json: expected a finished run, or the beginning of its name or identity; found none"),
        (".", ".: expected a finished run with metrics.json, found none"),
        ("runs/two", "runs/two: 2 finished runs begin so: two-a, two-b. Write more of the name."),
        ("a" * 300, "a" * 300 + ": File name too long"),
        ("/proc/x", "/proc/x: expected a finished run, or the beginning of its name or identity; found none"),
        ("", "run: a value is required; write run=…"),
    ],
)
def test_a_run_that_is_none_is_one_line(
    run: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_text("[1]")
    for name in ("two-a", "two-b"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "metrics.json").write_text("{}")
    status, err = _say(capsys, f"run={run}", "users=all")
    assert (status, len(err.splitlines())) == (2, 1)
    assert err.startswith(f"error: {message}"), err


def test_the_beginning_of_a_run_is_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = _say(capsys, f"run={folder.parent / 'shop-'}", "users=customer-00001", "k=1")
    assert (status, "customer-00001" in out) == (0, True)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("run.json", "metrics.json", "model.pt"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    record = json.loads((folder / "run.json").read_text())
    record["config"]["model"]["hidden_dim"] = 4
    for name, content, message in (
        ("metrics.json", b"{", "metrics.json: expected a JSON file that a finished run left"),
        ("metrics.json", b"[]", "metrics.json: expected a JSON object that a finished run left"),
        ("metrics.json", b"{}", "metrics.json: expected what a finished run leaves, without validation"),
        ("run.json", b"\xff", "run.json: expected a JSON file that a finished run left"),
        ("run.json", json.dumps(record).encode(), "model.pt: the checkpoint does not fit the run's config"),
        ("model.pt", (folder / "model.pt").read_bytes()[:500], "not a readable ragx checkpoint"),
    ):
        kept = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content)
        status, err = _say(capsys, f"run={tmp_path}", "users=all")
        assert (status, message in err, err.count("\n")) == (2, True, 1), err
        (tmp_path / name).write_bytes(kept)
    assert _say(capsys, f"run={tmp_path}", "users=all")[0] == 0


def test_lists_with_names_that_look_like_markup_are_printed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "[runs]"
    shutil.copytree(folder, odd)
    status, out = _say(capsys, f"run={odd}", "users=all", "k=1", "output=[x].csv")
    assert (status, "40 rows: [x].csv" in out) == (0, True)


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = _say(capsys, "--help")
    assert status == 0
    assert all(f"\n{option}=" in out for option in ("users", "items", "k", "only", "without", "exclude_seen", "output"))


def test_files_of_ids_say_how_many_the_run_knows(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shelf.csv").write_text("item,shelf\nitem-00001,a\nITEM-00002,a\nitem-00003,b\nitem-00003,b\n")
    (tmp_path / "gone.csv").write_text("item\nITEM-00001\n")
    status, out = _say(capsys, f"run={folder}", "users=customer-00001", f"only={tmp_path / 'shelf.csv'}", "k=1")
    assert status == 0
    assert "only: 2 of 3 ids in" in out
    assert "1 left out, such as 'ITEM-00002'; 'ITEM-00002' differs from 'item-00002' in case alone." in out
    assert re.search(r"titles: \d+ of \d+ items have one", out)
    status, err = _say(capsys, f"run={folder}", f"items={tmp_path / 'gone.csv'}", "k=1")
    assert status == 2
    assert "items: 0 of 1 ids in" in err
    assert "got 'ITEM-00001', which differs from 'item-00001' in case." in err


def test_a_run_that_is_not_there_comes_before_whom_lists_are_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, err = _say(capsys, "run=nothing", "k=5")
    assert status == 2
    assert err.startswith("error: nothing: expected a finished run")
