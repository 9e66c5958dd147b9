"""Reader of LightGCN lines: ``user item item …``."""

from pathlib import Path

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.ids import IdMap
from ragx.data.interactions import Interactions
from ragx.data.root import find_file
from ragx.data.source import read_bytes


def read_lines(path: str | Path) -> pl.DataFrame:
    """Return the pairs of a file of lines ``user item item …`` (plain, ``.gz`` or ``.zst``) as columns user and item.

    Raises:
        ValueError: the file is missing or empty, or a line has a token that is not a whole number.
    """
    path = Path(path)
    check(path.is_file(), f"{path}: expected a file of lines 'user item item …', found none.")
    raw = read_bytes(path)
    lines = raw.split(b"\n")
    counts = np.array([line.count(b" ") + 1 if line.strip() else 0 for line in map(bytes.strip, lines)], dtype=np.int64)
    check(counts.sum() > 0, f"{path}: expected lines 'user item item …', got an empty file.")
    try:
        numbers = np.array(raw.split(), dtype=np.int64)
    except (ValueError, OverflowError):
        raise ValueError(_first_bad_line(path, lines)) from None
    if numbers.size != counts.sum() or numbers.min() < 0:
        raise ValueError(_first_bad_line(path, lines))
    filled = counts[counts > 0]
    starts = np.concatenate([[0], np.cumsum(filled)[:-1]])
    is_item = np.ones(numbers.size, dtype=bool)
    is_item[starts] = False
    return pl.DataFrame({"user": np.repeat(numbers[starts], filled - 1), "item": numbers[is_item]})


def _first_bad_line(path: Path, lines: list[bytes]) -> str:
    for number, line in enumerate(lines, start=1):
        for token in line.strip().split(b" ") if line.strip() else []:
            if not token.isdigit() or len(token) > 18:
                shown = token.decode(errors="replace")
                return (
                    f"{path}, line {number}: expected whole numbers 'user item item …' parted by one space, "
                    f"got {shown!r}."
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
        train: path, below a data folder, of the published train part.
        test: likewise, of the test part.
        validation: likewise, of a published validation part, whose pairs are taken out of train.
        root: folder to look in; by default RAGX_DATA, ``data`` and the user's cache folder.

    Raises:
        ValueError: a file is missing or does not parse, or a validation pair is not in train.
    """
    frames = {"train": read_lines(find_file(train, root)), "test": read_lines(find_file(test, root))}
    if validation is not None:
        held_out = read_lines(find_file(validation, root)).unique(maintain_order=True)
        strangers = held_out.join(frames["train"], on=["user", "item"], how="anti")
        check(
            strangers.is_empty(), f"{validation}: {strangers.height} pairs are not in {train}: expected a part of it."
        )
        frames["train"] = frames["train"].join(held_out, on=["user", "item"], how="anti", maintain_order="left")
        frames["validation"] = held_out
    events = pl.concat([frame.with_columns(part=pl.lit(part)) for part, frame in frames.items()])
    users = IdMap("user", events["user"].unique().sort())
    items = IdMap("item", events["item"].unique().sort())
    return Dataset(name, Interactions.from_events(events.drop("part"), users, items), published=events["part"])
