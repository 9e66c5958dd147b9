"""Attributes beside users and items with events: how many match."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.features import feature_joins, node_features
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.joins import join_ids
from ragx.data.interactions import Interactions
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.sequences import sequence_file
from ragx.data.readers.table import parquet_file, table_file
from ragx.evaluation.conventions import LIGHTGCN
from ragx.evaluation.group_reports import check_groups
from ragx.evaluation.per_unit_run import PerUnitRun
from ragx.evaluation.significance import compare
from ragx.ranking.recommendations import titles_said
from ragx.runner.commands.id_lists import matched


def events(folder: Path, ids: str = "i") -> str:
    rows = "".join(f"u{row % 5},{ids}{row % 6}\n" for row in range(30))
    (folder / "events.csv").write_text(f"user,item\n{rows}")
    return str(folder / "events.csv")


def items(folder: Path, ids: list[str], include_new: bool = False) -> AttributeTable:
    (folder / "items.csv").write_text("sku,price\n" + "".join(f"{item},1\n" for item in ids))
    return AttributeTable(
        path=str(folder / "items.csv"), id="sku", columns={"price": "number"}, include_new=include_new
    )


COLUMNS = {"user": "user", "item": "item"}


def test_every_table_says_how_many_match(tmp_path: Path) -> None:
    table = items(tmp_path, ["i0", "i3", "I4", "z"])
    dataset = table_file(path=events(tmp_path), columns=COLUMNS, items=table)
    assert dataset.joins == (
        "2 of 6 items have attributes; 2 rows are of items without events, such as 'I4'; "
        "'I4' differs from 'i4' in case alone.",
    )
    whole = items(tmp_path, [f"i{row}" for row in range(6)])
    assert table_file(path=events(tmp_path), columns=COLUMNS, items=whole).joins == ("6 of 6 items have attributes.",)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([f"I{row}" for row in range(6)], r"got 'I0', which differs from 'i0' in case\. Write them alike"),
        ([f"i{row} " for row in range(6)], r"got 'i0 ', which differs from 'i0' in blanks"),
        ([f"i{row}.0" for row in range(6)], r"got 'i0.0', which differs from 'i0' in a trailing \.0"),
        (["x", "y"], r"got such as 'x'\. Name the column that holds the same ids as the events"),
    ],
)
def test_a_table_of_which_nothing_matches_is_refused(ids: list[str], message: str, tmp_path: Path) -> None:
    for new in (False, True):  # items without events are no match
        with pytest.raises(ValueError, match="0 of 6 items have attributes: expected ids such as 'i0'.*" + message):
            table_file(path=events(tmp_path), columns=COLUMNS, items=items(tmp_path, ids, include_new=new))


def test_text_and_whole_numbers_join_by_their_digits(tmp_path: Path) -> None:
    pl.DataFrame({"sku": [float(row) for row in range(5)], "price": [1.0] * 5}).write_parquet(
        tmp_path / "items.parquet"
    )
    table = AttributeTable(path=str(tmp_path / "items.parquet"), id="sku", columns={"price": "number"})
    dataset = table_file(path=events(tmp_path, ""), columns=COLUMNS, items=table)
    assert dataset.joins == ("5 of 6 items have attributes.",)
    with pytest.raises(ValueError, match=r"0 of 6 items .*differs from '00' in leading zeros"):
        table_file(path=events(tmp_path, "0"), columns=COLUMNS, items=table)


def test_other_readers_and_made_up_data_too(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("5 9 3\n2 3\n")
    (tmp_path / "some.json").write_text('{"09": ["a"], "03": ["b"]}')
    with pytest.raises(ValueError, match=r"0 of 2 items have attributes: .*leading zeros"):
        sequence_file(name="some", path="some.txt", item_attributes="some.json", root=str(tmp_path))
    some = Interactions.from_events(pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"]}))
    with pytest.raises(ValueError, match="0 of 2 users have attributes"):
        Dataset("made up", some, tables={"users": pl.DataFrame({"user": ["A"], "age": [1]})})
    with pytest.raises(ValueError, match="Table users: expected a column user of ids, got name"):
        Dataset("made up", some, tables={"users": pl.DataFrame({"name": ["a"]})})
    with pytest.raises(ValueError, match=r"0 of 2 users have attributes: .*got an empty one"):
        Dataset("made up", some, tables={"users": pl.DataFrame({"user": pl.Series([], dtype=pl.String)})})


def test_vectors_belong_to_the_ids_of_their_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "items.npy", np.ones((2, 3)))
    pl.DataFrame({"user": ["a", "b"], "item": [1, 2]}).write_parquet(tmp_path / "events.parquet")
    (tmp_path / "items.csv").write_text("sku\n01\n02\n")
    table = AttributeTable(path="items.csv", id="sku", vectors="items.npy")
    with pytest.raises(
        ValueError, match=r"0 of 2 items have attributes: .* got '01', which differs from '1' in leading"
    ):
        parquet_file(path="events.parquet", columns=COLUMNS, items=table, root=str(tmp_path))


def _with(table: str, frame: pl.DataFrame) -> Dataset:
    some = Interactions.from_events(pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"]}))
    return Dataset("made up", some, tables={table: frame})


def _values(users: list[str]) -> PerUnitRun:
    return PerUnitRun({0: pl.DataFrame({"id": users, "ndcg@20": [0.5] * len(users)})}, LIGHTGCN, "split")


SOME = IdMap("user", pl.Series(["a", "b"]))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (lambda ids: _with("users", pl.DataFrame({"user": ids, "age": range(len(ids))})).joins[0], "{} users have"),
        (lambda ids: matched("only", "some.csv", ids, SOME)[1], "only: {} ids in some.csv"),
        (
            lambda ids: check_groups(["age"], pl.DataFrame({"user": ids, "age": [1] * len(ids)}), SOME)[0],
            "groups by age: {} users have one",
        ),
        (
            lambda ids: titles_said(_with("items", pl.DataFrame({"item": ["x", "y"], "title": _titled(ids)})))[0],
            "titles: {} items have one",
        ),
        (lambda ids: join_ids("some: {} match", SOME.ids, pl.Series(ids)).sentence, "some: {} match"),
    ],
)
def test_every_entry_says_how_many_match_and_refuses_none(entry: Callable[[list[str]], str], sentence: str) -> None:
    assert entry(["a", "b"]).startswith(sentence.format("2 of 2"))
    assert entry(["a", "c"]).startswith(sentence.format("1 of 2"))
    with pytest.raises(ValueError, match=r"0 of 2 .*: expected ids such as '[ax]', got "):
        entry(["A", "C"])


def _titled(ids: list[str]) -> list[str | None]:
    return [id_text if id_text in "ab" else None for id_text in ids]


def test_features_say_how_many_of_train_have_attributes_and_refuse_none() -> None:
    dataset = _with("items", pl.DataFrame({"item": ["x", "z"], "price": [1.0, 2.0]}))
    assert feature_joins(dataset, dataset.interactions)[0].startswith("features: 1 of 2 items of train have attributes")
    only_y = dataset.interactions.filter(pl.col("item") == 1)
    with pytest.raises(ValueError, match="features: 0 of 1 items of train have attributes: expected ids such as 'y'"):
        node_features(dataset, only_y)


def test_runs_of_other_users_say_how_many_match() -> None:
    with pytest.raises(ValueError, match="got 1 of 2 users of the baseline; 1 match nothing, such as 'c'"):
        compare(_values(["a", "c"]), _values(["a", "b"]), "ndcg@20")
    with pytest.raises(ValueError, match="got 0 of 2 users of the baseline: expected ids such as 'a', got 'A'"):
        compare(_values(["A", "B"]), _values(["a", "b"]), "ndcg@20")


NUMBERED = {
    "ragx/data/ids/id_map.py",
    "ragx/data/cleaning/rules.py",
    "ragx/data/interactions.py",
    "ragx/data/readers/events.py",
} | {
    "ragx/data/cleaning/part_rules.py",  # all of these look up ids in a map that was made of them
    "ragx/evaluation/audit_ids.py",  # counts who has no row, as a question of its own
}


def test_ids_meet_in_one_place() -> None:
    """Whoever looks ids up in another's map joins two sets of ids, and has to say how many match."""
    root = Path(__file__).parents[3]
    looking = {
        path.relative_to(root).as_posix()
        for folder in ("ragx", "experiments")
        for path in (root / folder).rglob("*.py")
        if ".lookup(" in path.read_text() or "written_as(" in path.read_text()
    }
    assert looking - NUMBERED - {"ragx/data/ids/identifiers.py", "ragx/data/readers/sequences.py"} == {
        "ragx/data/ids/joins.py"
    }
