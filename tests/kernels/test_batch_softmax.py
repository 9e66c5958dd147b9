"""The softmax loss over the items of a batch, in every form, against the loss as it is written."""

import ctypes
import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ragx.kernels import batch_softmax as module
from ragx.kernels.batch_softmax import BatchItems, Silent, batch_softmax, batch_softmax_reference, shares_rows
from ragx.kernels.forms import use_form
from ragx.kernels.native import HEADERS, HERE, arguments, compiled, has_compiler
from ragx.rows import row_pointer_of

NEEDS_COMPILER = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")
FORMS = [pytest.param("native", marks=NEEDS_COMPILER), "torch"]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-6}


@NEEDS_COMPILER
def test_the_exponential_of_single_precision() -> None:
    """Over all of x <= 0: within 1.5 units in the last place of the true value down to e^-87, and 0 below."""
    code = "void powers(int64_t n, reals x, reals y) { for (int64_t i = 0; i < n; i++) y[i] = power(x[i]); }"
    headers = "".join((HERE / file).read_text() for file in HEADERS)
    library = compiled(headers + code, {"REAL": "float", "HEADS": 1, "SIZE": 1, "LANES": 1})
    tiny = torch.tensor([0.0, -0.0, -1e-45, -1e-40, -1.2e-38, -1e-20, -1e-7, -1e-4])
    x = torch.cat([tiny, torch.linspace(-87, 0, 300_000), torch.tensor([-87.0001, -88, -104, -3e38, -math.inf])])
    y = torch.empty_like(x)
    library.powers(ctypes.c_int64(len(x)), *arguments(torch.float32, x, y))
    expected = x.double().exp()
    normal = x >= -87
    assert float(((y - expected) / expected)[normal].abs().max()) <= 1.5 * 2**-23
    assert y[:2].tolist() == [1.0, 1.0] and not y[~normal].any()
    nan = torch.tensor([math.nan])
    library.powers(ctypes.c_int64(1), *arguments(torch.float32, nan, nan))
    assert nan.isnan().all()


def items_of(column: list[int], weight: list[float], own: list[float], silent: Silent | None = None) -> BatchItems:
    weights = torch.tensor([weight, own], dtype=torch.float64).log()
    return BatchItems(None, torch.tensor(column), weights[0], weights[1], silent)


@pytest.mark.parametrize("form", [*FORMS, "reference"])
def test_worked_numbers(form: str) -> None:
    """Logits [[0, log 2, log 3]], positive 0 of weight 1, negatives of weights 5 and 1: log(1 + 10 + 3) - 0.

    With ρ = 2 and the positive beside its negatives: 2 log 13.
    """
    users, items = torch.ones(1, 1), torch.tensor([[1.0], [2.0], [3.0]]).log()
    with use_form("batch_softmax", form):
        softmax = batch_softmax(users, items, items_of([0], [7.0, 5.0, 1.0], [1.0, 1.0, 1.0]))
        apart = batch_softmax(users, items, items_of([0], [7.0, 5.0, 1.0], [0.0, 0.0, 0.0]), spread=2.0)
    assert softmax.item() == pytest.approx(math.log(14), rel=1e-6)
    assert apart.item() == pytest.approx(2 * math.log(13), rel=1e-6)


@pytest.mark.parametrize("form", [*FORMS, "reference"])
def test_gradients_worked_by_hand(form: str) -> None:
    """One user of vector 1 and two items of logits 0 and 0: p = (1/2, 1/2), so that ∂L/∂i = p - (1, 0)."""
    users, items = torch.ones(1, 1, requires_grad=True), torch.zeros(2, 1, requires_grad=True)
    with use_form("batch_softmax", form):
        batch_softmax(users, items, items_of([0], [1.0, 1.0], [1.0, 1.0])).backward()  # type: ignore[no-untyped-call]
    assert items.grad is not None and items.grad.flatten().tolist() == [-0.5, 0.5]
    assert users.grad is not None and users.grad.item() == 0


@pytest.mark.parametrize("form", [*FORMS, "reference"])
def test_a_positive_without_negatives_costs_nothing(form: str) -> None:
    """User 0 has both items in train and, with its own weight 0, nothing to sum; user 1 has item 1 to sum."""
    silent = Silent(torch.arange(2), torch.tensor([0, 2, 3]), torch.tensor([0, 1, 0]), torch.arange(2).int())
    batch = items_of([0, 0], [1.0, 1.0], [0.0, 0.0], silent)
    users, items = torch.ones(2, 1, requires_grad=True), torch.tensor([[3.0], [5.0]])
    with use_form("batch_softmax", form):
        loss = batch_softmax(users, items, batch)
        (gradient,) = torch.autograd.grad(loss, users)
    assert loss.item() == pytest.approx((0 + 5 - 3) / 2)
    assert gradient.flatten().tolist() == pytest.approx([0, 1.0])


@st.composite
def batches(draw: st.DrawFn) -> tuple[int, int, BatchItems]:
    """Draw numbers of rows and columns and a batch: positives that may repeat, train items that may be all or none."""
    pairs = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=9))
    users, items = (torch.tensor(side) for side in zip(*pairs, strict=True))
    rows, columns = (torch.unique(side, return_inverse=True) for side in (users, items))
    known = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=16))
    train = torch.tensor(sorted({*known, *(pairs if draw(st.booleans()) else [])}), dtype=torch.int64).reshape(-1, 2)
    column_of = torch.full((5,), -1, dtype=torch.int32)
    column_of[columns[0]] = torch.arange(len(columns[0]), dtype=torch.int32)
    shared = draw(st.booleans())
    user = rows[0] if shared else users
    silent = Silent(user, row_pointer_of(train[:, 0], 4), train[:, 1].contiguous(), column_of)
    weights = st.lists(st.floats(0.1, 9.0), min_size=len(columns[0]), max_size=len(columns[0]))
    weight = torch.tensor(draw(weights), dtype=torch.float64).log()
    own = draw(st.sampled_from([torch.zeros_like(weight), weight, torch.full_like(weight, -math.inf)]))
    row = rows[1] if shared else None
    return len(user), len(weight), BatchItems(row, columns[1], weight, own, draw(st.sampled_from([silent, None])))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=60, deadline=None)
@given(
    drawn=batches(), spread=st.sampled_from([1.0, 0.84]), block=st.sampled_from([1, 7, 2**19]), seed=st.integers(0, 99)
)
def test_values_and_gradients_against_the_reference(
    form: str, dtype: torch.dtype, drawn: tuple[int, int, BatchItems], spread: float, block: int, seed: int
) -> None:
    rows, columns, batch = drawn
    random = torch.Generator().manual_seed(seed)
    vectors = [3 * torch.randn(size, 3, generator=random, dtype=dtype) for size in (rows, columns)]
    ours, theirs = ([vector.clone().requires_grad_() for vector in vectors] for _ in range(2))
    with use_form("batch_softmax", form), pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        loss = batch_softmax(ours[0], ours[1], batch, spread=spread)
    expected = batch_softmax_reference(theirs[0], theirs[1], batch, spread=spread)
    close = partial(torch.testing.assert_close, rtol=10 * TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])
    close(loss, expected)
    gradients = (torch.autograd.grad(2 * value, sides) for value, sides in ((loss, ours), (expected, theirs)))
    for one, other in zip(*gradients, strict=True):
        close(one, other)


def _large(rows: int, columns: int, width: int = 16) -> tuple[Tensor, Tensor, BatchItems]:
    random = torch.Generator().manual_seed(0)
    items = torch.randint(columns, (rows * 5,), generator=random)
    silent = Silent(torch.arange(rows), 5 * torch.arange(rows + 1), items, torch.arange(columns).int())
    count = torch.randint(1, 9, (columns,), generator=random).double()
    batch = BatchItems(
        torch.arange(rows).repeat(2), items.view(rows, 5)[:, :2].T.flatten(), count.log(), 0 * count, silent
    )
    return *(torch.randn(size, width, generator=random) for size in (rows, columns)), batch  # type: ignore[return-value]


@NEEDS_COMPILER
def test_bits_do_not_depend_on_threads() -> None:
    users, items, batch = _large(600, 1_500)
    users.requires_grad_()
    results, before = [], torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            loss = batch_softmax(users, items, batch)
            results.append((loss.detach(), *torch.autograd.grad(loss, users)))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


@NEEDS_COMPILER
def test_logits_are_in_memory_block_by_block(peak: Callable[[Callable[[], object]], int]) -> None:
    """All logits would be 16 MB; a block of them is 2."""
    users, items, batch = _large(2_000, 2_000, 4)
    users.requires_grad_()
    assert peak(lambda: batch_softmax(users, items, batch).backward()) < 4e6  # type: ignore[no-untyped-call]


def test_the_reference_has_the_right_gradient() -> None:
    torch.manual_seed(0)
    users, items = (torch.randn(size, 2, dtype=torch.float64, requires_grad=True) for size in (2, 3))
    silent = Silent(torch.arange(2), torch.tensor([0, 1, 2]), torch.tensor([2, 0]), torch.tensor([0, 1, 2]).int())
    weight = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).log()
    batch = BatchItems(torch.tensor([0, 1, 0]), torch.tensor([0, 1, 1]), weight, 0 * weight, silent)
    loss = partial(batch_softmax_reference, batch=batch, spread=0.7)
    assert torch.autograd.gradcheck(loss, (users, items))


@pytest.mark.parametrize("form", FORMS)
def test_products_in_bfloat16_are_near(form: str) -> None:
    users, items, batch = _large(80, 60)
    users, items = torch.nn.functional.normalize(users).div(0.12).requires_grad_(), torch.nn.functional.normalize(items)
    with use_form("batch_softmax", form):
        losses = [batch_softmax(users, items, batch, bfloat16=half) for half in (False, True)]
        exact, half = (torch.autograd.grad(loss, users)[0] for loss in losses)
    assert losses[1].dtype == half.dtype == torch.float32
    assert 0 < float((half - exact).norm() / exact.norm()) < 1e-2
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=1e-2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_stays_none(form: str, wrong: float) -> None:
    users, items = torch.ones(2, 1), torch.tensor([[1.0], [wrong], [2.0]])
    with use_form("batch_softmax", form):
        assert not batch_softmax(users, items, items_of([0, 2], [1.0] * 3, [1.0] * 3)).isfinite()


@NEEDS_COMPILER
def test_rows_are_shared_where_the_code_is_compiled() -> None:
    assert shares_rows(torch.ones(1, 1))
    assert not shares_rows(torch.ones(1, 1).bfloat16())
    with use_form("batch_softmax", "torch"):
        assert not shares_rows(torch.ones(1, 1))
