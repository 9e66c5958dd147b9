"""The popularity row of the published LightGCN tables, from the real files."""

import gzip
import os
from pathlib import Path

import pytest
import torch

from ragx.evaluation.conventions import preset
from ragx.evaluation.evaluate import evaluate
from ragx.ranking.item_lists import ItemLists
from ragx.ranking.scorers import Popularity

DATA = os.environ.get("RAGX_DATA")
PUBLISHED = {"gowalla": (0.0416, 0.0317), "yelp2018": (0.0124, 0.0101)}


def read_pairs(path: Path) -> tuple[torch.Tensor, torch.Tensor]:
    users: list[int] = []
    items: list[int] = []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            user, *listed = map(int, line.split())
            users.extend([user] * len(listed))
            items.extend(listed)
    return torch.tensor(users), torch.tensor(items)


@pytest.mark.skipif(DATA is None, reason="the environment variable RAGX_DATA does not name the folder of data")
@pytest.mark.parametrize("name", PUBLISHED)
def test_most_popular_items_reach_the_published_values(name: str) -> None:
    folder = Path(str(DATA)) / name
    if not folder.exists():
        pytest.skip(f"{name} is not among the data")
    train, test = read_pairs(folder / "train.txt.gz"), read_pairs(folder / "test.txt.gz")
    num_users = int(max(train[0].max(), test[0].max())) + 1
    num_items = int(max(train[1].max(), test[1].max())) + 1
    seen, relevant = (ItemLists.from_pairs(*pairs, num_users) for pairs in (train, test))
    popularity = torch.bincount(seen.items, minlength=num_items)
    result = evaluate(Popularity(popularity, num_users), relevant, seen, conventions=preset("lightgcn"))
    recall, ndcg = PUBLISHED[name]
    assert result.values["recall@20"] == pytest.approx(recall, abs=1e-4)
    assert result.values["ndcg@20"] == pytest.approx(ndcg, abs=1e-4)
