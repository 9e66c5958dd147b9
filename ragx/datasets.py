"""Public datasets by name: ``load("ml-100k")`` gives what ``dataset=ml-100k`` gives on the command line."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from ragx.checks import check_choice
from ragx.data.cleaning.rules import EventRules
from ragx.data.dataset import Dataset
from ragx.data.generated.shop import generated_shop
from ragx.data.readers.lines import line_files
from ragx.data.readers.recbole import recbole_files
from ragx.data.readers.sequences import sequence_file
from ragx.data.readers.table import parquet_file


def _lightgcn(name: str) -> Callable[..., Dataset]:
    parts = {"train": "train", "validation": "valid_lightgcnpp", "test": "test"}
    return partial(line_files, name=name, **{part: f"{name}/{file}.txt.gz" for part, file in parts.items()})


def _s3rec(name: str, file: str) -> Callable[..., Dataset]:
    start = f"s3rec-sequences/{file}"
    return partial(sequence_file, name=name, path=f"{start}.txt.gz", item_attributes=f"{start}_item2attributes.json.gz")


READERS: dict[str, Callable[..., Dataset]] = {
    "beauty": _s3rec("beauty", "Beauty"),
    "gowalla": _lightgcn("gowalla"),
    "ml-100k": partial(
        recbole_files,
        name="ml-100k",
        path="ml-100k/ml-100k",
        columns={"user": "user_id", "item": "item_id", "time": "timestamp", "value": "rating"},
        roles={"age": "number", "zip_code": "text", "movie_title": "title", "release_year": "category"},
        rules=EventRules(time_format="seconds"),
    ),
    "online-retail": partial(
        parquet_file,
        name="online-retail",
        path="uci-online-retail/online_retail.parquet",
        columns={"user": "CustomerID", "item": "Description", "time": "InvoiceDate", "value": "Quantity"},
        rules=EventRules(time_zone="Europe/London", negative="drop", empty_ids="drop"),
    ),
    "retailrocket": partial(
        parquet_file,
        name="retailrocket",
        path="retailrocket-multibehavior/train.parquet",
        columns={"user": "user", "item": "item", "time": "timestamp", "kind": "behavior"},
        rules=EventRules(time_format="seconds"),
    ),
    "shop": generated_shop,
    "sports": _s3rec("sports", "Sports_and_Outdoors"),
    "yelp2018": _lightgcn("yelp2018"),
}


def names() -> list[str]:
    """Return the names that :func:`load` knows, in order."""
    return sorted(READERS)


def load(name: str, **options: Any) -> Dataset:
    """Return a public dataset, or the generated shop, by its name.

    Files are looked for under ``root``, by default RAGX_DATA, ``data`` and the user's cache folder, and fetched where
    their publisher offers them.

    Args:
        name: one of :func:`names`, such as ``"ml-100k"``.
        options: arguments of its reader that are to differ, such as ``root="downloads"``, ``rules=EventRules(…)`` or,
            of the shop, ``num_users=200``.

    Raises:
        ValueError: there is no dataset or option of that name, or its files are nowhere to be found; the message says
            where they were looked for.
    """
    check_choice("name", name, names())
    reader = READERS[name]
    for option in options:
        check_choice(f"option of {name}", option, inspect.signature(reader).parameters)
    return reader(**options)
