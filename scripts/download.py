"""The catalogue of public datasets on the command line: what there is, what is here, and fetching what is not.

python scripts/download.py --list
python scripts/download.py ml-100k beauty
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from ragx.checks import check_choice
from ragx.data.catalogue.entry import CatalogueEntry
from ragx.data.catalogue.known import CATALOGUE
from ragx.data.catalogue.root import find_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 done, 2 something could not be had."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="datasets to fetch; all of them where none is named")
    parser.add_argument("--list", action="store_true", help="show the catalogue instead")
    chosen = parser.parse_args(arguments)
    names = [entry.name for entry in CATALOGUE]
    try:
        for name in chosen.names:
            check_choice("dataset", name, names)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    entries = [entry for entry in CATALOGUE if not chosen.names or entry.name in chosen.names]
    return show(entries) if chosen.list else fetch_all(entries)


def show(entries: Sequence[CatalogueEntry]) -> int:
    """Print the catalogue, with where each dataset is."""
    console = Console()
    table = Table("dataset", "users", "items", "interactions", "here")
    for entry in entries:
        counts = (f"{count:,}" for count in (entry.num_users, entry.num_items, entry.num_interactions))
        table.add_row(entry.name, *counts, _folders_of(entry))
    console.print(table)
    for entry in entries:
        console.print(
            f"[bold]{entry.name}[/bold]: {entry.note} Licence: {entry.licence}.", highlight=False, soft_wrap=True
        )
        for file in entry.files:
            address = file.url or f"not offered as such; {file.source}"
            console.print(f"  {file.path}  {file.size:,} bytes  SHA-256 {file.sha256}", highlight=False, soft_wrap=True)
            console.print(f"    {address}", highlight=False, soft_wrap=True)
    return 0


def fetch_all(entries: Sequence[CatalogueEntry]) -> int:
    """Make sure that every file is here, fetching what is not, and say for each where it is or should go."""
    status = 0
    for entry in entries:
        for file in entry.files:
            try:
                print(f"{entry.name}: {find_file(file.path)}")
            except ValueError as error:
                print(f"error: {entry.name}: {error}", file=sys.stderr)
                status = 2
    return status


def _folders_of(entry: CatalogueEntry) -> str:
    try:
        folders = {str(find_file(file.path, download=False).parent) for file in entry.files}
    except ValueError:
        return "no" if any(file.url is None for file in entry.files) else "no; can be fetched"
    return ", ".join(sorted(folders))


if __name__ == "__main__":
    sys.exit(main())
