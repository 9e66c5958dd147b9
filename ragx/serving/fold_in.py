"""Fold-in: a new user, given as a list of items, joins the graph of a trained model."""

import copy
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import polars as pl
import torch
from torch import nn

from ragx.checks import check
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.identifiers import Identifier
from ragx.data.interactions import Interactions
from ragx.data.split import Split
from ragx.models.node_model import NodeModel

NEW_USER = "new user"


def add_user(interactions: Interactions, items: np.ndarray) -> Interactions:
    """Return the interactions with one user more, the last row, who has one event with each of the given item rows.

    The events are as new as the newest; value and kind, where there are any, are the median and the most frequent.

    Raises:
        ValueError: there is no item.
    """
    check(len(items) > 0, "items: expected at least one item of the new user, got none.")
    table, ids = interactions.table, interactions.users.ids
    added = pl.DataFrame({"user": np.full(len(items), len(ids)), "item": items.astype(np.int64)})
    usual = {"value": pl.col("value").median(), "timestamp": pl.col("timestamp").max()}
    usual["kind"] = pl.col("kind").mode(maintain_order=True).first()
    for name in table.columns[2:]:
        added = added.with_columns(pl.lit(table.select(usual[name]).item()).cast(table.schema[name]).alias(name))
    if ids.dtype == pl.String:
        fresh: str | int = next(name for name in _names() if name not in set(ids))
    else:
        fresh = int(ids.max()) + 1  # type: ignore[arg-type]
    users = IdMap("user", pl.concat([ids, pl.Series(ids.name, [fresh], dtype=ids.dtype)]))
    return Interactions(pl.concat([table, added.select(table.columns)]), users, interactions.items)


def with_new_events(split: Split, refit: bool, items: Iterable[Identifier] | Identifier) -> Interactions:
    """Return what a run's graph is made of, with one user more who has the given items, of the target's kind.

    Args:
        split: the run's split.
        refit: whether its model learned from validation too.
        items: outside ids, or one; one that comes twice counts once.

    Raises:
        ValueError: an item is unknown, or there is none.
    """
    evidence = split.evidence_and_validation if refit else split.evidence
    joined = add_user(evidence, np.unique(evidence.items.rows(items)))
    if split.target is None:
        return joined
    fresh = pl.col("user") == evidence.num_users
    kinds = pl.when(fresh).then(pl.lit(split.target)).otherwise(pl.col("kind")).alias("kind")
    return replace(joined, table=joined.table.with_columns(kinds))


def with_new_user(model: NodeModel) -> NodeModel:
    r"""Return a copy of the model for one user more, whose own embedding and features are zero.

    On the graph with the new user's edges the layers then give the user's vector from the items alone. For plain sums
    with the symmetric norm and a read-out Σ_l c_l x^l that is z_u = Σ_{l≥1} c_l Σ_{i∈S} x_i^(l-1) / √(|S| d_i), with S
    the user's items and d_i the number of users of item i, the new one among them.

    Raises:
        ValueError: the model has no layers, so that nothing flows from items to a user, or no ``embedding``.
    """
    name = type(model).__name__
    check(
        len(getattr(model, "layers", ())) > 0,
        f"{name} has no layers, so that nothing flows from items to a new user: train a model that has some, such as "
        "model=relevance_aware_graph model.num_layers=1.",
    )
    check(
        getattr(model, "embedding", None) is not None,
        f"A new user is a row more of ``embedding`` [N, D], users first, which {name} has not.",
    )
    new = copy.deepcopy(model)
    new.embedding = nn.Parameter(_insert_zero(model.embedding.detach(), model.num_users))
    if model.features is not None:
        new.features = _insert_zero(model.features, model.num_users)
    new.num_users = model.num_users + 1
    return new


def _insert_zero(rows: torch.Tensor, index: int) -> torch.Tensor:
    return torch.cat([rows[:index], rows.new_zeros(1, rows.shape[1]), rows[index:]])


def _names() -> "list[str]":
    return [NEW_USER, *(f"{NEW_USER} {number}" for number in range(1, 1000))]
