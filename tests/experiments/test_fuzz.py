"""Mutated data files: a clear message or success, never anything else.

Every case is a function of its number alone, so a failure is met again by its number.
"""

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ragx.data.dataset import Dataset
from ragx.data.lines import line_files
from ragx.data.recbole import recbole_files
from ragx.data.rules import EventRules
from ragx.data.splitters import random_split
from ragx.data.table import json_lines_file, parquet_file, table_file
from ragx.parts import PartsError

FILES, SHORT = 500, 20
SLOW_FILES = pytest.param(range(SHORT, FILES), marks=pytest.mark.slow, id="all files")

COLUMNS = {"user": "customer", "item": "sku", "time": "ordered_at", "value": "price", "kind": "kind"}
NASTY_CELLS = (
    "",
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e400",
    "9" * 30,
    "\x00",
    '"',
    "'",
    "ü",
    "日本",
    "2024-13-45",
    "1,5",
    " ",
)
NASTY_BYTES = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"\n", b"\r", b"\t", b",", b";", b"{", b"[" * 50, b"\xe4")


def _table() -> pl.DataFrame:
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


def _csv(path: Path, separator: str) -> Callable[[], Dataset]:
    _table().write_csv(path, separator=separator)
    return lambda: table_file(path=str(path), columns=COLUMNS, separator=separator, rules=EventRules())


def _recbole(path: Path) -> Callable[[], Dataset]:
    header = {
        "customer": "user_id:token",
        "sku": "item_id:token",
        "ordered_at": "timestamp:float",
        "price": "rating:float",
    }
    _table().rename(header).drop("kind").write_csv(path, separator="\t")
    items = pl.DataFrame({"item_id:token": [f"sku{row}" for row in range(17)], "year:float": range(17)})
    items.write_csv(path.with_suffix(".item"), separator="\t")
    return lambda: recbole_files(path=str(path.with_suffix("")))


def _lines(path: Path) -> Callable[[], Dataset]:
    path.write_text("".join(f"{user} {user + 1} {user + 2} {user + 3} {user + 4}\n" for user in range(12)))
    test = path.with_name("test.txt")
    test.write_text("".join(f"{user} {user + 5}\n" for user in range(12)))
    return lambda: line_files(name="lines", train=path.name, test=test.name, root=path.parent)


def _json_lines(path: Path) -> Callable[[], Dataset]:
    _table().write_ndjson(path)
    return lambda: json_lines_file(path=str(path), columns=COLUMNS)


def _parquet(path: Path) -> Callable[[], Dataset]:
    _table().write_parquet(path)
    return lambda: parquet_file(path=str(path), columns=COLUMNS)


def _zipped(path: Path) -> Callable[[], Dataset]:
    path.write_bytes(gzip.compress(_table().write_csv().encode(), mtime=0))
    return lambda: table_file(path=str(path), columns=COLUMNS)


READERS: dict[str, Callable[[Path], Callable[[], Dataset]]] = {
    "orders.csv": lambda path: _csv(path, ","),
    "orders.tsv": lambda path: _csv(path, "\t"),
    "orders.inter": _recbole,
    "orders.txt": _lines,
    "orders.jsonl": _json_lines,
    "orders.parquet": _parquet,
    "zipped.csv.gz": _zipped,
}


def _mutated(data: bytes, draw: random.Random) -> bytes:
    """Return the bytes after one to three of the usual accidents."""
    for _ in range(draw.randint(1, 3)):
        lines = data.split(b"\n")
        row, place = draw.randrange(len(lines)), draw.randrange(len(data) + 1)
        separator = draw.choice((b",", b"\t", b" ", b":"))
        cells = lines[row].split(separator)
        cells[draw.randrange(len(cells))] = draw.choice(NASTY_CELLS).encode()
        changed = [*lines[:row], separator.join(cells), *lines[row + 1 :]]
        data = draw.choice(
            (
                data[:place],
                data[:place] + draw.choice(NASTY_BYTES) + data[place:],
                data[:place] + draw.randbytes(3) + data[place + 3 :],
                b"\n".join(changed),
                b"\n".join(changed),
                b"\n".join([*lines[:row], *lines[row + 1 :]]),
                b"\n".join([*lines[:row], lines[row] + separator + b"more", *lines[row + 1 :]]),
                data.replace(draw.choice((b",", b"\t", b" ", b"0", b"-")), draw.choice((b";", b"", b"\t", b"9"))),
                data.decode(errors="replace").encode("utf-16") if draw.random() < 0.3 else data,
                b"" if draw.random() < 0.2 else data[: len(data) // 2],
            )
        )
    return data


def _read_mutated(number: int, folder: Path) -> str | None:
    """Read one mutated file, and return the message it was refused with, if any."""
    draw = random.Random(f"file {number}")
    name = list(READERS)[number % len(READERS)]
    path = folder / name
    read = READERS[name](path)
    if path.suffix == ".gz" and draw.random() < 0.7:
        path.write_bytes(gzip.compress(_mutated(gzip.decompress(path.read_bytes()), draw), mtime=0))
    else:
        path.write_bytes(_mutated(path.read_bytes(), draw))
    try:
        random_split(read(), validation=0.2, test=0.2)
    except ValueError as error:
        assert type(error) in (ValueError, PartsError), f"file {number} ({name}): {type(error).__name__}: {error}"
        return str(error)
    except BaseException as error:  # also a panic of a library, which is no Exception
        pytest.fail(f"file {number} ({name}): {type(error).__name__}: {error}")
    return None


@pytest.mark.parametrize("numbers", [pytest.param(range(SHORT), id="some files"), SLOW_FILES])
def test_mutated_files(numbers: range, tmp_path: Path) -> None:
    messages = [_read_mutated(number, tmp_path) for number in numbers]
    refused = [message for message in messages if message is not None]
    assert 0 < len(refused) <= len(messages)
    for message in refused:
        assert len(message) < 1500, message
        assert "Traceback" not in message


def test_unmutated_files_are_read(tmp_path: Path) -> None:
    for name, prepare in READERS.items():
        dataset = prepare(tmp_path / name)()
        assert len(dataset.interactions) in (120, 60)
