"""Queries to a SQLite file and to a PostgreSQL server started for the test."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragx.data.cleaning.rules import EventRules
from ragx.data.readers.sql import sql_query

COLUMNS = {"user": "customer", "item": "sku", "time": "at", "value": "amount"}
BRIEF = {"user": "customer", "item": "sku"}
QUERY = "SELECT customer, sku, at, amount FROM orders ORDER BY at"
ROWS = [("anna", 7, "2024-01-01", 2.5), ("Жук", 8, "2024-01-02T01:00:00+01:00", 1), ("anna", 8, "2024-01-03", 4)]


@pytest.fixture
def database(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (customer TEXT, sku INTEGER, at TEXT, amount REAL)")
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", ROWS)
    connection.close()
    return f"sqlite:{tmp_path / 'shop.db'}"


def test_a_sqlite_file(database: str) -> None:
    dataset = sql_query(uri=database, query=QUERY, columns=COLUMNS, rules=EventRules(duplicates="error"))
    some = dataset.interactions
    assert some.users.ids.to_list() == ["anna", "Жук"]
    assert some.items.ids.to_list() == [7, 8]
    assert (some.column("timestamp") // 86_400).tolist() == [19_723, 19_725, 19_724]
    assert some.column("value").tolist() == [2.5, 4, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query": "SELECT price FROM orders"}, "the query failed: no such column: price"),
        ({"query": "SELECT * FROM orders; DELETE FROM orders"}, "semicolons within it"),
        ({"query": "/* */ SELECT * FROM orders"}, "Leave comments before it"),
        (
            {"query": QUERY.replace("FROM", "FROM orders WHERE 0 UNION SELECT * FROM") + " LIMIT 0"},
            "expected rows, got",
        ),
        ({"columns": {"user": "custmer", "item": "sku"}}, "no column 'custmer' for user.*Did you mean 'customer'"),
        ({"uri": "sqlite:/nowhere/shop.db"}, r"/nowhere/shop\.db: expected a file, found none"),
        ({"uri": "mysql://shop"}, "begins with 'mysql'"),
        ({"uri": "sqlite:"}, r"uri: expected the path of a file, as in sqlite:shop\.db, got 'sqlite:'"),
        ({"uri": "sqlite:///"}, "uri: expected the path of a file"),
        ({"uri": "postgresql://[bad"}, r"uri: expected postgresql://user@host:port/database; Invalid IPv6 URL\.$"),
        ({"query": ""}, "query: expected one statement that begins with SELECT or WITH, got ''"),
        ({"query": "SELECT x'FF' AS customer, sku FROM orders", "columns": BRIEF}, "'customer' .*type Binary"),
        ({"query": QUERY.replace("at,", "x'FF' AS at,")}, r"times in column 'at' \(time\), got values of type Binary"),
        (
            {"query": "SELECT customer, sku, CASE sku WHEN 7 THEN 2.5 ELSE x'FF' END AS at, amount FROM orders"},
            "its rows do not make a table: .*Cast columns of several types to one in the query",
        ),
        ({"uri": "postgresql://me:secret@host/shop"}, "expected no password.*PGPASSWORD"),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], message: str, database: str) -> None:
    with pytest.raises(ValueError, match=message):
        sql_query(**{"uri": database, "query": QUERY, "columns": COLUMNS, **options})


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders",
        "COPY (SELECT 1) TO PROGRAM 'touch ran'",
        "SELECT 1; COPY (SELECT 1) TO PROGRAM 'touch ran'",
        r"SELECT E'\''; DELETE FROM orders; --'",
        "/* /* */ SELECT 1 */ DROP TABLE orders",
        "-- SELECT\nDROP TABLE orders",
        "ATTACH DATABASE 'other.db' AS other",
        "SELECTED",
        ";",
    ],
)
@pytest.mark.parametrize("uri", ["sqlite:shop.db", "postgresql://shop@127.0.0.1:9/none"])
def test_what_is_no_single_select_reaches_no_database(query: str, uri: str) -> None:
    with pytest.raises(ValueError, match="expected one statement that begins with SELECT or WITH"):
        sql_query(uri=uri, query=query, columns=COLUMNS)


def test_a_select_may_begin_with_with_and_end_in_a_semicolon(database: str) -> None:
    for query in (f" \n{QUERY} ;\n", f"with some as ({QUERY}) select * from some where customer <> char(59)"):
        assert len(sql_query(uri=database, query=query, columns=COLUMNS).interactions) == 3


def test_a_bad_row_is_named_by_its_number(database: str) -> None:
    query = QUERY.replace("customer,", "CASE WHEN sku = 8 THEN NULL ELSE customer END AS customer,")
    with pytest.raises(ValueError, match=r"Query, row 2: expected an id in column 'customer' \(user\)"):
        sql_query(uri=database, query=query, columns=COLUMNS)


def _program(name: str) -> str | None:
    """Return a program of PostgreSQL, which Debian keeps off the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: path.parts[-3].zfill(4))
    return shutil.which(name) or next((str(path) for path in reversed(installed)), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="needs the package psycopg: pip install 'psycopg[binary]'")
    initdb, control = _program("initdb"), _program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl, on the PATH or below /usr/lib/postgresql")
    account: dict[str, Any] = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="ragx-postgresql-"))  # its socket's path must be short
    if account:
        shutil.chown(folder, account["user"], account["group"])
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        port = some.getsockname()[1]
    options: dict[str, Any] = {"check": True, "capture_output": True, "cwd": folder, "timeout": 120, **account}
    data = str(folder / "data")
    try:
        subprocess.run([initdb, "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync"], **options)
        settings = f"-p {port} -k {folder} -c listen_addresses='' -c fsync=off"
        log = str(folder / "log")
        subprocess.run([control, "-D", data, "-o", settings, "-l", log, "-w", "start"], **options)
        try:
            yield f"postgresql://shop@/postgres?host={folder}&port={port}"
        finally:
            subprocess.run([control, "-D", data, "-m", "immediate", "stop"], **options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_postgresql_server(server: str) -> None:
    import psycopg  # type: ignore[import-not-found,unused-ignore]

    with psycopg.connect(server) as connection:
        connection.execute("CREATE TABLE orders (customer TEXT, sku UUID, at TIMESTAMPTZ, amount NUMERIC(8, 2))")
        connection.execute(
            "CREATE TABLE numbered AS SELECT n::NUMERIC(20, 2) AS customer, n % 3 AS sku FROM generate_series(1, 5) n"
        )
        for index, (customer, _, at, amount) in enumerate(ROWS):
            sku = f"00000000-0000-0000-0000-{min(index, 1):012d}"
            connection.execute("INSERT INTO orders VALUES (%s, %s, %s, %s)", (customer, sku, f"{at[:10]}Z", amount))
    some = sql_query(uri=server, query=QUERY, columns=COLUMNS).interactions
    assert some.users.ids.to_list() == ["anna", "Жук"]
    assert some.items.ids.to_list() == ["00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"]
    assert (some.column("timestamp") // 86_400).tolist() == [19_723, 19_725, 19_724]
    assert some.column("value").tolist() == [2.5, 4, 1]
    numbered = sql_query(uri=server, query="SELECT * FROM numbered ORDER BY customer", columns=BRIEF).interactions
    assert numbered.users.ids.to_list() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match=r"Query, row 1: expected text or whole numbers as ids in column 'customer'"):
        sql_query(uri=server, query="SELECT customer + 0.5 AS customer, sku FROM numbered", columns=BRIEF)
    with pytest.raises(
        ValueError, match="the query failed: cannot execute SELECT FOR UPDATE in a read-only transaction"
    ):
        sql_query(uri=server, query="SELECT * FROM orders FOR UPDATE", columns=COLUMNS)
    with pytest.raises(ValueError, match='the query failed: column "price" does not exist'):
        sql_query(uri=server, query="SELECT price FROM orders", columns=COLUMNS)


def test_a_server_that_does_not_answer() -> None:
    pytest.importorskip("psycopg", reason="needs the package psycopg: pip install 'psycopg[binary]'")
    with pytest.raises(ValueError, match="postgresql: the query failed: connection failed"):
        sql_query(uri="postgresql://shop@127.0.0.1:9/none", query=QUERY, columns=COLUMNS)
