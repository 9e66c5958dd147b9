"""Questions about shares: few who hold most, one that holds much, and users far out of line."""

import numpy as np

from ragx.data.ids.id_map import IdMap
from ragx.data.interactions import Interactions
from ragx.evaluation.findings import SHOWN, Finding, Verdict, finding

TOP, MOST = 0.01, 0.5
LARGE_SHARE, LARGE_MULTIPLE = 0.1, 10
OUT_OF_LINE = 5.0
BOT_EVENTS = 100
NO_PERSON = "Leave them out of the file if they are no people."


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
                question=f"{side}s that hold most pairs",
                verdict=verdict,
                count=top,
                message=message,
                examples=names,
                advice="Report metrics by popularity or activity too: evaluation.groups=[activity,popularity]."
                if verdict == "warn"
                else "",
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
    message = (
        f"{len(rows):,} users have more than {limit:,.0f} events, where the median user has {np.exp(middle):,.0f}."
    )
    names = _counted(interactions.users, rows[:SHOWN], count)
    clean = f"No user is far out of line (beyond {limit:,.0f} events)."
    return [finding("users far out of line (bots)", len(rows), "warn", message, clean, names, NO_PERSON)]


def outsize(interactions: Interactions) -> list[Finding]:
    """Ask which user or item alone has a tenth of all events, and ten times its even share."""
    findings = []
    for side, ids in (("user", interactions.users), ("item", interactions.items)):
        count = np.bincount(interactions.column(side), minlength=len(ids))
        limit = count.sum() * max(LARGE_SHARE, LARGE_MULTIPLE / (count > 0).sum())
        rows = np.flatnonzero(count >= limit)
        share = count[rows].sum() / count.sum()
        message = f"{len(rows):,} of {len(ids):,} {side}s alone hold {share:.1%} of the events."
        advice = NO_PERSON if side == "user" else "Leave it out of the file if it is no item, such as postage or a bag."
        clean = f"No {side} alone holds a tenth of the events."
        names = _counted(ids, rows, count)
        findings.append(finding(f"{side}s with a large share", len(rows), "warn", message, clean, names, advice))
    return findings


def _counted(ids: IdMap, rows: np.ndarray, count: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{name} ({count[row]:,})" for name, row in zip(ids.outside(rows), rows, strict=True))
