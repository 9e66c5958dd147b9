import hashlib

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data.ids.id_map import IdMap
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import Constant, InnerProduct
from ragx.ranking.ties import best_of, sort_candidates, tie_order


def splitmix64(value: int) -> int:
    mask = 2**64 - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


def test_the_mix_is_splitmix64() -> None:
    assert splitmix64(0) == 0xE220A8397B1DCDAF  # the first published output for seed 0
    ids = [5, 0, 123456789, 7, 3]
    ranks = np.argsort(np.argsort(np.array([splitmix64(value) for value in ids], dtype=np.uint64)))
    assert tie_order(torch.tensor(ids)).tolist() == ranks.tolist()


def test_order_belongs_to_the_id_and_not_to_the_row() -> None:
    ids = torch.randperm(1000)
    assert torch.equal(tie_order(torch.arange(1000))[ids], tie_order(ids))


def test_low_ids_are_not_favoured() -> None:
    order = tie_order(torch.arange(10_000)).double()
    assert abs(float(order[:1000].mean()) - 5000) < 300
    assert abs(float(torch.corrcoef(torch.stack((order, torch.arange(10_000.0).double())))[0, 1])) < 0.05


def test_repeated_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="item_ids: expected one id an item, got some id twice"):
        tie_order(torch.tensor([4, 5, 4]))


def test_candidates_go_by_score_and_then_by_order() -> None:
    order = torch.tensor([3, 0, 2, 1])
    scores = torch.tensor([[1.0, 2.0, 1.0, 1.0], [4.0, 3.0, 2.0, 1.0]], dtype=torch.float64)
    items = torch.tensor([[0, 2, 1, 3], [3, 2, 1, 0]])
    values, named = sort_candidates(scores, items, order)
    assert named.tolist() == [[2, 1, 3, 0], [3, 2, 1, 0]]
    assert values.tolist() == [[2.0, 1.0, 1.0, 1.0], [4.0, 3.0, 2.0, 1.0]]


def test_best_of_many_equals_the_start_of_a_full_sort() -> None:
    order, items = tie_order(torch.arange(500)), torch.randperm(500)
    scores = torch.randint(0, 6, (500,)).double()
    all_scores, all_items = sort_candidates(scores[None].clone(), items[None].clone(), order)
    for k in (1, 7, 100, 499, 500, 501):
        values, named = best_of(scores, items, k, order)
        assert torch.equal(values, all_scores[0, :k])
        assert torch.equal(named, all_items[0, :k])


def test_keys_of_outside_ids_follow_the_id_whatever_its_row_or_type() -> None:
    keys = IdMap("item", pl.Series(["a", "b", "17"])).tie_keys
    known = int.from_bytes(hashlib.blake2b(b"17", digest_size=8).digest(), "little", signed=True)
    assert keys.dtype == np.int64
    assert int(keys[2]) == known
    assert IdMap("item", pl.Series(["17", "b", "a"])).tie_keys.tolist() == keys[::-1].tolist()
    assert IdMap("item", pl.Series([17])).tie_keys.tolist() == [known]
    assert len(IdMap("item", pl.Series("item", [], dtype=pl.String)).tie_keys) == 0


def test_lists_under_ties_are_the_same_for_any_order_of_the_rows() -> None:
    names, values = np.array([f"item {number}" for number in range(300)]), np.arange(300) % 3
    shuffled = np.random.default_rng(0).permutation(300)
    rankings = []
    for order in (np.arange(300), shuffled):
        ids = IdMap("item", pl.Series(names[order]))
        for scorer in (
            Constant(torch.tensor(values[order]), 1),
            InnerProduct(torch.ones(1, 1), torch.tensor(values[order])[:, None].float()),
        ):
            lists = rank(scorer, k=40, item_ids=ids.tie_keys)
            rankings.append(ids.outside(lists.items[0].numpy()).to_list())
    assert rankings[0] == rankings[1] == rankings[2] == rankings[3]
