"""Questions about the data itself: filters, repeats, near-duplicates and columns that say nothing."""

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.evaluation.audit_parts import pair_names
from ragx.evaluation.findings import SHOWN, Finding, Verdict, counted, finding
from ragx.evaluation.near_duplicates import near_duplicate_items

MOST_DROPPED, NEARLY_ALL = 0.5, 0.95


def steps(dataset: Dataset, split: Split) -> list[Finding]:
    """Say what was there after each step of reading and filtering, and ask whether a step dropped more than half."""
    before, drops, lines = 0, 0, []
    for name, users, items, events in (*dataset.steps, *split.steps):
        drops += events < before * MOST_DROPPED
        lines.append(f"{name}: {users:,} users, {items:,} items, {events:,} events")
        before = events
    verdict: Verdict = "warn" if drops else "pass"
    message = (
        "No filter was applied." if not lines else f"{drops} of {len(lines)} steps dropped more than half the events."
    )
    return [
        Finding(
            question="counts after each filter",
            verdict=verdict,
            count=drops,
            message=message,
            examples=tuple(lines),
            advice="Report the counts, or loosen the filter." if drops else "",
        )
    ]


def repeats(interactions: Interactions) -> list[Finding]:
    """Ask how many events repeat another in every column, and how many pairs come more than once."""
    table = interactions.table
    rows = table.group_by(table.columns).len("times")
    repeated_rows = rows.filter(pl.col("times") > 1).sort("user", "item")
    copies = table.height - rows.height
    whole = repeated_rows.height >= NEARLY_ALL * rows.height
    verdict: Verdict = "warn" if whole or interactions.has("timestamp") else "pass"
    message = f"{copies:,} of {table.height:,} events repeat another in every column."
    if whole and copies:
        usual = np.median(repeated_rows["times"].to_numpy())
        message += (
            f" {repeated_rows.height:,} of {rows.height:,} stand there {usual:g} times: a file read or joined twice?"
        )
    advice = "Take the copies out of the file, or keep one event a pair with dataset.rules.duplicates=first."
    pairs = table.group_by("user", "item").len("times").filter(pl.col("times") > 1)
    repeated = f"{pairs.height:,} pairs come more than once."
    names = pair_names(repeated_rows, interactions)
    return [
        finding("doubled events", copies, verdict, message, "No event stands there twice.", names, advice),
        finding("pairs with several events", pairs.height, "pass", repeated, "Every pair comes once."),
    ]


def near_duplicates(dataset: Dataset) -> list[Finding]:
    """Ask which items nearly the same users have, and which share a title."""
    interactions = dataset.interactions
    pairs = interactions.pairs()
    twins = near_duplicate_items(pairs["user"].to_numpy(), pairs["item"].to_numpy())
    ids = interactions.items.ids
    names = tuple(f"{ids[one]} ~ {ids[other]} ({share:.2f})" for one, other, share in twins[:SHOWN])
    message = f"{counted(len(twins), 'pair')} of items with nearly the same users: variants of one thing?"
    advice = "Where they are one thing, give them one id: who has one is tested on the other."
    clean = "No two items have the same users."
    findings = [finding("near-duplicate items", len(twins), "warn", message, clean, names, advice)]
    items = dataset.tables.get("items")
    if items is not None and {"item", "title"} <= set(items.columns):
        titles = items.drop_nulls("title").with_columns(
            key=pl.col("title").cast(pl.String).str.to_lowercase().str.strip_chars()
        )
        shared = titles.group_by("key", maintain_order=True).agg("item").filter(pl.col("item").list.len() > 1)
        some = tuple(f"{key!r}: {', '.join(map(str, titled[:3]))}" for key, titled in shared.head(SHOWN).iter_rows())
        message = f"{shared.height:,} titles name several items."
        clean = "Every title names one item."
        findings.append(finding("items of one title", shared.height, "warn", message, clean, some, advice))
    return findings


def constant_columns(dataset: Dataset) -> list[Finding]:
    """Ask which columns have one value only and so say nothing."""
    tables = {"interactions": dataset.interactions.table.drop("value", strict=False), **dataset.tables}
    constant = [
        f"{name}.{column}"
        for name, table in tables.items()
        for column in table.columns
        if table.height > 1 and not table.schema[column].is_nested() and table[column].n_unique() == 1
    ]
    message = f"{len(constant):,} columns have one value only."
    advice = "Leave them out, or look whether they were read as they were meant."
    return [
        finding("constant columns", len(constant), "warn", message, "Every column varies.", tuple(constant), advice)
    ]
