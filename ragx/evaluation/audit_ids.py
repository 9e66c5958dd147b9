"""Questions about ids and kinds: spellings of one thing that count as several, words for nothing, attributes."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ragx.data.dataset import Dataset
from ragx.data.ids.near_ids import DIFFERENCES, alike, folded
from ragx.data.interactions import Interactions
from ragx.evaluation.findings import SHOWN, Finding, counted, finding

NOTHING = (
    *("nan", "null", "none", "nil", "na", "n/a", "#n/a", "<na>", "-", "--", "?", "unknown", "undefined", "(null)"),
    *("anonymous", "guest"),
)
STAND_INS, LARGE_SHARE = ("0", "-1", "1", "9999", "99999", "999999"), 0.05
MANY_WITHOUT, EXAMPLES = 0.1, 2


def spellings(interactions: Interactions) -> list[Finding]:
    """Ask which users, items and kinds of event differ from another in blanks, case or the like alone."""
    findings = []
    for name, texts in _columns(interactions):
        groups = {difference: alike(texts, difference) for difference in DIFFERENCES}
        of_several = groups.pop("spelling")
        spelt = {
            difference: {spelling for group in every for spelling in group} for difference, every in groups.items()
        }
        of_one = set().union(*spelt.values())
        groups["spelling"] = [group for group in of_several if not of_one.issuperset(group)]
        spelt["spelling"] = set().union(*groups["spelling"])
        count = len(set().union(*spelt.values()))
        differences = ", ".join(f"{difference} ({len(every):,})" for difference, every in spelt.items() if every)
        message = (
            f"{counted(count, name)} differ from another in spelling alone: {differences}. Each spelling counts as one."
        )
        pairs = (f"{group[0]!r} and {group[1]!r}" for every in groups.values() for group in every[:EXAMPLES])
        around = name != "kind" and any(spelling != spelling.strip() for spelling in spelt["blanks"])
        strip = "; dataset.rules.id_blanks=strip takes blanks around ids away" if around else ""
        advice = f"Where two spellings mean one {name}, write them alike in the file{strip}."
        clean = f"No two {name}s differ in spelling alone."
        findings.append(finding(f"{name}s of several spellings", count, "warn", message, clean, tuple(pairs), advice))
    return findings


def nothings(interactions: Interactions) -> list[Finding]:
    """Ask which users and items are words for nothing, such as ``null``, or a number with a large share, such as 0."""
    findings = []
    for name, ids in (("user", interactions.users), ("item", interactions.items)):
        count = np.bincount(interactions.column(name), minlength=len(ids))
        text = folded(ids.ids.cast(pl.String))
        word = text.is_in(NOTHING).to_numpy()
        stand_in = text.is_in(STAND_INS).to_numpy() & (count > LARGE_SHARE * count.sum())
        stand_in &= count > 10 * np.median(count[count > 0])
        rows = np.flatnonzero((word | stand_in) & (count > 0))
        names = tuple(f"{id!r} ({count[row]:,})" for id, row in zip(ids.outside(rows), rows, strict=True))
        message = f"{counted(int(count[rows].sum()), 'event')} belong to a {name} whose id reads like no {name} at all."
        advice = "If so, empty these cells and leave their rows out with dataset.rules.empty_ids=drop."
        clean = f"Every {name}'s id reads like one."
        findings.append(finding(f"{name}s that are none", len(rows), "warn", message, clean, names, advice))
    return findings


def without_attributes(dataset: Dataset) -> list[Finding]:
    """Ask how many users and items have no row in the table of their attributes."""
    findings = []
    for name, ids in (("user", dataset.interactions.users), ("item", dataset.interactions.items)):
        table = dataset.tables.get(f"{name}s")
        if table is None or name not in table.columns:
            continue
        lacks = np.zeros(len(ids), dtype=bool)
        lacks[dataset.interactions.column(name)] = True
        total = int(lacks.sum())
        rows = ids.lookup(table[name])
        lacks[rows[rows >= 0]] = False
        lacking = np.flatnonzero(lacks)
        message = f"{len(lacking):,} of {counted(total, name)} have no attributes; features of theirs are empty."
        names = tuple(str(id) for id in ids.outside(lacking[:SHOWN]))
        many = len(lacking) > MANY_WITHOUT * total
        advice = f"Add their rows to the table of {name}s, or train without features (model.features=false)."
        findings.append(
            finding(
                f"{name}s without attributes",
                len(lacking),
                "warn" if many else "pass",
                message,
                f"All {counted(total, name)} have attributes.",
                names,
                advice,
            )
        )
    return findings


def _columns(interactions: Interactions) -> Iterator[tuple[str, pl.Series]]:
    for name, ids in (("user", interactions.users), ("item", interactions.items)):
        if ids.ids.dtype == pl.String:
            present = np.unique(interactions.column(name))
            yield name, ids.outside(present)
    if interactions.has("kind"):
        yield "kind", interactions.table["kind"].unique()
