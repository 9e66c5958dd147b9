"""Questions about the parts of a split: overlaps, the future in train, the cold, the negatives."""

from collections.abc import Callable

import numpy as np
import polars as pl
import torch

from ragx.data.cleaning.part_rules import BEFORE_SPLIT
from ragx.data.dataset import Dataset
from ragx.data.interactions import PARTS, Interactions
from ragx.data.negatives import Negatives, TrainPairs
from ragx.data.split import Split
from ragx.data.splits.leave_last_out import TIED
from ragx.evaluation.findings import SHOWN, Finding, Verdict, finding
from ragx.evaluation.measured import few_are_measured, measured_sentence
from ragx.typing import Int, Tensor

Parts = dict[str, Interactions]
Draw = Callable[[Int[Tensor, " B"]], Int[Tensor, "B n"]]
MANY_COLD = MANY_TIED = 0.05
POOLED = " split.pool_published=true"
DRAWN_USERS, EXPECTED_HITS = 20_000, 30.0


def pair_names(pairs: pl.DataFrame, of: Interactions) -> tuple[str, ...]:
    """Return the first few (user, item) pairs in outside ids."""
    first = pairs.head(SHOWN)
    users, items = of.users.outside(first["user"].to_numpy()), of.items.outside(first["item"].to_numpy())
    return tuple(f"({user}, {item})" for user, item in zip(users, items, strict=True))


def published_overlap(dataset: Dataset) -> list[Finding]:
    """Ask whether the published parts share pairs: ranking without masking them gives the answers away."""
    if dataset.published is None:
        return []
    tables = {part: dataset.interactions.filter(dataset.published == part) for part in PARTS}
    return [
        _overlap(f"pairs in published {one} and {other}", tables[one], tables[other])
        for one, other in (("train", "validation"), ("train", "test"), ("validation", "test"))
    ]


def overlap(parts: Parts) -> list[Finding]:
    """Ask whether the parts of the split, as models and evaluation see them, share pairs."""
    return [
        _overlap(f"pairs in {one} and {other}", parts[one], parts[other])
        for one, other in (("train", "validation"), ("train", "test"), ("validation", "test"))
    ]


def _overlap(question: str, one: Interactions, other: Interactions) -> Finding:
    shared = one.pairs().join(other.pairs(), on=["user", "item"], how="semi", maintain_order="left")
    message = f"{shared.height:,} pairs stand in both: what is to be found is given away."
    advice = "Take each pair out of one of the two."
    return finding(
        question, shared.height, "fail", message, "The parts share no pair.", pair_names(shared, one), advice
    )


def left_out(split: Split) -> list[Finding]:
    """Say what the split noted, such as repeats and users without train."""
    notes = [(name, count) for name, count in split.notes.items() if count and "left_out" in name]
    examples = tuple(f"{name.replace('_', ' ')}: {count:,}" for name, count in notes)
    total = sum(count for _, count in notes)
    message = f"The split left out {total:,} events."
    return [finding("events left out by the split", total, "pass", message, "Every event is in a part.", examples)]


def ties_of_time(split: Split, parts: Parts) -> list[Finding]:
    """Say of how many users the time leaves open which items are held out, where the split asks for a user's last."""
    if TIED not in split.notes:
        return []
    count, users = split.notes[TIED], parts["test"].table["user"].n_unique()
    message = (
        f"Of {count:,} users the last items come in one second with earlier ones, and a hash of ids settled which are "
        f"held out ({users:,} users are in test): what is tested there is no last item."
    )
    clean, advice = "Every held-out item is later than those before it.", "split=time asks for no order within a user."
    verdict: Verdict = "warn" if count > MANY_TIED * users else "pass"
    return [finding("ties in time", count, verdict, message, clean, (), advice)]


def before_split(split: Split) -> list[Finding]:
    """Ask whether test events decided, through merging or filters over the whole table, about train."""
    notes = [(name, count) for name, count in split.notes.items() if count and name in BEFORE_SPLIT]
    total = sum(count for _, count in notes)
    message = "Rules were applied before the split, so that held-out events decided about train, as in most papers."
    clean = "No rule was applied to train and held-out events together."
    advice = "dataset.rules.before_split=[] merges within a part and counts on train."
    examples = tuple(f"{name.replace('_', ' ')}: {count:,}" for name, count in notes)
    return [finding("rules before the split", total, "warn", message, clean, examples, advice)]


def future(parts: Parts, published: bool) -> list[Finding]:
    """Ask whether train holds events newer than held-out ones, over all users and for each.

    Args:
        parts: the three parts.
        published: whether the dataset was published in parts.
    """
    if not parts["train"].has("timestamp"):
        message = "The data has no times, so the future cannot be told from the past."
        advice = "A file with a column of times is read with dataset=csv dataset.columns.time=…"
        return [Finding(question="future in train", verdict="warn", count=0, message=message, advice=advice)]
    train = parts["train"].table
    held_out = pl.concat([parts[part].table for part in PARTS[1:]])
    start = held_out["timestamp"].min()
    newer = train.filter(pl.col("timestamp") > start)
    message = (
        f"{newer.height:,} of {train.height:,} train events ({newer.height / train.height:.1%}) are newer than the "
        "oldest held-out event: trends and launches of the test period leak."
    )
    pooled = POOLED if published else ""
    advice = f"split=time{pooled} does not do this."
    clean = "No train event is newer than a held-out one."
    first = held_out.group_by("user").agg(start=pl.col("timestamp").min())
    own = train.join(first, on="user", how="inner").filter(pl.col("timestamp") > pl.col("start"))
    users = own["user"].unique().sort()
    names = tuple(str(user) for user in parts["train"].users.outside(users.head(SHOWN).to_numpy()))
    message_own = (
        f"{len(users):,} users have train events newer than their own held-out ones ({own.height:,} events): the model "
        "fills in gaps rather than predicts."
    )
    advice_own = f"split=leave_last_out{pooled} does not do this, nor does split=time{pooled}."
    pairs = pair_names(newer, parts["train"])
    clean_own = "No user has train events newer than that user's held-out ones."
    return [
        finding("future in train, globally", newer.height, "warn", message, clean, pairs, advice),
        finding("future in train, per user", len(users), "warn", message_own, clean_own, names, advice_own),
    ]


def cold(parts: Parts) -> list[Finding]:
    """Ask how many held-out users and items train does not know."""
    findings = []
    for part in PARTS[1:]:
        for side in ("user", "item"):
            ids = parts["train"].users if side == "user" else parts["train"].items
            held_out = np.unique(parts[part].column(side))
            unknown = np.setdiff1d(held_out, parts["train"].column(side))
            share = len(unknown) / max(len(held_out), 1)
            verdict: Verdict = "warn" if share > MANY_COLD else "pass"
            message = f"{len(unknown):,} of {len(held_out):,} {side}s ({share:.1%}) have no train events."
            advice = "model.features=true scores them by their attributes, where there are any."
            if side == "user":
                advice = "evaluation.cold_users=popularity ranks for them too; by default they are left out."
            names = tuple(str(id) for id in ids.outside(unknown[:SHOWN]))
            clean = f"Train knows every {side} of {part}."
            findings.append(finding(f"cold {side}s in {part}", len(unknown), verdict, message, clean, names, advice))
    return findings


def measured(parts: Parts, published: bool) -> list[Finding]:
    """Ask how many of all users the metrics are over, those with held-out and with train events.

    Args:
        parts: the three parts.
        published: whether the dataset was published in parts.
    """
    other = "leave_last_out" if parts["train"].has("timestamp") else "random"
    trained = parts["train"].column("user")
    findings = []
    for part in PARTS[1:]:
        held_out = np.unique(parts[part].column("user"))
        count = int(np.isin(held_out, trained).sum())
        counts = {"users": count, "users_held_out": len(held_out), "all_users": parts["train"].num_users}
        few = few_are_measured(counts)
        advice = f"split={other}{POOLED if published else ''} holds out items of nearly all users." if few else ""
        verdict: Verdict = "warn" if few else "pass"
        message = measured_sentence(part, counts)
        findings.append(
            Finding(question=f"users measured in {part}", verdict=verdict, count=count, message=message, advice=advice)
        )
    return findings


def saturated(train: Interactions) -> list[Finding]:
    """Ask which users have every item in train: nothing is left to recommend to them."""
    rows = Negatives().sampler(TrainPairs.of(train)).users_without.numpy()
    message = (
        f"{len(rows):,} users have every item in train: nothing is left to recommend to them, and objectives that draw "
        "negatives leave their pairs out, as the draw below does."
    )
    advice = "Leave these users out: somebody who has everything is a test account or a default id."
    names = tuple(str(user) for user in train.users.outside(rows[:SHOWN]))
    clean = "Every user lacks some item."
    return [finding("users with every item", len(rows), "warn", message, clean, names, advice)]


def negatives(parts: Parts, draw: Draw) -> list[Finding]:
    """Ask whether drawn negatives avoid held-out items, which would tell the model what they are.

    Negatives blind to the held-out parts meet held-out items about as often as other items outside train; under a
    uniform draw a user with h held-out of m items outside train gives h / m hits a draw.

    Users who have every item in train, for whom nothing can be drawn, are left out.

    Args:
        parts: the three parts.
        draw: returns negatives [B, n] of B user rows.
    """
    num_items = parts["train"].num_items
    train = parts["train"].pairs()
    held_out = pl.concat([parts[part].pairs() for part in PARTS[1:]]).unique(maintain_order=True)
    held_out = held_out.join(train, on=["user", "item"], how="anti", maintain_order="left")
    per_user = held_out.group_by("user").len("held").join(train.group_by("user").len("known"), on="user", how="left")
    per_user = per_user.sort("user").head(DRAWN_USERS).with_columns(pl.col("known").fill_null(0))
    rate = float((per_user["held"] / (num_items - per_user["known"])).sum())
    repeats = int(np.clip(np.ceil(EXPECTED_HITS / max(rate, 1e-9)), 1, max(1, 4_000_000 // max(per_user.height, 1))))
    users = torch.tensor(per_user["user"].to_numpy()).repeat_interleave(repeats)
    items = draw(users)
    expected = rate * repeats * items.shape[1]
    key = users[:, None] * num_items + items
    answers = torch.tensor((held_out["user"] * num_items + held_out["item"]).to_numpy())
    hits = int(torch.isin(key, answers).sum())
    message = (
        f"{hits:,} of {items.numel():,} drawn negatives are held-out items; about {expected:,.0f} were to be expected."
    )
    verdict: Verdict = "fail" if expected >= EXPECTED_HITS / 2 and hits < expected / 10 else "pass"
    if verdict == "fail":
        message += " A model can learn what is missing."
    return [
        Finding(
            question="negatives that avoid held-out items",
            verdict=verdict,
            count=hits,
            message=message,
            advice="Draw negatives from all items outside train." if verdict == "fail" else "",
        )
    ]
