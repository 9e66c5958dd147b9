"""Node features x_i made of the attributes of users and items, with scales taken from the train part only."""

import zlib

import numpy as np
import polars as pl
import torch

from ragx.data.dataset import Dataset
from ragx.data.ids.id_map import IdMap
from ragx.data.ids.joins import join_ids
from ragx.data.interactions import Interactions
from ragx.typing import Float, Tensor

ONE_HOT_LIMIT = 256  # above this many categories, names are hashed into as many columns


def node_features(dataset: Dataset, train: Interactions) -> Float[Tensor, "N F"] | None:
    """Return a feature vector for every node, users first, or None where the dataset has no attributes.

    A user has zeros in the columns of items and the other way round. A number becomes (x - mean) / deviation over the
    users (items) in ``train``, empty ones 0; a category among those in ``train`` a one, above 256 categories in a
    column chosen by hash; a list of categories a one for each; a vector stands as it is; text is left out. A column
    with empty cells is followed by one that marks them.

    Args:
        dataset: its tables ``users`` and ``items`` hold attributes, typed as
            :func:`ragx.data.readers.attributes.typed_table`.
        train: interactions whose maps are the nodes, and whose users and items set scales and categories.
    """
    feature_joins(dataset, train)  # refuses tables that say nothing of train
    blocks = []
    for side, ids in (("user", train.users), ("item", train.items)):
        table = dataset.tables.get(f"{side}s")
        columns = [] if table is None else _side_columns(table, side, ids, np.unique(train.column(side)))
        blocks.append(np.concatenate(columns, axis=1) if columns else np.zeros((len(ids), 0), dtype=np.float32))
    users, items = blocks
    if users.shape[1] + items.shape[1] == 0:
        return None
    features = np.zeros((len(users) + len(items), users.shape[1] + items.shape[1]), dtype=np.float32)
    features[: len(users), : users.shape[1]] = users
    features[len(users) :, users.shape[1] :] = items
    return torch.from_numpy(features)


def feature_joins(dataset: Dataset, train: Interactions) -> list[str]:
    """Say how many users and items of train have a row in the table that features are made of.

    Raises:
        ValueError: none has.
    """
    remedy = "The split leaves train none that has attributes: choose another, or model.features=false."
    return [
        join_ids(
            f"features: {{}} {side}s of train have attributes", _present(train, side), table[side], remedy=remedy
        ).sentence
        for side in ("user", "item")
        if (table := dataset.tables.get(f"{side}s")) is not None
    ]


def _present(train: Interactions, side: str) -> pl.Series:
    ids = train.users if side == "user" else train.items
    return ids.outside(np.unique(train.column(side)))


def _side_columns(table: pl.DataFrame, side: str, ids: IdMap, train: np.ndarray) -> list[np.ndarray]:
    """Return the feature columns of one side, each of shape [rows of the map, width]."""
    rows = join_ids(f"{{}} {side}s have attributes", ids.ids, table[side]).rows
    aligned = table.select(pl.exclude(side)).select(
        pl.all().gather(pl.Series(np.where(rows < 0, len(table), rows)), null_on_oob=True)
    )
    return [block for name in aligned.columns for block in _encode(aligned[name], train)]


def _encode(column: pl.Series, train: np.ndarray) -> list[np.ndarray]:
    """Return the features of one attribute and, where cells are empty, the column that marks them."""
    kind = column.dtype
    if kind.is_numeric() or kind == pl.Boolean:
        features, missing = _scaled(column, train)
    elif isinstance(kind, pl.Array):
        missing = column.is_null().to_numpy()
        features = np.zeros((len(column), kind.shape[0]), dtype=np.float32)
        features[~missing] = column.drop_nulls().to_numpy()
    elif kind in (pl.Categorical, pl.Enum):
        missing = column.is_null().to_numpy()
        features = _one_hot(pl.Series(np.arange(len(column))), column.cast(pl.String), len(column), train)
    elif isinstance(kind, pl.List) and kind.inner in (pl.Categorical, pl.Enum):
        missing = column.is_null().to_numpy()
        long = pl.DataFrame({"node": np.arange(len(column)), "value": column}).explode("value", empty_as_null=True)
        features = _one_hot(long["node"], long["value"].cast(pl.String), len(column), train)
    else:
        return []
    return [features, missing[:, None].astype(np.float32)] if missing.any() else [features]


def _scaled(column: pl.Series, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    number = column.cast(pl.Float64).fill_nan(None)
    missing = number.is_null().to_numpy()
    known = number.gather(train).drop_nulls().to_numpy()
    mean, deviation = (known.mean(), known.std()) if known.size else (0.0, 0.0)
    scaled = (number.fill_null(mean).to_numpy() - mean) / (deviation if deviation > 0 else 1.0)
    return scaled.astype(np.float32)[:, None], missing


def _one_hot(node: pl.Series, value: pl.Series, num_nodes: int, train: np.ndarray) -> np.ndarray:
    """Return a matrix with a one for every (node, value); a value that train does not have gets none."""
    given = value.is_not_null()
    node, value = node.filter(given), value.filter(given)
    in_train = np.zeros(num_nodes, dtype=bool)
    in_train[train] = True
    known = value.filter(pl.Series(in_train[node.to_numpy()])).unique().sort()
    if len(known) > ONE_HOT_LIMIT:
        codes = pl.Series([zlib.crc32(name.encode()) % ONE_HOT_LIMIT for name in known], dtype=pl.Int64)
        width = ONE_HOT_LIMIT
    else:
        codes, width = pl.Series(range(len(known)), dtype=pl.Int64), len(known)
    code = value.replace_strict(known, codes, default=-1, return_dtype=pl.Int64).to_numpy()
    matrix = np.zeros((num_nodes, width), dtype=np.float32)
    matrix[node.to_numpy()[code >= 0], code[code >= 0]] = 1
    return matrix
