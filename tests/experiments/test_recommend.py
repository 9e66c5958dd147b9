"""The command that prints and writes lists, in process."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import recommend
import torch
from runner.id_lists import id_list

from ragx.parts import bind
from ragx.report.run_files import write_json
from ragx.report.run_parts import GIVEN, build_model
from ragx.training.checkpoint import save_checkpoint

CONFIG = {
    "dataset": {
        "_target_": "ragx.data.shop.generated_shop",
        "num_users": 40,
        "num_items": 30,
        "num_days": 30,
        "events_per_user": 10.0,
    },
    "split": {"_target_": "ragx.data.splitters.time_split"},
    "graph": {"_target_": "ragx.graph.build.build_graph", "weight": {"_target_": "ragx.graph.weights.SymmetricNorm"}},
    "layer": {
        "_target_": "ragx.layers.relevance_conv.RelevanceConv",
        "linear": False,
        "bias": False,
        "activation": None,
    },
    "model": {"_target_": "ragx.models.relevance_aware_graph.RelevanceAwareGraph", "num_layers": 2, "hidden_dim": 8},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run whose model was never trained."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    parts = bind(CONFIG, {name: GIVEN[name] for name in CONFIG})
    dataset = parts["dataset"].build()
    split = parts["split"].build(dataset=dataset)
    torch.manual_seed(0)
    model = build_model(parts, parts["graph"].build(interactions=split.train))
    plain = {name: part.as_dict() for name, part in parts.items()} | {"trainer": {"refit": False}}
    record = {"identity": "some", "fingerprint": split.fingerprint, "refit": False, "config": plain}
    write_json(folder / "run.json", record)
    write_json(folder / "metrics.json", {})
    save_checkpoint(folder / "model.pt", {"identity": "some", "model": model.state_dict()})
    return folder


def _say(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = recommend.main(list(arguments))
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
        (["users=all", "k=31"], "k: expected 1 to 30"),
        (["users=all", "k=0"], "k: expected 1 to 30"),
        (["users=all", "k=two"], "k: expected a whole number of at least 1, got 'two'"),
        (["users=all", "user=x"], "user=x: unknown option. Did you mean 'users'?"),
        (["users=all", "users=all"], "users: given twice"),
        (["users="], "users: a value is required"),
        (["users=all", "items=[item-00001]"], "Expected either users=[…]"),
        ([], "Expected either users=[…]"),
        (["users=[]"], "users: expected at least one id"),
        (["users=[customer-00001"], "users: expected a list in brackets"),
        (["users=missing.csv"], "users: there is no file missing.csv"),
        (["users=all", "output=lists.xlsx"], "output: expected a file ending in .parquet"),
        (["users=all", "exclude_seen=maybe"], "exclude_seen: expected true or false, got 'maybe'"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, err = _say(capsys, f"run={folder}", *arguments)
    assert status == 2
    assert message in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, err = _say(capsys, f"run={tmp_path}", "users=all")
    assert (status, "expected a finished run with metrics.json, found none" in err) == (2, True)
    for name in ("run.json", "metrics.json", "model.pt"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "metrics.json").write_text("{")
    status, err = _say(capsys, f"run={tmp_path}", "users=all")
    assert (status, "metrics.json: expected a JSON file that a finished run left" in err) == (2, True)
    (tmp_path / "metrics.json").write_text("{}")
    record = json.loads((folder / "run.json").read_text())
    record["config"]["model"]["hidden_dim"] = 4
    (tmp_path / "run.json").write_text(json.dumps(record))
    status, err = _say(capsys, f"run={tmp_path}", "users=all")
    assert (status, "the checkpoint does not fit the run's config" in err) == (2, True)
    (tmp_path / "model.pt").write_bytes((folder / "model.pt").read_bytes()[:500])
    status, err = _say(capsys, f"run={tmp_path}", "users=all")
    assert (status, "not a readable ragx checkpoint" in err) == (2, True)


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = _say(capsys, "--help")
    assert status == 0
    assert all(f"\n{option}=" in out for option in ("users", "items", "k", "only", "without", "exclude_seen", "output"))


def test_ids_in_quotes_and_files_in_other_forms(tmp_path: Path) -> None:
    assert id_list("users", '[a, "b, c", ü 7]') == ["a", "b, c", "ü 7"]
    assert id_list("users", "one") == ["one"]
    pl.DataFrame({"item": [3, 5]}).write_parquet(tmp_path / "shelf.parquet")
    assert id_list("only", str(tmp_path / "shelf.parquet")) == ["3", "5"]
    (tmp_path / "two.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"only: .*two\.csv has no column 'item'; it has a, b"):
        id_list("only", str(tmp_path / "two.csv"))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match=r"only: .*empty\.csv does not parse"):
        id_list("only", str(tmp_path / "empty.csv"))
    (tmp_path / "latin.csv").write_bytes(b"item\nk\xe4se\n")
    with pytest.raises(ValueError, match=r"only: .*latin\.csv does not parse"):
        id_list("only", str(tmp_path / "latin.csv"))
