"""Near-duplicate items against a comparison of all pairs."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.evaluation.near_duplicates import near_duplicate_items


def _arrays(sets: list[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(user, item) for item, users in enumerate(sets) for user in users]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def test_pairs_by_hand() -> None:
    sets = [set(range(20)), set(range(19)), set(range(100, 120)), {1, 2}, {1, 2}]
    assert near_duplicate_items(*_arrays(sets)) == [(0, 1, 0.95)]
    assert near_duplicate_items(*_arrays(sets), fewest=2) == [(3, 4, 1.0), (0, 1, 0.95)]
    assert near_duplicate_items(np.empty(0, np.int64), np.empty(0, np.int64)) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.integers(0, 12), min_size=5), min_size=1, max_size=8))
def test_every_pair_found_is_similar_and_every_twin_is_found(sets: list[set[int]]) -> None:
    pairs = near_duplicate_items(*_arrays(sets))
    for one, other, share in pairs:
        assert share == len(sets[one] & sets[other]) / len(sets[one] | sets[other]) >= 0.9
    together = {one: {one} for one in range(len(sets))}
    for one, other, _ in pairs:
        together[one].add(other)
    for one, other in itertools.combinations(range(len(sets)), 2):
        if sets[one] == sets[other]:
            first = min(index for index, users in enumerate(sets) if users == sets[one])
            assert {one, other} <= together[first] | {first}
