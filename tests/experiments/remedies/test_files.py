"""Advice about files of events and attributes: what is to be written otherwise, or read otherwise."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ragx.data.cleaning.filters import KCore
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.ids.identifiers import listed_ids
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.frames import frame_dataset
from ragx.data.readers.recbole import recbole_files
from ragx.data.readers.sql import sql_query
from ragx.data.readers.table import json_lines_file, parquet_file, table_file

PLAIN = {"user": "user", "item": "item"}
TIMED = PLAIN | {"time": "time"}
HEADER = "user,item"
TEXT = f"{HEADER}\nu,a\nv,b\n"
Read = Callable[[], Dataset]


def csv(text: str | bytes = TEXT, columns: dict[str, str] = PLAIN, **options: Any) -> Read:
    """Return a function that writes a table and reads it."""

    def read() -> Dataset:
        Path("t.csv").write_bytes(text.encode() if isinstance(text, str) else text)
        return table_file(path="t.csv", columns=columns, **options)

    return read


def jsonl(text: str, **rest: Any) -> Read:
    def read() -> Dataset:
        Path("t.jsonl").write_text(text, **rest)
        return json_lines_file(path="t.jsonl", columns=PLAIN)

    return read


def recbole(header: str) -> Read:
    def read() -> Dataset:
        Path("shop.inter").write_text(f"{header}\n1\t2\t3\n2\t3\t4\n")
        return recbole_files(path="shop")

    return read


def parquet(frame: pl.DataFrame, columns: dict[str, str] = TIMED) -> Read:
    def read() -> Dataset:
        frame.write_parquet("t.parquet")
        return parquet_file(path="t.parquet", columns=columns)

    return read


def timed(*cells: object, **rules: Any) -> Read:
    rows = [f"{user},{item},{cell}" for user, item, cell in zip("uvwxyz", "ababab", cells, strict=False)]
    return csv("\n".join(["user,item,time", *rows]) + "\n", TIMED, rules=EventRules(**rules))


def table(text: str, roles: dict[str, str] | None = None, id: str = "item", **options: Any) -> Read:
    """Return a function that reads two events with a table of items."""

    def read() -> Dataset:
        Path("items.csv").write_text(text)
        return csv(items=AttributeTable(path="items.csv", id=id, columns=roles or {}, **options))()

    return read


def vectors(save: Callable[..., None], file: str, text: str = "item\na\nb\n", **roles: str) -> Read:
    def read() -> Dataset:
        save(file, np.ones((2, 3)))
        return table(text, roles, vectors=file)()

    return read


def pandas(*names: str) -> Read:
    def read() -> Dataset:
        made = pytest.importorskip("pandas").DataFrame([["u", "a", "x"], ["v", "b", "y"]], columns=names)
        return frame_dataset(made, PLAIN)

    return read


def columns_of(*types: Any) -> pl.DataFrame:
    return pl.DataFrame({"user": ["u", "v"], "item": ["a", "b"], "time": [0, 1], "more": ["c", "d"]}).with_columns(
        *[pl.Series(name, values, kind) for name, values, kind in types]
    )


def sqlite(query: str) -> Read:
    def read() -> Dataset:
        with sqlite3.connect("shop.db") as connection:
            connection.execute("DROP TABLE IF EXISTS orders")
            connection.execute("CREATE TABLE orders (user, item)")
            connection.executemany("INSERT INTO orders VALUES (?, ?)", [("u", "a;b"), ("v", "b"), (1, "b"), (2.5, "c")])
        connection.close()
        return sql_query(uri="sqlite:shop.db", query=query, columns=PLAIN)

    return read


COMMAS = "user,item,value\nu,a,{}\nv,b,2\n"
VALUED = PLAIN | {"value": "value"}
FLAGS = columns_of(("time", [True, False], pl.Boolean))
SINGLE = columns_of(("time", [1_700_000_000, 1_700_000_100], pl.Float32))
LISTS = columns_of(("item", [["a"], ["b"]], pl.List(pl.String)))
LARGE = columns_of(("item", [2.0**60, 1.0], pl.Float64))
MIXED = "CASE item WHEN 'b' THEN 2.5 ELSE x'61' END"
ORDERS = "SELECT user, item FROM orders WHERE typeof(user) = 'text'"
ROWS: dict[str, tuple[Callable[[], object], ...]] = {
    "expected UTF-8 text, got other bytes. Save the file as UTF-8": (
        csv(f"{HEADER}\nü,a\nv,b\n".encode("latin-1")),
        csv(f"{HEADER}\nü,a\nv,b\n"),
    ),
    "Double the quotes that belong to a cell": (
        csv(f'{HEADER}\n"u,a\nv,b\n'),
        csv(f'{HEADER}\n"""u",a\nv,b\n'),
    ),
    "unpack it or save it as CSV": (csv(b"PK\x03\x04user,item\nu,a\n"), csv()),
    "save it with other line ends": (csv("user,item\ru,a\rv,b\r"), csv(), csv(TEXT.replace("\n", "\r\n"))),
    "Its header holds …: set": (csv("user;item\nu;a\nv;b\n"), csv("user;item\nu;a\nv;b\n", separator=";")),
    "expected one column …, got several: rename all but one.": (
        csv("user,item,item\nu,a,b\nv,b,b\n"),
        csv("user,item,item2\nu,a,b\nv,b,b\n"),
    ),
    "DataFrame: expected one column …, got several: rename all but one": (
        pandas("user", "item", "item"),
        pandas("user", "item", "more"),
    ),
    "save the file without one": (
        jsonl('{"user": "u", "item": "a"}\n{"user": "v", "item": "b"}\n', encoding="utf-8-sig"),
        jsonl('{"user": "u", "item": "a"}\n{"user": "v", "item": "b"}\n'),
    ),
    "once, got it again: leave one of them": (
        jsonl('{"user": "u", "user": "w", "item": "a"}\n{"user": "v", "item": "b"}\n'),
        jsonl('{"user": "u", "item": "a"}\n{"user": "v", "item": "b"}\n'),
        jsonl('{"user": "w", "item": "a"}\n{"user": "v", "item": "b"}\n'),
    ),
    "is not in JSON: write null": (
        jsonl('{"user": "u", "item": "a", "x": NaN}\n{"user": "v", "item": "b"}\n'),
        jsonl('{"user": "u", "item": "a", "x": null}\n{"user": "v", "item": "b"}\n'),
    ),
    "expected each name once, got … again: rename one of them": (
        recbole("user_id:token\titem_id:token\titem_id:float"),
        recbole("user_id:token\titem_id:token\tweight:float"),
    ),
    "no mark between thousands: write 1234.5": (
        csv(COMMAS.format('"1,234.5"'), VALUED),
        csv(COMMAS.format("1234.5"), VALUED),
    ),
    "got values of type …: convert the column, or name another.": (
        parquet(LISTS, PLAIN),
        parquet(LISTS.with_columns(pl.col("item").list.first()), PLAIN),
        parquet(LISTS, PLAIN | {"item": "more"}),
    ),
    "So large a number is not exact: store text": (
        parquet(LARGE, PLAIN),
        parquet(LARGE.with_columns(pl.Series("item", [str(2**60), "1"])), PLAIN),
    ),
    "got truth values: name another column": (parquet(FLAGS), parquet(FLAGS.with_columns(t=1), TIMED | {"time": "t"})),
    "is not: store Int64, Float64 or date-times": (
        parquet(SINGLE),
        parquet(SINGLE.with_columns(pl.col("time").cast(pl.Int64))),
        parquet(SINGLE.with_columns(pl.col("time").cast(pl.Float64))),
        parquet(SINGLE.with_columns(pl.from_epoch(pl.col("time").cast(pl.Int64)))),
    ),
    "Mend the row, or set dataset.rules.time_format if all are in another notation": (
        timed("2024-01-01", "2024-01-02", "02.01.2024"),
        timed("2024-01-01", "2024-01-02", "2024-01-02"),
        timed("01.01.2024", "02.01.2024", "02.01.2024", time_format="%d.%m.%Y"),
    ),
    "got …: name one column of it": (
        lambda: listed_ids("users", columns_of()),
        lambda: listed_ids("users", columns_of()["user"]),
    ),
    "a column named 'vector' stands in the way of …: rename it or leave it out": (
        vectors(np.save, "v.npy", "item,vector\na,x\nb,y\n", vector="text"),
        vectors(np.save, "v.npy", "item,words\na,x\nb,y\n", words="text"),
        vectors(np.save, "v.npy", "item,vector\na,x\nb,y\n"),
    ),
    "got an archive: save it with numpy.save": (vectors(np.savez, "v.npz"), vectors(np.save, "v.npy")),
    "as the ids are: rename the column or leave it out": (
        table("sku,item\na,x\nb,y\n", {"item": "text"}, id="sku"),
        table("sku,kind\na,x\nb,y\n", {"kind": "text"}, id="sku"),
        table("sku,item\na,x\nb,y\n", id="sku"),
    ),
    "give one of them the role text, rename it or leave it out": (
        table("item,name,title\na,x,y\nb,z,w\n", {"name": "title", "title": "text"}),
        table("item,name,title\na,x,y\nb,z,w\n", {"name": "text", "title": "text"}),
        table("item,name,label\na,x,y\nb,z,w\n", {"name": "title", "label": "text"}),
        table("item,name,title\na,x,y\nb,z,w\n", {"name": "title"}),
    ),
    "Write them alike in both.": (table("item,x\nA,1\nB,2\n"), table("item,x\na,1\nb,2\n")),
    "got an empty one. Leave it out or fill it": (
        lambda: frame_with_items(pl.DataFrame({"item": []}, schema={"item": pl.String})),
        csv(),
        lambda: frame_with_items(pl.DataFrame({"item": ["a"]})),
    ),
    "Name the column that holds the same ids as the events": (
        table("sku,item\nx1,a\nx2,b\n", id="sku"),
        table("sku,item\nx1,a\nx2,b\n", id="item"),
    ),
    "semicolons within it out; in text a semicolon is chr(59), in SQLite char(59)": (
        sqlite(f"{ORDERS} AND item <> 'a;b'"),
        sqlite(f"{ORDERS} AND item <> 'x' || char(59)"),
    ),
    "Cast columns of several types to one in the query": (
        sqlite(f"SELECT {MIXED} AS user, item FROM orders"),
        sqlite(f"SELECT CAST({MIXED} AS TEXT) AS user, item FROM orders"),
    ),
    "give each a name of its own with AS": (
        sqlite("SELECT user, item, item FROM orders WHERE typeof(user) = 'text'"),
        sqlite(ORDERS),
        sqlite("SELECT user, item, item AS other FROM orders WHERE typeof(user) = 'text'"),
    ),
    "merge them before, or leave ordered=False": (
        lambda: ordered(csv(rules=EventRules(duplicates="sum", filters=[KCore(users=1, items=1)]))()),
        lambda: ordered(csv()()),
    ),
}


def frame_with_items(items: pl.DataFrame) -> Dataset:
    made = csv()()
    return Dataset(made.name, made.interactions, tables={"items": items})


def ordered(made: Dataset) -> Dataset:
    return Dataset(made.name, made.interactions, ordered=True, part_rules=made.part_rules)


@pytest.mark.parametrize("advice", ROWS)
def test_what_is_advised_goes_through(
    advice: str, follow: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    follow(advice, *ROWS[advice])
