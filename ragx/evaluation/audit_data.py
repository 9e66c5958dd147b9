"""Questions about the data itself: repeats, crowds, bots, near-duplicates and columns that say nothing."""

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.ids import IdMap
from ragx.data.interactions import Interactions
from ragx.evaluation.audit_parts import pair_names
from ragx.evaluation.findings import SHOWN, Finding, Verdict, finding
from ragx.evaluation.near_duplicates import near_duplicate_items

TOP, MOST = 0.01, 0.5
OUT_OF_LINE = 5.0
BOT_EVENTS = 100


def steps(dataset: Dataset) -> list[Finding]:
    """Say what was there after each step of reading and filtering, and ask whether a step dropped more than half."""
    before, drops, lines = 0, 0, []
    for name, users, items, events in dataset.steps:
        drops += events < before * MOST
        lines.append(f"{name}: {users:,} users, {items:,} items, {events:,} events")
        before = events
    verdict: Verdict = "warn" if drops else "pass"
    message = (
        "No filter was applied." if not lines else f"{drops} of {len(lines)} steps dropped more than half the events."
    )
    return [
        Finding(
            question="counts after each filter", verdict=verdict, count=drops, message=message, examples=tuple(lines)
        )
    ]


def repeats(interactions: Interactions) -> list[Finding]:
    """Ask how many events repeat another in every column, and how many pairs come more than once."""
    table = interactions.table
    again = table.filter(table.is_duplicated()).unique(maintain_order=True)
    copies = table.height - table.n_unique()
    timed = interactions.has("timestamp")
    verdict: Verdict = "warn" if timed else "pass"
    found = f"{copies:,} events repeat another in every column" + (
        ", the time included: a doubled import? Choose a policy for duplicates." if timed else "."
    )
    pairs = table.group_by("user", "item").len("times").filter(pl.col("times") > 1).sort("user", "item")
    repeated = f"{pairs.height:,} pairs come more than once."
    return [
        finding(
            "doubled events", copies, verdict, found, "No event stands there twice.", pair_names(again, interactions)
        ),
        finding("pairs with several events", pairs.height, "pass", repeated, "Every pair comes once."),
    ]


def crowds(interactions: Interactions) -> list[Finding]:
    """Ask whether few users or items hold most of the pairs."""
    findings = []
    pairs = interactions.pairs()
    for side, ids in (("user", interactions.users), ("item", interactions.items)):
        count = np.bincount(pairs[side].to_numpy(), minlength=len(ids))
        order = np.argsort(-count, kind="stable")
        top = max(1, round(TOP * len(ids)))
        share = count[order[:top]].sum() / max(count.sum(), 1)
        verdict: Verdict = "warn" if share > MOST and len(ids) >= 1 / TOP else "pass"
        message = f"The top {top:,} of {len(ids):,} {side}s hold {share:.1%} of the pairs."
        names = _counted(ids, order[:SHOWN], count)
        findings.append(
            Finding(
                question=f"{side}s that hold most pairs", verdict=verdict, count=top, message=message, examples=names
            )
        )
    return findings


def bots(interactions: Interactions) -> list[Finding]:
    """Ask which users are far out of line: log counts beyond 5 scaled median deviations, and 100 events at least."""
    count = np.bincount(interactions.column("user"), minlength=interactions.num_users)
    logs = np.log(count[count > 0])
    middle = np.median(logs)
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.1)
    limit = max(float(np.exp(middle + OUT_OF_LINE * spread)), BOT_EVENTS)
    rows = np.flatnonzero(count > limit)
    rows = rows[np.argsort(-count[rows], kind="stable")]
    found = f"{len(rows):,} users have more than {limit:,.0f} events, where the median user has {np.exp(middle):,.0f}."
    names = _counted(interactions.users, rows[:SHOWN], count)
    clean = f"No user is far out of line (beyond {limit:,.0f} events)."
    return [finding("users far out of line (bots)", len(rows), "warn", found, clean, names)]


def near_duplicates(dataset: Dataset) -> list[Finding]:
    """Ask which items nearly the same users have, and which share a title."""
    interactions = dataset.interactions
    pairs = interactions.pairs()
    twins = near_duplicate_items(pairs["user"].to_numpy(), pairs["item"].to_numpy())
    ids = interactions.items.ids
    names = tuple(f"{ids[one]} ~ {ids[other]} ({share:.2f})" for one, other, share in twins[:SHOWN])
    found = f"{len(twins):,} pairs of items have nearly the same users: variants of one thing?"
    findings = [finding("near-duplicate items", len(twins), "warn", found, "No two items have the same users.", names)]
    items = dataset.tables.get("items")
    if items is not None and {"item", "title"} <= set(items.columns):
        titles = items.drop_nulls("title").with_columns(
            key=pl.col("title").cast(pl.String).str.to_lowercase().str.strip_chars()
        )
        shared = titles.group_by("key", maintain_order=True).agg("item").filter(pl.col("item").list.len() > 1)
        some = tuple(f"{key!r}: {', '.join(map(str, each[:3]))}" for key, each in shared.head(SHOWN).iter_rows())
        said = f"{shared.height:,} titles name several items."
        findings.append(finding("items of one title", shared.height, "warn", said, "Every title names one item.", some))
    return findings


def constant_columns(dataset: Dataset) -> list[Finding]:
    """Ask which columns have one value only and so say nothing."""
    tables = {"interactions": dataset.interactions.table, **dataset.tables}
    constant = [
        f"{name}.{column}"
        for name, table in tables.items()
        for column in table.columns
        if table.height > 1 and not table.schema[column].is_nested() and table[column].n_unique() == 1
    ]
    found = f"{len(constant):,} columns have one value only."
    return [finding("constant columns", len(constant), "warn", found, "Every column varies.", tuple(constant))]


def _counted(ids: IdMap, rows: np.ndarray, count: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{name} ({count[row]:,})" for name, row in zip(ids.outside(rows), rows, strict=True))
