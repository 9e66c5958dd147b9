"""Reader of LightGCN lines: ``user item item …``."""

import re
from pathlib import Path

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.catalogue.root import locate
from ragx.data.dataset import Dataset
from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions
from ragx.data.source import read_bytes

SHOWN = 3
PADDED = re.compile(rb"\b0[0-9]")


def read_lines(path: str | Path) -> pl.DataFrame:
    """Return the pairs of a file of lines ``user item item …`` (plain, ``.gz`` or ``.zst``) as columns user and item.

    Raises:
        ValueError: the file is missing or empty, a line has a token that is not a whole number, or the lines are
            triples such as user, item and count.
    """
    path = Path(path)
    check(path.is_file(), f"{path}: expected a file of lines 'user item item …', found none.")
    raw = read_bytes(path)
    lines = raw.split(b"\n")
    counts = np.array([line.count(b" ") + 1 if line.strip() else 0 for line in map(bytes.strip, lines)], dtype=np.int64)
    check(counts.sum() > 0, f"{path}: expected lines 'user item item …', got an empty file.")
    if raw.translate(None, b"0123456789 \r\n") or PADDED.search(raw):  # numpy would take 1_000, +1 and 007 for numbers
        raise ValueError(_first_bad_line(path, lines))
    try:
        numbers = np.array(raw.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        raise ValueError(_first_bad_line(path, lines)) from None
    if numbers.size != counts.sum():
        raise ValueError(_first_bad_line(path, lines))
    filled = counts[counts > 0]
    starts = np.concatenate([[0], np.cumsum(filled)[:-1]])
    _refuse_triples(path, filled, numbers[starts])
    is_item = np.ones(numbers.size, dtype=bool)
    is_item[starts] = False
    return pl.DataFrame({"user": np.repeat(numbers[starts], filled - 1), "item": numbers[is_item]})


def _refuse_triples(path: Path, widths: np.ndarray, users: np.ndarray) -> None:
    """Raise where all lines have three or four numbers and users come back, as in tables of one event a line."""
    width = int(widths[0])
    repeated = len(users) - len(np.unique(users))
    check(
        width not in (3, 4) or not repeated or bool((widths != width).any()),
        f"{path}: expected lines 'user item item …', one for each user, got {width} numbers in every line and "
        f"{repeated:,} lines of a user who had one, as in a table of one event a line. Read it as such: dataset=csv "
        f"dataset.path={path} \"dataset.separator=' '\" dataset.header=false dataset.columns.user=1 "
        "dataset.columns.item=2 dataset.columns.value=3.",
    )


def _first_bad_line(path: Path, lines: list[bytes]) -> str:
    for number, line in enumerate(lines, start=1):
        for token in line.strip().split(b" ") if line.strip() else []:
            if not token.isdigit() or len(token) > 18 or PADDED.match(token):
                shown = token.decode(errors="replace")
                return (
                    f"{path}, line {number}: expected whole numbers 'user item item …' parted by one space, without "
                    f"zeros in front, got {shown!r}."
                )
    return f"{path}: expected lines 'user item item …'."


def line_files(
    *,
    name: str,
    train: str,
    test: str,
    validation: str | None = None,
    root: str | Path | None = None,
) -> Dataset:
    """Return a dataset published as files of LightGCN lines (He et al., 2020, "LightGCN").

    Args:
        name: short name of the dataset.
        train: path of the published train part, below the current or a data folder.
        test: likewise, of the test part.
        validation: likewise, of a published validation part; where its pairs are all in train, they are taken out
            there.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: a file is missing or does not parse, or some validation pairs are in train and some are not.
    """
    frames = {"train": read_lines(locate(train, root)), "test": read_lines(locate(test, root))}
    if validation is not None:
        held_out = read_lines(locate(validation, root)).unique(maintain_order=True)
        shared = held_out.join(frames["train"], on=["user", "item"], how="semi", maintain_order="left")
        some = ", ".join(f"({user}, {item})" for user, item in shared.head(SHOWN).iter_rows())
        check(
            shared.height in (0, held_out.height),
            f"{validation}: {shared.height:,} of {held_out.height:,} pairs are in {train} too, such as {some}: "
            "expected all of them, as a part of train, or none.",
        )
        frames["train"] = frames["train"].join(held_out, on=["user", "item"], how="anti", maintain_order="left")
        frames["validation"] = held_out
    events = pl.concat([frame.with_columns(part=pl.lit(part)) for part, frame in frames.items()])
    users, items = (IdMap(side, events[side].unique().sort()) for side in ("user", "item"))
    return Dataset(name, Interactions.from_events(events.drop("part"), users, items), published=events["part"])
