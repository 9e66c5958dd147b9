import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.ranking.item_lists import ItemLists
from ragx.ranking.ranking import rank
from ragx.ranking.scorers import Constant, Cosine, FunctionScorer, InnerProduct
from ragx.ranking.ties import tie_order

SCORES = torch.tensor([[0.1, 0.9, 0.5, 0.7], [4.0, 3.0, 2.0, 1.0]])


def given_scores(scores: torch.Tensor) -> FunctionScorer:
    return FunctionScorer(lambda users, items: scores[users][:, items], *scores.shape)


def random_seen(num_users: int, num_items: int, count: int) -> ItemLists:
    return ItemLists.from_pairs(torch.randint(0, num_users, (count,)), torch.randint(0, num_items, (count,)), num_users)


def sorted_by_hand(scores: np.ndarray, seen: ItemLists, k: int) -> list[list[int]]:
    order, lists = tie_order(torch.arange(scores.shape[1])).numpy(), []
    for user, row in enumerate(scores):
        taken = set(seen.items[seen.row_pointer[user] : seen.row_pointer[user + 1]].tolist())
        best = [item for item in np.lexsort((order, -row)).tolist() if item not in taken]
        lists.append((best + [-1] * k)[:k])
    return lists


def test_worked_by_hand() -> None:
    seen = ItemLists.from_pairs(torch.tensor([0]), torch.tensor([1]), 2)
    lists = rank(given_scores(SCORES), k=2, seen=seen)
    assert lists.items.tolist() == [[3, 2], [0, 1]]
    assert lists.scores.tolist() == [pytest.approx([0.7, 0.5]), [4.0, 3.0]]
    assert lists.users.tolist() == [0, 1]
    assert (lists.tie_rate, lists.num_short) == (0.0, 0)


def test_chosen_users_in_their_order() -> None:
    lists = rank(given_scores(SCORES), torch.tensor([1, 0, 1]), k=1)
    assert lists.items.tolist() == [[0], [1], [0]]


def test_lists_beyond_the_catalogue_are_padded() -> None:
    seen = ItemLists.from_pairs(torch.tensor([0]), torch.tensor([1]), 2)
    lists = rank(given_scores(SCORES), k=6, seen=seen)
    assert lists.items.tolist() == [[3, 2, 0, -1, -1, -1], [0, 1, 2, 3, -1, -1]]
    assert lists.scores[1, 3:].tolist() == [1.0, -torch.inf, -torch.inf]
    assert lists.num_short == 2


@pytest.mark.parametrize("num_items", [1, 127, 128, 129, 256, 2048, 2176, 4096])
@pytest.mark.parametrize("beyond", [-1, 0, 1, 5])
def test_lists_as_long_as_the_catalogue_hold_all_of_it(num_items: int, beyond: int) -> None:
    scores, k = torch.randint(0, 50, (3, num_items)).double(), max(num_items + beyond, 1)
    seen = random_seen(3, num_items, num_items // 2)
    expected = sorted_by_hand(scores.numpy(), seen, k)
    for megabytes in (None, 1):
        lists = rank(given_scores(scores), k=k, seen=seen, memory=megabytes and megabytes * 10**6)
        assert lists.items.tolist() == expected
    vectors = scores.float(), torch.eye(num_items)
    assert rank(InnerProduct(*vectors), k=k, seen=seen).items.tolist() == expected


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ties_over_several_panels_are_settled(dtype: torch.dtype) -> None:
    scores, seen = torch.randint(0, 3, (70, 5000)).to(dtype), random_seen(70, 5000, 3000)
    lists = rank(given_scores(scores), k=20, seen=seen, memory=10**6, block_users=70)
    assert lists.items.tolist() == sorted_by_hand(scores.double().numpy(), seen, 20)


def test_minus_infinity_keeps_an_item_off_the_list() -> None:
    scores = torch.tensor([[1.0, -torch.inf, 0.5]])
    assert rank(given_scores(scores), k=3).items.tolist() == [[0, 2, -1]]


def test_ties_follow_the_hash_and_are_counted() -> None:
    scores = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    order = tie_order(torch.arange(3)).argsort().tolist()
    lists = rank(given_scores(scores), k=2)
    assert lists.items.tolist() == [order[:2]]
    assert lists.tie_rate == 1.0
    assert rank(given_scores(scores), k=4).tie_rate == 2 / 4


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 60), st.integers(1, 40), st.sampled_from([2, 40, 10**6]))
def test_equals_a_full_sort(seed: int, num_items: int, k: int, levels: int) -> None:
    torch.manual_seed(seed)
    scores = torch.randint(0, levels, (6, num_items)).double()
    seen = random_seen(6, num_items, 20)
    assert rank(given_scores(scores), k=k, seen=seen).items.tolist() == sorted_by_hand(scores.numpy(), seen, k)


@pytest.mark.parametrize("spread", [0, 1, 2000])
def test_scores_that_float32_cannot_tell_apart_are_settled_exactly(spread: int) -> None:
    torch.manual_seed(0)
    users = torch.randint(-4096, 4096, (20, 48))
    items = torch.randint(-4096, 4096, (1, 48)) + torch.randint(-spread, spread + 1, (5000, 48))
    exact = (users.numpy() @ items.numpy().T).astype(np.float64)
    fast = (users.float() @ items.float().T).double().numpy()
    assert spread == 0 or (fast != exact).any()
    seen = random_seen(20, 5000, 3000)
    lists = rank(InnerProduct(users.float(), items.float()), k=20, seen=seen)
    assert lists.items.tolist() == sorted_by_hand(exact, seen, 20)
    assert np.array_equal(lists.scores.numpy(), np.take_along_axis(exact, lists.items.numpy(), 1))


def test_scores_closer_than_their_rounding_are_settled_exactly() -> None:
    torch.manual_seed(0)
    users = torch.randint(-4096, 4096, (30, 48))
    users[:, ::12] = torch.randint(-3, 4, (30, 4))
    items = torch.randint(-4096, 4096, (1, 48)).repeat(3000, 1)
    items[:, ::12] += torch.randint(-2, 3, (3000, 4))  # scores of one user differ by less than 25, and a float32 by 4
    exact = (users.numpy() @ items.numpy().T).astype(np.float64)
    lists = rank(InnerProduct(users.float(), items.float()), k=20)
    nobody = ItemLists.from_pairs(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64), 30)
    assert lists.items.tolist() == sorted_by_hand(exact, nobody, 20)


@pytest.mark.parametrize("kind", [InnerProduct, Cosine])
def test_lists_are_the_same_for_all_blocks_threads_and_memory(kind: type[InnerProduct] | type[Cosine]) -> None:
    torch.manual_seed(1)
    items = torch.randn(6000, 16)
    items[3000:4500] = items[:1500]  # true ties
    users = torch.randn(150, 16)
    users[:3] = 0
    scorer, seen = kind(users, items), random_seen(150, 6000, 4000)
    expected = rank(scorer, k=20, seen=seen)
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            for block, memory in ((1, None), (64, None), (150, None), (None, 10**6), (100, 10**6)):
                lists = rank(scorer, k=20, seen=seen, block_users=block, memory=memory)
                assert torch.equal(lists.items, expected.items)
                assert torch.equal(lists.scores, expected.scores)
    finally:
        torch.set_num_threads(threads)


def test_lists_of_a_function_are_the_same_for_all_blocks_and_users() -> None:
    torch.manual_seed(2)
    users, items = torch.randn(150, 40), torch.randn(6000, 40)
    items[3000:4500] = items[:1500]  # ties, which a product of another shape may break
    scorer = FunctionScorer(lambda rows, columns: users[rows] @ items[columns].T, 150, 6000)
    seen = random_seen(150, 6000, 4000)
    expected = rank(scorer, k=20, seen=seen)
    for block, memory in ((1, None), (64, None), (100, 10**6), (None, 10**6), (150, 10**7)):
        lists = rank(scorer, k=20, seen=seen, block_users=block, memory=memory)
        assert torch.equal(lists.items, expected.items)
        assert torch.equal(lists.scores, expected.scores)
    some = torch.tensor([149, 7, 70])
    assert torch.equal(rank(scorer, some, k=20, seen=seen).items, expected.items[some])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([3, 10**6]))
def test_permuting_users_and_items_changes_nothing(seed: int, levels: int) -> None:
    torch.manual_seed(seed)
    scores, seen = torch.randint(0, levels, (8, 50)).double(), random_seen(8, 50, 60)
    users, items = torch.randperm(8), torch.randperm(50)
    moved = ItemLists.from_pairs(users.argsort()[seen.users], items.argsort()[seen.items], 8)
    before = rank(given_scores(scores), k=7, seen=seen)
    after = rank(given_scores(scores[users][:, items]), k=7, seen=moved, item_ids=items)
    assert torch.equal(items[after.items], before.items[users])
    assert torch.equal(after.scores, before.scores[users])
    assert after.tie_rate == before.tie_rate


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(-1000, 1000))
def test_adding_a_constant_to_a_users_scores_changes_nothing(seed: int, constant: int) -> None:
    torch.manual_seed(seed)
    scores = torch.randint(0, 20, (5, 80)).double()
    moved = scores + constant * torch.arange(5)[:, None]
    assert torch.equal(rank(given_scores(scores), k=9).items, rank(given_scores(moved), k=9).items)


def test_nothing_to_rank() -> None:
    for scorer in (given_scores(SCORES), Constant(SCORES[0], 2)):
        assert rank(scorer, torch.zeros(0, dtype=torch.int64), k=3).items.shape == (0, 3)


def test_bad_input_is_refused() -> None:
    scorer = given_scores(SCORES)
    with pytest.raises(ValueError, match="k: expected a list length of at least 1, got 0"):
        rank(scorer, k=0)
    with pytest.raises(ValueError, match="got NaN; look for a diverged training"):
        rank(given_scores(torch.tensor([[0.0, torch.nan]])), k=1)
    with pytest.raises(ValueError, match="got NaN; look for a diverged training"):
        rank(InnerProduct(torch.full((2, 3), torch.nan), torch.ones(4, 3)), k=1)
    for hidden in (torch.tensor([[torch.nan, 1.0]]), torch.tensor([[torch.nan, 1.0]]).double()):
        with pytest.raises(ValueError, match="got NaN; look for a diverged training"):
            rank(given_scores(hidden), k=1, seen=ItemLists.from_pairs(torch.tensor([0]), torch.tensor([0]), 1))
    with pytest.raises(ValueError, match="scorer: expected at least one user to rank for, got none"):
        rank(InnerProduct(torch.zeros(0, 3), torch.ones(4, 3)), k=1)
    with pytest.raises(ValueError, match="seen: expected a list for each of the scorer's 2 users, got 3 lists"):
        rank(scorer, k=1, seen=random_seen(3, 4, 5))
    with pytest.raises(ValueError, match="seen: expected items below 4, the catalogue; got 6"):
        rank(scorer, k=1, seen=ItemLists.from_pairs(torch.tensor([0]), torch.tensor([6]), 2))
    with pytest.raises(ValueError, match="users: expected rows 0 to 1, got -1 to 2"):
        rank(scorer, torch.tensor([2, -1]), k=1)
    with pytest.raises(ValueError, match="item_ids: expected 4, one an item, got 2"):
        rank(scorer, k=1, item_ids=torch.arange(2))
    with pytest.raises(ValueError, match="scorer: expected a catalogue of at least one item, got none"):
        rank(given_scores(torch.zeros(2, 0)), k=1)
    with pytest.raises(ValueError, match="block_users: expected a number greater than 0, got 0"):
        rank(scorer, k=1, block_users=0)
