"""Command lines of ``name=value``, and lists of ids as people give them."""

import importlib
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragx.runner.command import COMMANDS
from ragx.runner.commands.id_lists import id_list
from ragx.runner.commands.options import (
    JsonFile,
    Names,
    NotNegative,
    Part,
    Wholes,
    key,
    parse_options,
    split_options,
    truth,
    whole,
)
from ragx.runs.trusted import Trusted


@dataclass(frozen=True)
class Options:
    run: str
    users: str = "all"
    k: int = 10


@dataclass(frozen=True)
class Typed:
    part: Part = "test"
    runs: Path = Path("runs")
    refit: bool = False
    metrics: Names = None
    cutoffs: Wholes = None
    tolerance: NotNegative = 0.5
    random: Annotated[int, key] = 1
    output: JsonFile = None
    trust: Trusted = field(default_factory=Trusted)


def test_options_have_names_and_defaults() -> None:
    assert parse_options(Options, ["run=a b", "k= 3 "]) == Options("a b", "all", 3)
    assert parse_options(Options, ["run=x=y"]) == Options("x=y")
    assert parse_options(Options, ["folder", "k=3"], first="run") == Options("folder", k=3)


def test_options_are_read_as_what_they_are(tmp_path: Path) -> None:
    texts = ["part=validation", "runs=other", "refit=true", "metrics=[recall, ndcg,]", "cutoffs=[5,20]", "tolerance=0"]
    read = parse_options(Typed, [*texts, "random=0", f"output={tmp_path}/a.json", "trust=[a, b.c]"])
    assert read.trust.modules == ("a", "b.c")
    expected = Typed("validation", Path("other"), True, ["recall", "ndcg"], [5, 20], 0.0, 0, tmp_path / "a.json")
    assert read == replace(expected, trust=read.trust)
    assert parse_options(Typed, ["metrics=[]"]).metrics == []  # no metric is not the metrics of before


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("part=tset", "part: expected one of validation, test; got 'tset'. Did you mean 'test'?"),
        ("refit=yes", "refit: expected true or false, got 'yes'."),
        ("cutoffs=[5,x]", "cutoffs: expected a whole number of at least 1, got 'x'."),
        ("tolerance=-1", "tolerance: expected a number of at least 0, got '-1'."),
        ("tolerance=nan", "tolerance: expected a number of at least 0, got 'nan'."),
        ("tolerance=near", "tolerance: expected a number of at least 0, got 'near'."),
        ("random=-1", "random: expected a whole number, got '-1'."),
        ("output=a.csv", "output: expected a file ending in .json, got 'a.csv'."),
        ("output=folder.json", "output: expected a file, but folder.json is a folder."),
        ("trust=[a-b]", "trust: expected names of modules such as my_layers, got 'a-b'."),
    ],
)
def test_options_of_another_type_are_named(
    argument: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.json").mkdir()
    with pytest.raises(ValueError) as caught:
        parse_options(Typed, [argument])
    assert str(caught.value) == message


def test_options_of_two_commands_are_told_apart() -> None:
    assert split_options(Options, ["k=3", "model.k=4", "--flag", "run=a"]) == (
        ["k=3", "run=a"],
        ["model.k=4", "--flag"],
    )


@pytest.mark.parametrize("name", [name for name, (module, _) in COMMANDS.items() if module.startswith("commands.")])
def test_help_names_every_option_and_no_other(name: str) -> None:
    module: Any = importlib.import_module(f"ragx.runner.{COMMANDS[name][0]}")
    listed = re.findall(r"^(\w+)=", module.HELP, re.M)
    assert listed == [option.name for option in fields(module.Options)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "run: a value is required; write run=…"),
        (["run="], "run: a value is required; write run=…"),
        (["run= "], "run: a value is required; write run=…"),
        (["run"], "run: a value is required; write run=…"),
        (["run=a", "run=b"], "run: given twice."),
        (["=x"], "=x: expected name=value with one of the options run, users, k."),
        (["="], "=: expected name=value with one of the options run, users, k."),
        (
            ["run=a", "user=x"],
            "user=x: unknown option. Did you mean 'users'? Options: run, users, k; each is name=value.",
        ),
        (["run=a", "[/x]"], "[/x]: unknown option. Options: run, users, k; each is name=value."),
    ],
)
def test_mistakes_in_options_are_named(arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_options(Options, arguments)
    assert str(caught.value) == message


def test_an_argument_without_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match=r"^run: given twice\.$"):
        parse_options(Options, ["a", "b"], first="run")


@dataclass(frozen=True)
class Words:
    run: str
    users: str = "all"


@given(st.text(), st.text())
def test_whatever_is_typed_gives_options_or_one_message(name: str, value: str) -> None:
    try:
        options = parse_options(Words, ["run=a", f"{name}={value}"])
    except ValueError as error:
        assert str(error)
    else:
        assert getattr(options, name) == value.strip()


def test_true_and_false() -> None:
    assert truth("a", "true")
    assert not truth("a", "false")
    for text in ("True", "1", "yes", ""):
        with pytest.raises(ValueError, match=f"^a: expected true or false, got '{text}'"):
            truth("a", text)


@pytest.mark.parametrize("text", ["2.5", "-1", "0", "1e3", "²", "", "x", "9" * 5000])
def test_whole_numbers(text: str) -> None:
    assert (whole("k", "7"), whole("k", "007")) == (7, 7)
    with pytest.raises(ValueError, match=r"^k: expected a whole number of at least 1, got '"):
        whole("k", text)


def test_ids_in_brackets_alone_and_in_files(tmp_path: Path) -> None:
    assert id_list("users", '[a, "b, c", ü 7]') == ["a", "b, c", "ü 7"]
    assert id_list("users", '["u1 ", u1]') == ["u1 ", "u1"]
    assert id_list("users", "[u1 , u1]") == ["u1"]
    assert id_list("users", "[x.json,/x]") == ["x.json", "/x"]
    assert id_list("users", "one") == ["one"]
    assert id_list("users", "x" * 5000) == ["x" * 5000]
    pl.DataFrame({"item": [3, 5, None]}).write_parquet(tmp_path / "shelf.parquet")
    assert id_list("only", str(tmp_path / "shelf.parquet")) == ["3", "5"]
    (tmp_path / "LIST.TSV").write_text("city\tuser\nBerlin\t[/b]\n")
    assert id_list("users", str(tmp_path / "LIST.TSV")) == ["[/b]"]
    (tmp_path / "plain.txt").write_text("ann\nbob\n\n")
    assert id_list("users", str(tmp_path / "plain.txt")) == ["ann", "bob"]
    (tmp_path / "one.txt").write_text("007")
    assert id_list("users", str(tmp_path / "one.txt")) == ["007"]
    pl.DataFrame({"item": [3.0, None, 3.0]}).write_parquet(tmp_path / "shelf.parquet")
    assert id_list("only", str(tmp_path / "shelf.parquet")) == ["3"]
    pl.DataFrame({"item": [3.0, 7.9]}).write_parquet(tmp_path / "shelf.parquet")
    with pytest.raises(ValueError, match=r"only: .*shelf\.parquet, row 2: expected text or whole numbers .* got 7\.9"):
        id_list("only", str(tmp_path / "shelf.parquet"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[]", "expected at least one id, got '[]'"),
        ("[a", "expected a list in brackets such as [a,b], got '[a'"),
        ('[a,"b]', "expected ids parted by commas"),
        ("x.json", "x.json is a file; a file of ids ends in .csv, .tsv, .txt, .parquet, and an id of that name is"),
        ("folder", "folder is a folder; a file of ids ends in"),
        ("folder.csv", "expected a file of ids, but folder.csv is a folder"),
        ("missing.csv", "there is no file missing.csv"),
        ("x" * 300 + ".csv", "there is no file xxx"),
        ("two.csv", "two.csv, line 1: no column 'user'; it has a, b."),
        ("empty.csv", "empty.csv: expected a table, got an empty file"),
        ("latin.csv", "latin.csv, line 2: expected UTF-8 text"),
        ("heading.csv", "heading.csv: expected rows below the header, got none"),
        ("torn.parquet", "torn.parquet: expected a Parquet file"),
        ("other.parquet", "other.parquet: no column 'user'; it has x"),
    ],
)
def test_lists_that_are_none_are_named(
    value: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("folder", "folder.csv"):
        Path(name).mkdir()
    contents = {"x.json": "[1]", "two.csv": "a,b\n1,2\n", "empty.csv": "", "heading.csv": "user\n"}
    for name, text in contents.items():
        Path(name).write_text(text)
    Path("latin.csv").write_bytes(b"user\nk\xe4se\n")
    pl.DataFrame({"x": [1]}).write_parquet("other.parquet")
    Path("torn.parquet").write_bytes(Path("other.parquet").read_bytes()[:-9])
    with pytest.raises(ValueError) as caught:
        id_list("users", value)
    assert str(caught.value).startswith(f"users: {message}")
