"""Reader of a query to a SQLite file or a PostgreSQL server."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlsplit

import polars as pl

from ragx.checks import check
from ragx.data.catalogue.root import locate
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.files.columns import check_columns, check_present
from ragx.data.readers.attributes import AttributeTable
from ragx.data.readers.table import assemble
from ragx.data.source import Source, first_line, shortened
from ragx.passwords import REMEDY, has_password

STATEMENT = re.compile(r"\s*(?:SELECT|WITH)\b[^;]*;?\s*", re.IGNORECASE)


def sql_query(
    *,
    uri: str,
    query: str,
    columns: Mapping[str, str | None],
    name: str = "query",
    rules: EventRules | None = None,
    users: AttributeTable | None = None,
    items: AttributeTable | None = None,
    root: str | None = None,
) -> Dataset:
    """Return a dataset of the rows that a query gives; the database is opened for reading only.

    Args:
        uri: ``sqlite:path/to/file.db`` or ``postgresql://user@host:port/database``. A password does not belong in it,
            since configs are written into run folders: PostgreSQL reads PGPASSWORD and ``~/.pgpass``.
        query: one SELECT statement, which may begin with WITH.
        columns: ragx's name (user, item, time, value, kind, part) → the query's name, or None where it has none.
        name: short name of the dataset.
        rules: how times, values, empty ids and duplicates are read, and filters.
        users: attributes of users, from a file.
        items: attributes of items, from a file.
        root: folder to look for files in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: the database cannot be reached, the query fails, or a row is at fault.
    """
    chosen = check_columns(columns)
    table = read_query(uri, query, root)
    check_present(chosen, table.columns, "Query")
    check(table.height > 0, "Query: expected rows, got none.")
    return assemble(name, table, Source("Query"), chosen, rules, users, items, root)


def read_query(uri: str, query: str, root: str | None = None) -> pl.DataFrame:
    """Return the rows that a query gives.

    Raises:
        ValueError: the query is another statement or several, the address is not understood, a driver is missing, or
            the database refuses.
    """
    # A server runs programs and several statements for whoever may, in a transaction that only reads too.
    single = STATEMENT.fullmatch(query) is not None
    check(
        single,
        f"query: expected one statement that begins with SELECT or WITH, got {shortened(query)}. Leave comments before "
        "it and semicolons within it out; in text a semicolon is chr(59), in SQLite char(59).",
    )
    scheme = uri.partition(":")[0]
    if scheme == "sqlite":
        path = uri.removeprefix("sqlite:").removeprefix("///")
        check(bool(path.strip()), f"uri: expected the path of a file, as in sqlite:shop.db, got {uri!r}.")
        return _sqlite(path, query, root)
    check(
        scheme in ("postgresql", "postgres"),
        f"uri: expected sqlite:path or postgresql://user@host/database, got one that begins with {scheme!r}.",
    )
    check(not has_password(uri), f"uri: expected no password, {REMEDY}.")
    try:
        urlsplit(uri)
    except ValueError as error:
        raise ValueError(f"uri: expected postgresql://user@host:port/database; {error}.") from None
    return _postgresql(uri, query)


def _sqlite(path: str, query: str, root: str | None) -> pl.DataFrame:
    file = locate(path, root)
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
            return _fetch(connection, query)
    except sqlite3.Error as error:
        raise ValueError(f"{file}: the query failed: {first_line(error)}.") from None


def _postgresql(uri: str, query: str) -> pl.DataFrame:
    try:
        import psycopg  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ValueError("postgresql: needs the package psycopg: pip install 'psycopg[binary]'.") from None
    try:
        with psycopg.connect(uri, connect_timeout=10, options="-c default_transaction_read_only=on") as connection:
            return _fetch(connection, query)
    except psycopg.Error as error:
        raise ValueError(f"postgresql: the query failed: {first_line(error)}.") from None


def _fetch(connection: Any, query: str) -> pl.DataFrame:
    try:
        return pl.read_database(query, connection, infer_schema_length=None)
    except TypeError as error:
        reason = "got no rows" if "NoneType" in str(error) else first_line(error)
        raise ValueError(f"Query: expected a SELECT that gives rows of one type a column; {reason}.") from None
    except (pl.exceptions.PolarsError, OverflowError) as error:
        advice = ""
        if isinstance(error, pl.exceptions.SchemaError):
            advice = " Cast columns of several types to one in the query."
        elif isinstance(error, pl.exceptions.DuplicateError):
            advice = " Select each column once, or give each a name of its own with AS."
        raise ValueError(f"Query: its rows do not make a table: {first_line(error)}.{advice}") from None
