"""Mutated data files of every format, given to the real commands: done, or a clear message and nothing half-written.

Every case is a function of its number alone, so a failure is met again by its number.
"""

import gzip
import io
import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

FILES, SHORT, PORTION = 500, 50, 50
SHARE_TRAINED = 0.15  # of the files go on to a run, which takes longer than an audit
PORTIONS = [range(start, start + PORTION) for start in range(SHORT, FILES, PORTION)]
NASTY_CELLS = (
    *("", "nan", "inf", "-inf", "-1", "1e400", "9" * 30, "\x00", '"', "'", "ü", "日本", "2024-13-45", "1,5", " "),
    *("1e308", "NULL", "[/x]", "true", "0x10", "1_000", "٣", "2" * 5000, "-0", "\u202e", "1970-01-01T00:00:00+99:99"),
)
NASTY_BYTES = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\n", b"\r", b"\t", b",", b";", b"{", b"[" * 50, b"\xe4")
MAPPED = (
    *("dataset.columns.user=customer", "dataset.columns.item=sku", "dataset.columns.time=ordered_at"),
    *("dataset.columns.value=price", "dataset.columns.kind=kind"),
)
TABLE = "{_target_: ragx.data.AttributeTable, path: %s, id: %s, columns: {age: number, city: category}%s}"
ORDERS = ("dataset=csv", "dataset.path=orders.csv", *MAPPED)


def _orders() -> pl.DataFrame:
    number = pl.int_range(120, eager=True)
    return pl.DataFrame(
        {
            "customer": (number % 12).cast(pl.String) + "-ann",
            "sku": "sku" + (number * 7 % 17).cast(pl.String),
            "ordered_at": 1_700_000_000 + number * 3600,
            "price": (number % 9) + 0.5,
            "kind": ["view", "cart", "buy"] * 40,
        }
    )


def _people() -> pl.DataFrame:
    ids = [f"{user}-ann" for user in range(12)]
    return pl.DataFrame({"customer": ids, "age": [20 + user for user in range(12)], "city": ["Rome", "Bonn"] * 6})


def _text(table: pl.DataFrame, separator: str = ",") -> bytes:
    return table.write_csv(separator=separator).encode()


def _binary(write: Callable[[Any], Any]) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def _parquet(table: pl.DataFrame) -> bytes:
    return _binary(table.write_parquet)


def _sqlite(table: pl.DataFrame) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE orders (customer, sku, ordered_at, price, kind)")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", table.rows())
        database.commit()
        return database.serialize()


def _zst(table: pl.DataFrame) -> bytes:
    return _binary(lambda to: table.lazy().sink_csv(to, compression="zstd"))


def _lines(*offsets: int) -> bytes:
    return "".join(
        f"{user} {' '.join(str((user + offset) % 17) for offset in offsets)}\n" for user in range(12)
    ).encode()


RECBOLE = {
    "customer": "user_id:token",
    "sku": "item_id:token",
    "ordered_at": "timestamp:float",
    "price": "rating:float",
}
ITEMS = pl.DataFrame({"item_id:token": [f"sku{row}" for row in range(17)], "year:float": range(17)})
PEOPLE = pl.DataFrame({"user_id:token": [f"{row}-ann" for row in range(12)], "tags:token_seq": ["a b"] * 12})
NUMBERS = {f"{row}": [f"{row % 3}", "x"] for row in range(17)}
INTER = _text(_orders().drop("kind").rename(RECBOLE), "\t")
Case = tuple[dict[str, bytes], tuple[str, ...]]


def _cases() -> dict[str, Case]:
    """Return format → its files, the first of which is mutated, and the options that read them."""
    people, matrix = TABLE % ("people.csv", "customer", ""), np.arange(24, dtype=np.float32).reshape(12, 2)
    vectors = TABLE % ("people.csv", "customer", ", vectors: vectors.npy")
    lines = tuple(f"dataset.{part}={part}.txt" for part in ("train", "validation", "test"))
    parts = {"train.txt": _lines(1, 2, 3, 4, 5, 6), "validation.txt": _lines(7), "test.txt": _lines(8, 9)}
    recbole = ("dataset=recbole", "dataset.path=ml", "dataset.columns.time=timestamp", "dataset.columns.value=rating")
    atomic = {"ml.inter": INTER, "ml.item": _text(ITEMS, "\t"), "ml.user": _text(PEOPLE, "\t")}
    query = ("dataset=sql", "dataset.uri='sqlite:shop.db'", "dataset.query='SELECT * FROM orders'", *MAPPED)
    sequences = ("dataset=beauty", "dataset.path=sequences.txt", "dataset.item_attributes=attributes.json")
    longer = {"sequences.txt": _lines(1, 2, 3, 4, 5), "attributes.json": json.dumps(NUMBERS).encode()}
    zipped = {"orders.csv.gz": gzip.compress(_text(_orders()), mtime=0)}
    events = {"orders.csv": _text(_orders())}
    return {
        "csv": ({"orders.csv": _text(_orders())}, ORDERS),
        "tsv": ({"orders.tsv": _text(_orders(), "\t")}, ("dataset=tsv", "dataset.path=orders.tsv", *MAPPED)),
        "jsonl": (
            {"orders.jsonl": _orders().write_ndjson().encode()},
            ("dataset=jsonl", "dataset.path=orders.jsonl", *MAPPED),
        ),
        "parquet": (
            {"orders.parquet": _parquet(_orders())},
            ("dataset=parquet", "dataset.path=orders.parquet", *MAPPED),
        ),
        "gz": (zipped, ("dataset=csv", "dataset.path=orders.csv.gz", *MAPPED)),
        "zst": ({"orders.csv.zst": _zst(_orders())}, ("dataset=csv", "dataset.path=orders.csv.zst", *MAPPED)),
        "sqlite": ({"shop.db": _sqlite(_orders())}, query),
        "train lines": (parts, ("dataset=lines", *lines, "split=published")),
        "test lines": (dict(reversed(parts.items())), ("dataset=lines", *lines, "split=published")),
        "inter": (atomic, recbole),
        "item": (dict(sorted(atomic.items(), key=lambda pair: pair[0] != "ml.item")), recbole),
        "user": (dict(sorted(atomic.items(), key=lambda pair: pair[0] != "ml.user")), recbole),
        "attributes": ({"people.csv": _text(_people()), **events}, (*ORDERS, f"dataset.users={people}")),
        "vectors": (
            {"vectors.npy": _binary(lambda to: np.save(to, matrix)), "people.csv": _text(_people()), **events},
            (*ORDERS, f"dataset.users={vectors}"),
        ),
        "sequences": (longer, (*sequences, "split=leave_last_out")),
        "item attributes": (dict(reversed(longer.items())), (*sequences, "split=leave_last_out")),
    }


CASES = _cases()
TABLES: dict[str, Callable[[pl.DataFrame], bytes]] = {"parquet": _parquet, "sqlite": _sqlite}
NO_FILE = (sqlite3.Error, OverflowError, pl.exceptions.PolarsError)
"""What formats refuse to hold."""


def _mutated(data: bytes, draw: random.Random) -> bytes:
    """Return the bytes after one to three of the usual accidents."""
    for _ in range(draw.randint(1, 3)):
        lines = data.split(b"\n")
        row, index = draw.randrange(len(lines)), draw.randrange(len(data) + 1)
        separator = draw.choice((b",", b"\t", b" ", b":"))
        cells = lines[row].split(separator)
        cells[draw.randrange(len(cells))] = draw.choice(NASTY_CELLS).encode()
        changed = [*lines[:row], separator.join(cells), *lines[row + 1 :]]
        data = draw.choice(
            (
                data[:index],
                data[:index] + draw.choice(NASTY_BYTES) + data[index:],
                data[:index] + draw.randbytes(3) + data[index + 3 :],
                b"\n".join(changed),
                b"\n".join(changed),
                b"\n".join([*lines[:row], *lines[row + 1 :]]),
                b"\n".join([*lines[:row], lines[row] + separator + b"more", *lines[row + 1 :]]),
                b"\n".join([*lines[:row], *[lines[row]] * 5, *lines[row + 1 :]]),
                data.replace(draw.choice((b",", b"\t", b" ", b"0", b"-")), draw.choice((b";", b"", b"\t", b"9"))),
                data.decode(errors="replace").encode("utf-16") if draw.random() < 0.3 else data,
                b"" if draw.random() < 0.2 else data[: len(data) // 2],
            )
        )
    return data


def _mistyped(table: pl.DataFrame, draw: random.Random) -> pl.DataFrame:
    """Return a table one of whose columns is of another kind, empty, doubled, renamed or gone."""
    name = draw.choice(table.columns)
    column, rows = table[name], len(table)
    days = [date(2024, 1, 1) + timedelta(days=draw.randrange(-900_000, 900_000) % 90_000) for _ in range(rows)]
    return draw.choice(
        (
            lambda: table.with_columns(pl.Series(name, [draw.choice((True, False)) for _ in range(rows)])),
            lambda: table.with_columns(pl.Series(name, [[value] for value in column])),
            lambda: table.with_columns(pl.Series(name, [{"a": value} for value in column])),
            lambda: table.with_columns(pl.Series(name, [str(value).encode() for value in column])),
            lambda: table.with_columns(pl.Series(name, days)),
            lambda: table.with_columns(pl.Series(name, days).cast(pl.Datetime("us", "Europe/Rome"))),
            lambda: table.with_columns(pl.Series(name, range(rows)).cast(pl.Duration("ms"))),
            lambda: table.with_columns(pl.Series(name, range(rows)).cast(pl.Time)),
            lambda: table.with_columns(pl.Series(name, range(rows)).cast(pl.Decimal(20, 3))),
            lambda: table.with_columns(pl.Series(name, [None] * rows)),
            lambda: table.with_columns(pl.Series(name, [float("nan"), *range(rows - 1)], strict=False)),
            lambda: table.with_columns(pl.Series(name, [float("inf")] * rows)),
            lambda: table.with_columns(pl.Series(name, [2**64 - 1] * rows, dtype=pl.UInt64)),
            lambda: table.with_columns(pl.Series(name, [-(2**63)] * rows)),
            lambda: table.with_columns(pl.Series(name, ["same"] * rows).cast(pl.Categorical)),
            lambda: table.with_columns(pl.Series(name, [draw.choice(NASTY_CELLS) for _ in range(rows)])),
            lambda: table.head(draw.randrange(4)),
            lambda: table.drop(name),
            lambda: table.rename({name: f"{name} "}),
            lambda: pl.concat([table] * 3),
        )
    )()


def _file_of(form: str, draw: random.Random) -> bytes:
    files, _ = CASES[form]
    original = next(iter(files.values()))
    if form in TABLES and draw.random() < 0.6:
        table = _mistyped(_orders(), draw)
        try:
            return TABLES[form](table)
        except NO_FILE:
            return original
    if form == "gz" and draw.random() < 0.7:
        return gzip.compress(_mutated(gzip.decompress(original), draw), mtime=0)
    return _mutated(original, draw)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAGX_DATA", str(tmp_path))
    return tmp_path


def _options(form: str, trains: bool) -> tuple[str, ...]:
    _, options = CASES[form]
    split = () if any(option.startswith("split=") for option in options) else ("split=random",)
    if not trains:
        return ("audit", *options, *split, "runs=runs", "output=found.json")
    features = ("model.features=true",) if form in ("attributes", "vectors", "item", "user") else ()
    return (
        "run",
        *options,
        *split,
        "tracker=none",
        "trainer.max_epochs=1",
        "model.hidden_dim=8",
        *features,
        "runs=runs",
    )


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param(range(SHORT), id="some"),
        *(pytest.param(portion, id=f"from {portion.start}", marks=pytest.mark.slow) for portion in PORTIONS),
    ],
)
def test_mutated_files(numbers: range, folder: Path, checked: Any) -> None:
    statuses = set()
    for number in numbers:
        draw, form = random.Random(f"file {number}"), list(CASES)[number % len(CASES)]
        for name, content in CASES[form][0].items():
            (folder / name).write_bytes(content)
        name = next(iter(CASES[form][0]))
        (folder / name).write_bytes(_file_of(form, draw))
        statuses.add(checked(f"file {number} ({form})", *_options(form, draw.random() < SHARE_TRAINED)))
        for path in folder.iterdir():
            if path.is_file():
                path.unlink()
    assert statuses >= {0, 2}


@pytest.mark.parametrize("form", CASES)
def test_unmutated_files_are_read(form: str, folder: Path, checked: Any) -> None:
    for name, content in CASES[form][0].items():
        (folder / name).write_bytes(content)
    assert checked(form, *_options(form, trains=False)) == 0
