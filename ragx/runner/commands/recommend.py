"""Lists on request: options, the run, a table to read and a file to keep."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ragx.checks import check
from ragx.ranking.recommendations import titles_said, with_titles
from ragx.report.tables.output import write_table
from ragx.runner.command_line import plain_command
from ragx.runner.commands.id_lists import id_list, is_id_file, matched
from ragx.runner.commands.options import NOBODY, TableFile, parse_options
from ragx.runs.find import find_run
from ragx.runs.trusted import Trusted
from ragx.serving.run import check_ranks, load_run

SHOWN_USERS = 10
LISTS = ("users", "items", "only", "without")
HELP = """ragx recommend run=<folder> users=[ann,bob] k=10

run=<folder>      a finished run, or as much of its path or identity as no other finished run begins with
users=[…]         outside ids, users=all, or users=file.csv with a column user
items=[…]         instead of users: a new user, given as the items that user has (or a file with a column item)
k=10              items in a list
only=[…]          choose from these items alone (or a file)
without=[…]       leave these items out (or a file)
exclude_seen=true whether items the user has are left out
output=out.csv    write the lists as .parquet, .csv, .json or .jsonl
trust=[my_layers] modules of your own that the run names: their code is run, that of others is not"""


@dataclass(frozen=True)
class Options:
    """What was asked for; lists of ids as text, since they may name files."""

    run: str
    users: str = ""
    items: str = ""
    k: int = 10
    only: str = ""
    without: str = ""
    exclude_seen: bool = True
    output: TableFile = None
    trust: Trusted = NOBODY


def parse(arguments: list[str]) -> Options:
    """Return the options of a command line of ``name=value``.

    Raises:
        ValueError: an option is unknown, repeated or has no value, or run is missing.
    """
    return parse_options(Options, arguments)


def recommend(arguments: list[str]) -> None:
    """Print the lists that a command line asks for, and write them where it says so.

    Raises:
        ValueError: the options, the run, a user, an item, k or the output is at fault.
    """
    options = parse(arguments)
    folder = _folder(options.run)
    given = {name: text for name in LISTS if (text := getattr(options, name)) and (name, text) != ("users", "all")}
    lists = {name: id_list(name, text) for name, text in given.items()}
    run = load_run(folder, trust=options.trust.modules)
    check_ranks(run)
    check(
        bool(options.users) != bool(options.items),
        "Expected either users=[…], users=all or users=file.csv, or, for a new user, items=[…].",
    )
    console = Console(file=sys.stdout)
    for name, text in given.items():
        if is_id_file(text):
            ids = run.known.users if name == "users" else run.known.items
            lists[name], sentence = matched(name, text, lists[name], ids)
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    make: Any = run.fold_in if options.items else run.recommend
    first = lists.get("items" if options.items else "users")
    limits = {"exclude_seen": options.exclude_seen, "only": lists.get("only"), "without": lists.get("without")}
    table = make(first, options.k, **limits)
    table = with_titles(table, run.dataset)
    for sentence in titles_said(run.dataset):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if options.output:
        write_table(table, options.output)
    _show(console, table, options.output)


def _folder(run: str) -> Path:
    plain = not {"*", "?"} & set(run) or Path(run).is_dir()
    check(plain, f"run: expected a folder, or the beginning of its path without wildcards, got {run!r}.")
    return find_run(run)


def _show(console: Console, table: pl.DataFrame, output: Path | None) -> None:
    users = table["user"].unique(maintain_order=True)
    shown = table.join(users.head(SHOWN_USERS).to_frame(), on="user", how="semi", maintain_order="left")
    printed = Table(title_justify="left")
    for name in table.columns:
        printed.add_column(name, justify="right" if name in ("rank", "score") else "left", overflow="fold")
    before = None
    for row in shown.iter_rows(named=True):
        first = row["user"] != before
        if first and before is not None:
            printed.add_section()
        before = row["user"]
        cells = row | {"user": row["user"] if first else "", "score": f"{row['score']:.4f}"}
        printed.add_row(*(Text("" if cell is None else str(cell)) for cell in cells.values()))
    console.print(printed)
    if len(users) > SHOWN_USERS:
        keep = "" if output else "; output=lists.csv keeps them all"
        console.print(f"{SHOWN_USERS} of {len(users):,} users are shown{keep}.", highlight=False)
    if output:
        console.print(f"{table.height:,} rows: {output}", highlight=False, markup=False)


def main() -> int:
    """Return the exit status of the command line."""
    return plain_command(recommend, HELP)
