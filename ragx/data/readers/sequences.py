"""Reader of sequences: a line for each user with the items in order of time."""

from pathlib import Path

import polars as pl

from ragx.checks import check
from ragx.data.catalogue.root import locate
from ragx.data.dataset import Dataset
from ragx.data.files.json_faults import distinct, json_value
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import written_as
from ragx.data.interactions import Interactions
from ragx.data.readers.lines import read_lines
from ragx.data.source import first_line, read_bytes


def sequence_file(*, name: str, path: str, item_attributes: str | None = None, root: str | None = None) -> Dataset:
    """Return a dataset of lines ``user item item …`` whose items stand in order of time, without times.

    The interactions keep that order and the dataset is ``ordered``, so that leave-last-out can split it, as is usual
    with these files (Zhou et al., 2020, "S3-Rec").

    Args:
        name: short name of the dataset.
        path: the file, below the current or a data folder.
        item_attributes: JSON file of one object, item → list of attributes.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: a file is missing or does not parse, or attributes name an item twice.
    """
    events = read_lines(locate(path, root))
    users, items = (IdMap(side, events[side].unique().sort()) for side in ("user", "item"))
    interactions = Interactions.from_events(events, users, items)
    tables = {} if item_attributes is None else {"items": _read_attributes(locate(item_attributes, root))}
    steps = (("read", interactions.num_users, interactions.num_items, len(interactions)),)
    return Dataset(name, interactions, tables=tables, steps=steps, ordered=True)


def _read_attributes(path: Path) -> pl.DataFrame:
    try:
        lists = json_value(read_bytes(path), distinct)
    except ValueError as error:
        raise ValueError(f"{path}: expected one JSON object, item → list of attributes; {first_line(error)}.") from None
    check(
        isinstance(lists, dict) and all(isinstance(values, list) for values in lists.values()),
        f"{path}: expected one JSON object, item → list of attributes.",
    )
    ids = pl.Series("item", list(lists), dtype=pl.String)
    whole = written_as(ids, pl.Int64())
    attributes = pl.Series("attributes", [[str(value) for value in values] for values in lists.values()])
    return pl.DataFrame(
        {
            "item": ids if whole.has_nulls() else whole,
            "attributes": attributes.cast(pl.List(pl.String)).cast(pl.List(pl.Categorical)),
        }
    )
