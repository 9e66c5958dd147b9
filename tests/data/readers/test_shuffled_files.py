"""The order of rows in a file is no information: shuffling them changes no dataset, split or feature."""

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragx.data.cleaning.filters import KCore
from ragx.data.cleaning.rules import EventRules
from ragx.data.contents import contents_of
from ragx.data.dataset import Dataset
from ragx.data.features import node_features
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.lines import line_files
from ragx.data.readers.recbole import recbole_files
from ragx.data.readers.sql import sql_query
from ragx.data.readers.table import json_lines_file, parquet_file, table_file
from ragx.data.split import Split
from ragx.parts import bind

CONF = Path(__file__).parents[3] / "conf" / "split"
SPLITS = sorted(path.stem for path in CONF.glob("*.yaml") if path.stem != "custom")
SHUFFLES = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _events() -> pl.DataFrame:
    """Return events with many in one second, repeats in every column and repeats that differ in value or kind."""
    draw = random.Random(1)
    rows = []
    for user in range(25):
        for item in draw.sample(range(14), draw.randrange(7, 11)):
            event = (f"u{user}", f"i{item}", 1_700_000_000 + user // 3 + draw.randrange(6), draw.randrange(1, 9) / 4)
            part = draw.choices(["train", "validation", "test"], [6, 2, 2])[0]
            rows += [(*event, draw.choice(["view", "buy"]), part)] * draw.choice([1, 1, 1, 2])
            if draw.random() < 0.2:
                rows.append((*event[:3], draw.randrange(1, 9) / 4, draw.choice(["view", "buy"]), part))
    return pl.DataFrame(rows, schema=["user", "item", "time", "value", "kind", "part"], orient="row")


EVENTS = _events()
ITEMS = pl.DataFrame({"item": [f"i{n}" for n in range(16)], "price": range(16), "shelf": [*"abcd"] * 4})
Reader = Callable[[Path, pl.DataFrame, dict[str, Any]], Dataset]


def _csv(folder: Path, events: pl.DataFrame, options: dict[str, Any]) -> Dataset:
    events.write_csv(folder / "mine.csv")
    return table_file(path=str(folder / "mine.csv"), **options)


def _tsv(folder: Path, events: pl.DataFrame, options: dict[str, Any]) -> Dataset:
    events.write_csv(folder / "mine.tsv", separator="\t")
    return table_file(path=str(folder / "mine.tsv"), separator="\t", **options)


def _parquet(folder: Path, events: pl.DataFrame, options: dict[str, Any]) -> Dataset:
    events.write_parquet(folder / "mine.parquet", row_group_size=50)
    return parquet_file(path=str(folder / "mine.parquet"), **options)


def _json_lines(folder: Path, events: pl.DataFrame, options: dict[str, Any]) -> Dataset:
    (folder / "mine.jsonl").write_text("\n".join(json.dumps(row) for row in events.rows(named=True)))
    return json_lines_file(path=str(folder / "mine.jsonl"), **options)


def _sql(folder: Path, events: pl.DataFrame, options: dict[str, Any]) -> Dataset:
    (folder / "mine.db").unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / "mine.db")) as connection, connection:
        connection.execute(f"CREATE TABLE events ({', '.join(events.columns)})")
        connection.executemany(f"INSERT INTO events VALUES ({', '.join('?' * events.width)})", events.rows())
    return sql_query(uri=f"sqlite:{folder / 'mine.db'}", query="SELECT * FROM events", **options)


def _recbole(folder: Path, events: pl.DataFrame, options: dict[str, Any]) -> Dataset:
    kinds = {"time": "float", "value": "float"}
    events.rename({name: f"{name}:{kinds.get(name, 'token')}" for name in events.columns}).write_csv(
        folder / "mine.inter", separator="\t"
    )
    return recbole_files(path=str(folder / "mine"), **options)


TABLES: dict[str, Reader] = {
    "csv": _csv,
    "tsv": _tsv,
    "parquet": _parquet,
    "json lines": _json_lines,
    "sql": _sql,
    "recbole": _recbole,
}


def _columns(part: bool) -> dict[str, str | None]:
    return {name: name for name in EVENTS.columns if part or name != "part"}


def _split(name: str, dataset: Dataset) -> Split:
    config = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    if dataset.published is not None and "pool_published" in config:
        config["pool_published"] = True
    split: Split = bind({"split": config}, {"split": ("dataset",)})["split"].build(dataset=dataset)
    return split


def _facts(split: Split) -> list[Any]:
    test = split.test.open(reason="a test", on_open=lambda reason: None)
    tables = [part.table.rows() for part in (split.train, split.validation, test)]
    ids = [ids.ids.to_list() for ids in (split.train.users, split.train.items)]
    return [*tables, *ids, split.fingerprint, split.notes, split.periods]


def _shuffled(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    return table.sample(fraction=1, shuffle=True, seed=seed)


@pytest.mark.parametrize("reader", TABLES)
@SHUFFLES
@given(seed=st.integers(0, 2**32))
def test_shuffled_tables_give_the_same_splits(reader: str, seed: int, tmp_path: Path) -> None:
    for part in (False, True):
        one, other = (
            TABLES[reader](tmp_path, events, {"columns": _columns(part)})
            for events in (EVENTS, _shuffled(EVENTS, seed))
        )
        assert contents_of(one, {}) == contents_of(other, {})
        assert one.steps == other.steps
        for name in ["published", "default"] if part else [name for name in SPLITS if name != "published"]:
            assert _facts(_split(name, one)) == _facts(_split(name, other)), name


@pytest.mark.parametrize("duplicates", ["sum", "last", "first"])
@SHUFFLES
@given(seed=st.integers(0, 2**32))
def test_shuffled_tables_give_the_same_under_every_rule(duplicates: Any, seed: int, tmp_path: Path) -> None:
    rules = EventRules(duplicates=duplicates, filters=[KCore(users=5, items=5)])
    facts = []
    for events in (EVENTS, _shuffled(EVENTS, seed)):
        dataset = _csv(tmp_path, events, {"columns": _columns(False), "rules": rules})
        facts.append([_facts(_split(name, dataset)) for name in ("leave_last_out", "time", "random")])
        assert _split("random", dataset).train.table.select("user", "item", "kind").is_unique().all()  # it was merged
    assert facts[0] == facts[1]


@SHUFFLES
@given(seed=st.integers(0, 2**32))
def test_shuffled_attributes_give_the_same_features(seed: int, tmp_path: Path) -> None:
    table = AttributeTable(
        path=str(tmp_path / "items.csv"), id="item", columns={"price": "number", "shelf": "category"}, include_new=True
    )
    results = []
    for events, items in ((EVENTS, ITEMS), (_shuffled(EVENTS, seed), _shuffled(ITEMS, seed))):
        items.write_csv(tmp_path / "items.csv")
        dataset = _csv(tmp_path, events, {"columns": _columns(False), "items": table})
        assert dataset.interactions.items.ids.to_list() == sorted(ITEMS["item"])
        features = node_features(dataset, _split("time", dataset).train)
        assert features is not None
        results.append((features, contents_of(dataset, dataset.tables)))
    assert torch.equal(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]


def _write_lines(folder: Path, draw: random.Random) -> None:
    """Write the events as files of lines, shuffled: lines, and the items within a line."""
    ids = pl.col("user", "item").str.slice(1).cast(pl.Int64)
    whole = EVENTS.with_columns(ids).unique(["user", "item"], keep="first", maintain_order=True)
    for (part,), events in whole.partition_by("part", as_dict=True).items():
        rows = [[user, *draw.sample(items, len(items))] for user, items in events.group_by("user").agg("item").rows()]
        text = "\n".join(" ".join(map(str, row)) for row in draw.sample(rows, len(rows)))
        (folder / f"{part}.txt").write_text(text)


@SHUFFLES
@given(seed=st.integers(0, 2**32))
def test_shuffled_lines_give_the_same_splits(seed: int, tmp_path: Path) -> None:
    results = []
    for draw in (random.Random(0), random.Random(seed)):
        _write_lines(tmp_path, draw)
        parts = {part: f"{part}.txt" for part in ("train", "validation", "test")}
        dataset = line_files(name="mine", root=str(tmp_path), **parts)
        names = [name for name in SPLITS if name not in ("time", "user_time", "leave_last_out", "origins")]
        results.append([contents_of(dataset, {}), *(_facts(_split(name, dataset)) for name in names)])
    assert results[0] == results[1]
