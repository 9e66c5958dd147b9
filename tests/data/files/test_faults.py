"""Where a file is at fault: the line is right whatever stands above it."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from ragx.data.files.formats import read_columns
from ragx.data.readers.recbole import recbole_files
from ragx.data.readers.table import json_lines_file, parquet_file, table_file

BRIEF = {"user": "customer", "item": "sku"}
HEAD = "customer,sku\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\ncustomer,sku\na,b\n,d\n", r"line 5: expected an id in column 'customer' \(user\)"),
        ("\r\n\r\ncustomer,sku\r\na,b\r\n,d\r\n", r"line 5: expected an id in column 'customer' \(user\)"),
        ("\n\ncustmer,sku\na,b\n", r"line 3: no column 'customer'"),
        (HEAD + 'a,b\n"c,d\ne,f\n', r"line 3: a quote is opened and not closed\. Double the quotes that belong"),
        (HEAD + 'a,b\nc"x,d\ne,f\n', r"line 3: expected quotes around whole cells, .* got 'c\"x,d'"),
        (HEAD + 'a,b\n"c"x,d\ne,f\n', r"""line 3: expected quotes around whole cells, .* got '"c"x,d'"""),
        (HEAD + 'a,b\nc"x,d\ne,"f"\n', r"line 3: expected quotes around whole cells, those within doubled"),
        (HEAD + 'a,"b\nb"\n5" x,d\ne,"f ""g"""\n', r"line 4: expected quotes around whole cells"),
        ("customer,sku,sku\na,b,c\n", r"line 1: expected one column 'sku', got several: rename all but one"),
        ("customer,sku\ra,b\rc,d\r", r"line 1: expected lines that end in a line feed, got carriage returns"),
        ("customer,sku\na,b\n".encode("utf-16-le"), r"line 1: expected UTF-8 text"),
        (
            b"PK\x03\x04customer,sku\n",
            "expected a table of text, got a ZIP archive or a spreadsheet: unpack it or save",
        ),
    ],
)
def test_lines_of_a_table_of_text(text: str | bytes, message: str, tmp_path: Path) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    for name, packed in (("orders.csv", data), ("orders.csv.gz", gzip.compress(data))):
        (tmp_path / name).write_bytes(packed)
        with pytest.raises(ValueError, match=rf"{name}.*{message}"):
            table_file(path=str(tmp_path / name), columns=BRIEF)


@pytest.mark.parametrize("separator", ['"', "\n", "", ':"'])
def test_a_separator_is_told_from_quotes_and_lines(separator: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(HEAD + "a,b\n")
    with pytest.raises(ValueError, match="separator: expected at least one character, no quote and no line break"):
        table_file(path=str(tmp_path / "orders.csv"), columns=BRIEF, separator=separator)


GOOD = '{"customer": "a", "sku": 1}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD + "\n" + '{"customer": "a", "sku": NaN}\n',
            "line 3: expected a JSON object; NaN is not in JSON: write null",
        ),
        (GOOD + '{"customer": "a", "sku": -Infinity}\n', "line 2: .*-Infinity is not in JSON: write null"),
        ("\ufeff" + GOOD, "line 1: expected UTF-8 without a byte order mark: save the file without one"),
        (GOOD + '{"sku": ' + "[" * 100_000 + "\n", "line 2: expected a JSON object; it is nested too deeply"),
        (
            GOOD + '{"sku": ' + "[" * 5_000 + "]" * 5_000 + "}\n",
            "line 2: expected a JSON object; it is nested too deeply",
        ),
        (GOOD + GOOD.strip() + " x\n", "line 2: expected a JSON object; Extra data at character 29"),
        (GOOD * 2_000 + '{"customer": "a", "sku": 1, "z": "\t"}\n', "line 2001: expected a JSON object"),
    ],
)
def test_lines_of_json(text: str, message: str, tmp_path: Path) -> None:
    for name, packed in (("orders.jsonl", text.encode()), ("orders.jsonl.gz", gzip.compress(text.encode()))):
        (tmp_path / name).write_bytes(packed)
        with pytest.raises(ValueError, match=rf"{name}, {message}"):
            json_lines_file(path=str(tmp_path / name), columns=BRIEF)


@pytest.mark.parametrize("name", ["orders [1]", "orders*", "or?ders", "o{a,b}"])
def test_the_name_of_a_file_is_no_pattern(name: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"customer": ["a", "b"], "sku": ["x", "y"]})
    frame.write_csv(tmp_path / f"{name}.csv")
    frame.write_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(frame.write_ndjson().encode()))
    frame.rename({"customer": "user_id:token", "sku": "item_id:token"}).write_csv(
        tmp_path / f"{name}.inter", separator="\t"
    )
    files = {ending: str(tmp_path / f"{name}.{ending}") for ending in ("csv", "parquet", "jsonl.gz")}
    made = [
        table_file(path=files["csv"], columns=BRIEF),
        parquet_file(path=files["parquet"], columns=BRIEF),
        json_lines_file(path=files["jsonl.gz"], columns=BRIEF),
        recbole_files(path=str(tmp_path / name)),
    ]
    plain = "".join(mark for mark in name if mark not in "[]*?{},")
    assert [dataset.name for dataset in made] == [plain] * 4
    (tmp_path / f"{name}.csv").write_text(HEAD + "a,b\n\n,d\n")
    with pytest.raises(ValueError, match="line 3: expected an id"):
        table_file(path=files["csv"], columns=BRIEF)
    assert read_columns(Path(files["parquet"]), ["sku"])[0].height == 2
