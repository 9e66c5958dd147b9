import math

import pytest
import torch

from ragx.ranking.scorers import Constant, Cosine, FunctionScorer, InnerProduct, RoundedScorer

USERS = torch.tensor([[1.0, 2.0, 0.5], [0.0, 0.0, 0.0]])
ITEMS = torch.tensor([[1.0, 1.0, 2.0], [0.0, 0.0, 0.0], [-1.0, 0.5, 4.0]])
BOTH = torch.arange(2)


def test_inner_product_worked_by_hand() -> None:
    scorer = InnerProduct(USERS, ITEMS)
    assert (scorer.num_users, scorer.num_items) == (2, 3)
    assert scorer.scores(torch.tensor([0]), slice(0, 3)).tolist() == [[4.0, 0.0, 2.0]]
    assert scorer.scores(torch.tensor([1, 0]), slice(2, 3)).tolist() == [[0.0], [2.0]]
    assert scorer.exact(BOTH, torch.tensor([[2, 0], [1, 1]])).tolist() == [[2.0, 4.0], [0.0, 0.0]]
    assert isinstance(scorer, RoundedScorer)


@pytest.mark.parametrize("width", [1, 2, 3, 7, 64])
def test_exact_scores_are_correctly_rounded_sums(width: int) -> None:
    users, items = torch.randn(5, width), torch.randn(40, width)
    pairs = torch.randint(0, 40, (5, 9))
    got = InnerProduct(users, items).exact(torch.arange(5), pairs)
    for row in range(5):
        for column in range(9):
            products = [float(a) * float(b) for a, b in zip(users[row], items[pairs[row, column]], strict=True)]
            assert float(got[row, column]) == pytest.approx(math.fsum(products), rel=1e-13, abs=1e-14)


def test_exact_scores_do_not_depend_on_what_is_asked_beside_them() -> None:
    users, items = torch.randn(30, 33) * 100, torch.randn(700, 33) * 100
    scorer, every = InnerProduct(users, items), torch.arange(700).expand(30, -1)
    whole = scorer.exact(torch.arange(30), every)
    some = torch.stack([scorer.exact(torch.tensor([3]), torch.tensor([[item]]))[0, 0] for item in range(0, 700, 50)])
    assert torch.equal(whole[3, ::50], some)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rounding_bounds_the_difference(dtype: torch.dtype) -> None:
    users, items = torch.randn(50, 64, dtype=dtype) * 30, torch.randn(500, 64, dtype=dtype)
    scorer, rows = InnerProduct(users, items), torch.arange(50)
    fast = scorer.scores(rows, slice(0, 500)).double()
    difference = (fast - scorer.exact(rows, torch.arange(500).expand(50, -1))).abs().amax(1)
    assert (difference > 0).any()
    assert (difference <= scorer.rounding(rows)).all()


def test_rounding_follows_the_precision_of_the_product() -> None:
    scorer, before = InnerProduct(USERS, ITEMS), torch.get_float32_matmul_precision()
    bounds = {}
    try:
        for precision in ("highest", "high", "medium"):
            torch.set_float32_matmul_precision(precision)
            bounds[precision] = float(scorer.rounding(torch.tensor([0]))[0])
    finally:
        torch.set_float32_matmul_precision(before)
    assert bounds["high"] / bounds["highest"] == pytest.approx(2**13)
    assert bounds["medium"] / bounds["highest"] == pytest.approx(2**16)


def test_rounding_covers_underflow() -> None:
    scorer = InnerProduct(torch.full((1, 8), 1e-25), torch.full((2, 8), 1e-22))
    row, items = torch.tensor([0]), torch.tensor([[0, 1]])
    difference = scorer.exact(row, items) - scorer.scores(row, slice(0, 2)).double()
    assert (difference != 0).all()
    assert (difference.abs() <= scorer.rounding(row)[:, None]).all()


def test_cosine_is_scale_free_and_zero_for_zero_vectors() -> None:
    scores = Cosine(USERS, ITEMS).scores(BOTH, slice(0, 3))
    expected = 4 / math.sqrt(5.25 * 6)
    assert scores[0].tolist() == pytest.approx([expected, 0.0, 2 / math.sqrt(5.25 * 17.25)])
    assert scores[1].tolist() == [0.0, 0.0, 0.0]
    tiny = Cosine(USERS * 1e-30, ITEMS * 1e-30).scores(BOTH, slice(0, 3))
    assert torch.allclose(tiny, scores)


def test_low_precision_vectors_are_scored_in_float32() -> None:
    scorer = InnerProduct(USERS.bfloat16(), ITEMS.bfloat16())
    assert scorer.scores(BOTH, slice(0, 3)).dtype == torch.float32


def test_constant_and_function() -> None:
    constant = Constant(torch.tensor([3, 1, 2]), num_users=4)
    assert constant.scores(torch.tensor([0, 3]), slice(1, 3)).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    function = FunctionScorer(lambda users, items: users[:, None] * 10.0 + torch.arange(5)[items], 4, 5)
    assert function.scores(torch.tensor([2]), slice(1, 3)).tolist() == [[21, 22]]


def test_bad_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one width, device and type, got width 3 .* and width 2"):
        InnerProduct(USERS, ITEMS[:, :2])
    with pytest.raises(ValueError, match=r"user_vectors: expected floating-point vectors \[N, D\], got shape \(3,\)"):
        InnerProduct(USERS[0], ITEMS)
    with pytest.raises(ValueError, match=r"item_vectors: expected floating-point vectors .* torch.int64"):
        Cosine(USERS, ITEMS.long())
    with pytest.raises(ValueError, match=r"item_scores: expected one score an item, got shape \(2, 3\)"):
        Constant(USERS, 2)
    with pytest.raises(ValueError, match=r"function: expected scores of shape \(2, 5\), got \(2, 3\)"):
        FunctionScorer(lambda users, items: torch.zeros(2, 3), 2, 5).scores(BOTH, slice(0, 3))


def test_a_function_is_asked_for_the_same_blocks_whatever_is_asked_for() -> None:
    asked: list[tuple[int, int, int, int]] = []

    def function(users: torch.Tensor, items: slice) -> torch.Tensor:
        asked.append((int(users[0]), users.numel(), items.start, items.stop))
        return users[:, None] * 10_000.0 + torch.arange(items.start, items.stop)

    scorer = FunctionScorer(function, 130, 3000)
    users = torch.tensor([129, 3, 64, 3])
    expected = users[:, None] * 10_000 + torch.arange(2047, 2050)
    assert torch.equal(scorer.scores(users, slice(2047, 2050)), expected)
    assert set(asked) == {(first, rows, *cut) for first, rows in ((0, 64), (64, 64), (128, 2))
                          for cut in ((0, 2048), (2048, 3000))}  # fmt: skip
    assert scorer.scores(torch.zeros(0, dtype=torch.int64), slice(0, 3)).shape == (0, 3)
