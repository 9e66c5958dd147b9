"""A split made of the part of every interaction: what all ways to split end in."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from ragx.checks import check
from ragx.data.cleaning.part_rules import Parts
from ragx.data.dataset import Dataset
from ragx.data.fingerprint import fingerprint
from ragx.data.first_appearance import in_file_order
from ragx.data.interactions import PARTS, Interactions
from ragx.data.split import Events, SealedTest, Split


def split_by_part(
    dataset: Dataset, part: pl.Series, name: str, *, pool_published: bool = False, held_out: str | None = None
) -> Split:
    """Return the split in which every interaction goes to the part named beside it.

    What the dataset has to have done to its parts, such as merging duplicates, is done here. A held-out pair that also
    stands in train is a repeat: it is left in train only and counted, as ranking masks it.

    Args:
        dataset: what is split.
        part: ``train``, ``validation``, ``test``, or another word where an interaction is left out.
        name: how the parts were made.
        pool_published: whether the test part may be another than the published one, where there is one.
        held_out: side, ``user`` or ``item``, of which whole ids are held out, so that filters do not ask train for it.

    Raises:
        ValueError: a part is empty, and the message says which; or events of the published test part would be learned
            from, or others tested on, and nobody asked for that.
    """
    pooled = _pooled(dataset, part)
    check(
        pool_published or not pooled or in_file_order(),  # 0.1.0 pooled them without a word
        f"Dataset {dataset.name} was published in parts, and split {name} would pool them: {pooled:,} events would "
        "change between the published test part and the others. Choose split=published, with split.validation=0.1 "
        "where no validation part was published; or, to divide all events anew, split.pool_published=true.",
    )
    parts = dataset.part_rules.apply(
        f"Split {name} of {dataset.name}", dataset.interactions, part, held_out, ordered=dataset.ordered
    )
    published = dataset.published is not None and not pooled
    split = _split_of(parts, dataset, name, published)
    pooling = {"published_parts_pooled_events": pooled} if pooled else {}
    return replace(split, notes=pooling | dict(parts.notes) | split.notes)


def _pooled(dataset: Dataset, part: pl.Series) -> int:
    """Return how many events stand in the test part alone or in the published test part alone."""
    if dataset.published is None:
        return 0
    part, published = part.cast(pl.String), dataset.published.cast(pl.String)
    return int(((part == "test") != (published == "test")).filter(part.is_in(PARTS)).sum())


def _split_of(parts: Parts, dataset: Dataset, name: str, published: bool) -> Split:
    sizes = {part: len(table) for part, table in parts.tables.items()}
    weaker = ", or weaker dataset.rules.filters" if dataset.part_rules.filters else ""
    for part, size in sizes.items():
        check(
            size > 0,
            f"Split {name} of {dataset.name} leaves {part} empty: {sizes}. Choose other fractions or a split{weaker}.",
        )
    tables, notes = _without_repeats(parts.tables, name, dataset.name)

    def of_kind(kind: str) -> Split:
        chosen = {part: table.filter(pl.col("kind") == kind) for part, table in parts.tables.items()}
        return _split_of(replace(parts, tables=chosen), dataset, f"{name} with target_kind={kind}", published)

    return Split(
        name,
        tables["train"],
        tables["validation"],
        SealedTest(tables["test"]),
        fingerprint(tables),
        notes,
        Events(parts.tables["train"], parts.tables["validation"], of_kind, dataset.part_rules, parts.steps),
        _published_fingerprint(tables) if published else None,
    )


def _published_fingerprint(tables: Mapping[str, Interactions]) -> str:
    learned = tables["train"].concatenate(tables["validation"])
    return fingerprint({"train": replace(learned, table=learned.pairs()), "test": tables["test"]})


def _without_repeats(
    whole: Mapping[str, Interactions], name: str, dataset: str
) -> tuple[dict[str, Interactions], dict[str, int]]:
    """Return the parts without held-out pairs that an earlier part has, and what was left out of them."""
    tables = dict(whole)
    notes: dict[str, int] = {}
    known = [tables["train"].pair_keys()]
    for part in PARTS[1:]:
        keys = tables[part].pair_keys()
        repeated = pl.concat([earlier.filter(earlier.is_in(keys.implode())) for earlier in known])
        fresh = tables[part].filter(~keys.is_in(repeated.implode()))
        notes[f"{part}_repeats_left_out"] = len(keys) - len(fresh)
        check(len(fresh) > 0, f"Split {name} of {dataset}: every {part} pair repeats an earlier one.")
        tables[part] = fresh
        known.append(fresh.pair_keys())
        for side, ids in (("user", fresh.users), ("item", fresh.items)):
            gone = np.zeros(len(ids), dtype=bool)
            gone[fresh.column(side)] = True
            gone[tables["train"].column(side)] = False
            notes[f"{part}_{side}s_without_train"] = int(gone.sum())
    return tables, notes
