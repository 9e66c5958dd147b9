"""EASE: a case by hand, the optimum that its formula solves, and its memory."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from ragx.data import IdMap, Interactions, Split, random_split, recbole_files
from ragx.models import EASE, ease

PAIRS = [("a", "i"), ("a", "j"), ("b", "j"), ("b", "k"), ("c", "i")]


@pytest.fixture
def ml_100k(real_data: Path) -> Split:
    if not (real_data / "ml-100k").is_dir():
        pytest.skip("ml-100k is not among the data")
    return random_split(recbole_files(path="ml-100k/ml-100k", root=str(real_data)))


def interactions(pairs: list[tuple[str, str]]) -> Interactions:
    return Interactions.from_events(pl.DataFrame(pairs, schema=["user", "item"], orient="row"))


def test_three_users_and_items_by_hand() -> None:
    """With λ = 1, XᵀX + λI = [[3, 1, 0], [1, 3, 1], [0, 1, 2]], whose inverse is [[5, -2, 1], …, [1, -3, 8]] / 13."""
    scores = EASE(penalty=1.0).fit(interactions(PAIRS)).scores(torch.arange(3), slice(0, 3))
    expected = [[2 / 5, 1 / 3, 1 / 4], [1 / 5, 1 / 2, 3 / 8], [0.0, 1 / 3, -1 / 8]]
    assert scores.numpy() == pytest.approx(np.array(expected))


def test_the_gradient_is_zero_off_the_diagonal() -> None:
    """B minimises |X − XB|² + λ|B|² with a zero diagonal; users of one item each show its rows."""
    draw = np.random.default_rng(0)
    shared = [(f"u{user}", f"i{item}") for user in range(20) for item in np.flatnonzero(draw.random(6) < 0.4)]
    train = interactions([*((f"alone {item}", f"i{item}") for item in range(6)), *shared])
    penalty, seen = 3.0, train.matrix().toarray()
    scores = EASE(penalty=penalty).fit(train).scores(torch.arange(train.num_users), slice(0, 6)).numpy()
    alone = [row for row in range(train.num_users) if train.users.ids[row].startswith("alone")]
    weights = np.linalg.solve(seen[alone], scores[alone])
    gradient = 2 * seen.T @ (seen @ weights - seen) + 2 * penalty * weights
    assert np.diag(weights) == pytest.approx(np.zeros(6))
    assert gradient[~np.eye(6, dtype=bool)] == pytest.approx(np.zeros(30), abs=1e-9)
    assert np.abs(np.diag(gradient)).min() > 1


def test_its_memory_grows_with_the_square_of_the_items() -> None:
    assert EASE().needed_bytes(interactions(PAIRS)) == 3 * 8 * 3**2


def test_a_large_catalogue_takes_one_matrix_of_single_precision() -> None:
    """That of Gowalla: 40,981 items squared are 6.26 GiB at 4 bytes each, and two blocks of rows come to it."""
    items = IdMap.of("item", pl.Series("item", range(40_981)))
    events = Interactions.from_events(pl.DataFrame({"user": [0, 0], "item": [0, 1]}), items=items)
    assert EASE().needed_bytes(events) / 2**30 == pytest.approx(6.41, abs=0.01)


def test_a_penalty_is_above_zero() -> None:
    with pytest.raises(ValueError, match="penalty"):
        EASE(penalty=0.0)


def test_single_precision_in_place_gives_what_double_precision_gives(
    ml_100k: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = slice(0, ml_100k.train.num_items)
    users = torch.arange(0, ml_100k.train.num_users, 10)
    double = EASE().fit(ml_100k.train)
    monkeypatch.setattr(ease, "DOUBLE", 0)
    single = EASE().fit(ml_100k.train)
    expected = double.scores(users, everything)
    assert expected.dtype == torch.float64 and single.scores(users, everything).dtype == torch.float32
    assert single.scores(users, everything).double().numpy() == pytest.approx(expected.numpy(), abs=1e-4)
    assert EASE().needed_bytes(ml_100k.train) == 4 * everything.stop**2 + 8 * 512 * everything.stop


def test_items_without_users_and_a_user_of_all_items_score_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Item z has no user, user a all others."""
    events = pl.DataFrame([("a", "i"), ("a", "j"), ("b", "j"), ("c", "z")], schema=["user", "item"], orient="row")
    train = Interactions.from_events(events).filter(pl.col("user") < 2)
    for most in (ease.DOUBLE, 0):
        monkeypatch.setattr(ease, "DOUBLE", most)
        scores = EASE(penalty=1.0).fit(train).scores(torch.arange(3), slice(0, 3))
        assert scores.isfinite().all()
        assert not scores[:, 2].any()
