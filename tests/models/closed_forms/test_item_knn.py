"""ItemKNN: worked by hand, held against a dense calculation, and its edges."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ragx.data import IdMap, Interactions
from ragx.models import ItemKNN
from ragx.models.closed_forms import strongest

PAIRS = [("a", "i"), ("a", "j"), ("b", "i"), ("b", "j"), ("b", "k"), ("c", "j"), ("d", "l")]


def interactions(pairs: Iterable[tuple[str, str]], items: Iterable[str] = ()) -> Interactions:
    events = pl.DataFrame(list(pairs), schema=["user", "item"], orient="row")
    catalogue = IdMap.of("item", pl.concat([events["item"], pl.Series("item", list(items), dtype=pl.String)]))
    return Interactions.from_events(events, items=catalogue)


BARE: dict[str, Any] = {"normalise": False, "centre": False}


def scores_of(model: ItemKNN, train: Interactions) -> NDArray[np.float64]:
    scores = model.fit(train).scores(torch.arange(train.num_users), slice(0, train.num_items))
    return scores.double().numpy()


def test_four_users_and_items_by_hand() -> None:
    """Items i, j, k, l have the users ab, abc, b, d: cos(i, j) = 2 / √6, cos(i, k) = 1 / √2, cos(j, k) = 1 / √3."""
    ij, ik, jk = 2 / 6**0.5, 1 / 2**0.5, 1 / 3**0.5
    expected = [[ij, ij, ik + jk, 0], [ij + ik, ij + jk, ik + jk, 0], [ij, 0, jk, 0], [0, 0, 0, 0]]
    assert scores_of(ItemKNN(**BARE), interactions(PAIRS)) == pytest.approx(np.array(expected))


def test_an_item_listens_to_its_own_nearest_neighbours() -> None:
    """The nearest of i and of j is the other, that of k is i: user c, who has j alone, hears nothing of k."""
    ij, ik = 2 / 6**0.5, 1 / 2**0.5
    expected = [[ij, ij, ik, 0], [ij, ij, ik, 0], [ij, 0, 0, 0], [0, 0, 0, 0]]
    assert scores_of(ItemKNN(neighbours=1, **BARE), interactions(PAIRS)) == pytest.approx(np.array(expected))


def test_weights_sum_to_one_and_means_are_taken_off() -> None:
    """Items i, j, k, l have means 1/2, 3/4, 1/4, 1/4; neighbours of i weigh 2 / √6 and 1 / √2, over their sum."""
    ij, ik = 2 / 6**0.5, 1 / 2**0.5
    j, k = ij / (ij + ik), ik / (ij + ik)
    train = interactions(PAIRS)
    assert scores_of(ItemKNN(centre=False), train)[:, 0] == pytest.approx([j, 1, j, 0])
    expected = [1 / 2 + j * (has_j - 3 / 4) + k * (has_k - 1 / 4) for has_j, has_k in [(1, 0), (1, 1), (1, 0), (0, 0)]]
    assert scores_of(ItemKNN(), train)[:, 0] == pytest.approx(expected)
    assert scores_of(ItemKNN(), train)[:, 3] == pytest.approx([1 / 4] * 4), "nobody has item l and another"


def test_shrinkage_is_added_to_the_norms_and_idf_weighs_users() -> None:
    assert scores_of(ItemKNN(shrinkage=1.0, **BARE), interactions(PAIRS))[2, 0] == pytest.approx(2 / (6**0.5 + 1))
    of_user = {"a": np.log(4 / 2) ** 2, "b": np.log(4 / 3) ** 2, "c": np.log(4) ** 2}
    shared = of_user["a"] + of_user["b"]
    expected = shared / np.sqrt(shared * (shared + of_user["c"]))
    assert scores_of(ItemKNN(weighting="idf", **BARE), interactions(PAIRS))[2, 0] == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([1, 40, 2**22]))
def test_it_is_the_dense_calculation_in_blocks_of_any_size(seed: int, neighbours: int, block: int) -> None:
    """Cosines as numpy makes them, of each row the largest, ties by the smallest hash."""
    drawn = np.random.default_rng(seed).random((15, 10)) < 0.3
    drawn[:, drawn.sum(0) == 0] = True
    train = interactions([(f"u{user}", f"i{item}") for user, item in np.argwhere(drawn)])
    seen = train.matrix().toarray()
    norms = np.sqrt(np.outer(seen.sum(0), seen.sum(0)))
    cosine = np.where(np.eye(train.num_items, dtype=bool), 0, seen.T @ seen / norms)
    nearest = np.zeros_like(cosine)
    for item, row in enumerate(cosine):
        chosen = np.lexsort((train.items.tie_keys, -row))[:neighbours]
        nearest[item, chosen] = row[chosen]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strongest, "BLOCK", block)
        scores = scores_of(ItemKNN(neighbours=neighbours, **BARE), train)
        assert scores == pytest.approx(seen @ nearest.T, abs=1e-6)


def test_threads_and_order_of_rows_change_nothing() -> None:
    draw = np.random.default_rng(0)
    pairs = [(f"u{user}", f"i{item}") for user, item in draw.integers(0, 40, (400, 2))]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = scores_of(ItemKNN(neighbours=3), interactions(pairs))
        torch.set_num_threads(2)
        two = scores_of(ItemKNN(neighbours=3), interactions(pairs[::-1]))
    finally:
        torch.set_num_threads(threads)
    assert np.array_equal(one, two)


def test_beyond_the_catalogue_all_items_are_neighbours() -> None:
    train = interactions(PAIRS)
    assert np.array_equal(scores_of(ItemKNN(neighbours=1000), train), scores_of(ItemKNN(neighbours=3), train))
    assert ItemKNN(neighbours=1000).needed_bytes(train) == ItemKNN(neighbours=4).needed_bytes(train)


@pytest.mark.parametrize("weighting", ["none", "idf"])
def test_items_without_users_and_a_user_of_all_items_score_numbers(weighting: str) -> None:
    """Item z has no user; user e has all others, and by idf weighs nothing."""
    train = interactions([*PAIRS, *(("e", item) for item in "ijkl")], items="z")
    scores = scores_of(ItemKNN(weighting=weighting), train)
    assert np.isfinite(scores).all()
    assert not scores[:, train.items.ids.to_list().index("z")].any()


def test_a_user_of_the_whole_catalogue_says_nothing_by_idf() -> None:
    train = interactions([("a", "i"), ("a", "j")])
    assert not scores_of(ItemKNN(weighting="idf", centre=False), train).any()


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="neighbours: expected a number greater than 0, got 0"):
        ItemKNN(neighbours=0)
    with pytest.raises(ValueError, match="shrinkage: expected a number of at least 0, got -1"):
        ItemKNN(shrinkage=-1)
    with pytest.raises(ValueError, match=r"weighting: expected one of none, idf; got 'tfidf'"):
        ItemKNN(weighting="tfidf")
