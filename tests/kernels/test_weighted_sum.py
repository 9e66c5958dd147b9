from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.adjacency import Adjacency
from ragx.kernels.forms import FORMS, use_form
from ragx.kernels.weighted_sum import product, weighted_sum, weighted_sum_reference

LOOSE: Any = {"fast_mode": True, "nondet_tol": 1e-12}  # the reference adds atomically on a GPU
gradcheck: Callable[..., bool] = partial(torch.autograd.gradcheck, **LOOSE)
gradgradcheck: Callable[..., bool] = partial(torch.autograd.gradgradcheck, **LOOSE)
GraphOf = Callable[[str, int], Adjacency]
KINDS = ["random", "no edges", "one node", "square"]
HEAVY = "one heavy node"
TOLERANCE = {torch.float64: 1e-13, torch.float32: 2e-6, torch.bfloat16: 5e-3}  # of Σ|w x|
# Half precision: torch has no compressed product, and the plain form rounds after every addition.
CASES = [(form, dtype) for form in FORMS["weighted_sum"] for dtype in TOLERANCE if dtype.itemsize > 2]
CASES.append(("embedding_bag", torch.bfloat16))


def _inputs(adjacency: Adjacency, heads: int, seed: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    extra = (heads,) if heads else ()
    x = torch.randn(adjacency.num_sources, *extra, 8, generator=generator, dtype=torch.float64)
    weight = torch.randn(adjacency.num_edges, *extra, generator=generator, dtype=torch.float64)
    device = adjacency.source.device
    return x.to(device, dtype).requires_grad_(), weight.to(device, dtype).requires_grad_()


def _assert_near(actual: torch.Tensor, expected: torch.Tensor, scale: torch.Tensor) -> None:
    assert bool(((actual.double() - expected).abs() <= TOLERANCE[actual.dtype] * scale).all())


def test_values_worked_by_hand() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    weight = torch.tensor([10.0, 1.0, 0.5], requires_grad=True)

    total = weighted_sum(x, weight, adjacency)
    total.backward(torch.tensor([[1.0, 1.0], [9.0, 9.0], [0.0, 2.0]]))  # type: ignore[no-untyped-call]

    assert total.tolist() == [[13.0, 24.0], [0.0, 0.0], [1.5, 2.0]]
    assert x.grad is not None and x.grad.tolist() == [[10.0, 10.0], [1.0, 2.0]]
    assert weight.grad is not None and weight.grad.tolist() == [3.0, 7.0, 8.0]


@given(seed=st.integers(0, 10_000), kind=st.sampled_from([*KINDS, HEAVY]), heads=st.sampled_from([0, 1, 3]))
@pytest.mark.parametrize(("form", "dtype"), CASES)
@settings(max_examples=15, deadline=None)
def test_values_and_gradients_equal_the_reference(
    graph_of: GraphOf, form: str, dtype: torch.dtype, seed: int, kind: str, heads: int
) -> None:
    adjacency = graph_of(kind, seed)
    x, weight = _inputs(adjacency, heads, seed, dtype)
    exact_x, exact_weight = x.detach().double().requires_grad_(), weight.detach().double().requires_grad_()

    with use_form("weighted_sum", form):
        total = weighted_sum(x, weight, adjacency)
        upstream = torch.randn_like(total)
        gradients = torch.autograd.grad(total, (x, weight), upstream)

    expected = weighted_sum_reference(exact_x, exact_weight, adjacency)
    expected_gradients = torch.autograd.grad(expected, (exact_x, exact_weight), upstream.double())
    size = weighted_sum_reference(exact_x.abs(), exact_weight.abs(), adjacency)
    sizes = torch.autograd.grad(size, (exact_x, exact_weight), upstream.double().abs())
    _assert_near(total, expected, size)
    for gradient, exact, scale in zip(gradients, expected_gradients, sizes, strict=True):
        _assert_near(gradient, exact, scale.abs())


@pytest.mark.parametrize("heads", [(), (3,)])
@pytest.mark.parametrize("form", FORMS["weighted_sum"])
def test_no_weight_stands_for_ones_and_one_weight_serves_all_heads(
    graph_of: GraphOf, form: str, heads: tuple[int, ...]
) -> None:
    adjacency = graph_of("random", 3)
    device = adjacency.source.device
    x = torch.randn(adjacency.num_sources, *heads, 4, dtype=torch.float64, device=device, requires_grad=True)
    weight = torch.ones(adjacency.num_edges, dtype=torch.float64, device=device)
    with use_form("weighted_sum", form):
        torch.testing.assert_close(weighted_sum(x, None, adjacency), weighted_sum_reference(x, weight, adjacency))
        assert gradcheck(lambda y: weighted_sum(y, None, adjacency), (x,))
        inputs = (x, weight.requires_grad_())
        assert gradcheck(lambda y, w: weighted_sum(y, w, adjacency), inputs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("heads", [0, 2])
@pytest.mark.parametrize("form", FORMS["weighted_sum"])
def test_first_and_second_derivatives(graph_of: GraphOf, form: str, heads: int, kind: str) -> None:
    adjacency = graph_of(kind, 2)
    inputs = _inputs(adjacency, heads, 2, torch.float64)
    with use_form("weighted_sum", form):
        assert gradcheck(lambda x, w: weighted_sum(x, w, adjacency), inputs)
        assert gradgradcheck(lambda x, w: weighted_sum(x, w, adjacency), inputs)


def test_transposed_weight_gives_the_same_gradients_of_both_orders(graph_of: GraphOf) -> None:
    adjacency = graph_of("random", 1)
    x, weight = _inputs(adjacency, 2, 1, torch.float64)
    weight = weight.detach()
    transposed = weight[adjacency.permutation]
    upstream = torch.randn_like(weighted_sum(x, weight, adjacency))

    (plain,) = torch.autograd.grad(weighted_sum(x, weight, adjacency), x, upstream)
    (kept,) = torch.autograd.grad(weighted_sum(x, weight, adjacency, transposed_weight=transposed), x, upstream)

    assert torch.equal(plain, kept)
    assert gradgradcheck(lambda y: weighted_sum(y, weight, adjacency, transposed_weight=transposed) ** 2, (x,))


@pytest.mark.parametrize("heads", [0, 4])
def test_nothing_of_size_edges_times_width_is_held(
    graph_of: GraphOf, peak: Callable[[Callable[[], object]], int], heads: int
) -> None:
    adjacency = graph_of(HEAVY, 0)
    device = adjacency.source.device
    shape = (adjacency.num_sources, heads, 16) if heads else (adjacency.num_sources, 64)
    x = torch.randn(shape, device=device, requires_grad=True)
    weight = torch.rand(adjacency.num_edges, *shape[1:-1], device=device, requires_grad=True)

    def step() -> None:
        total = weighted_sum(x, weight, adjacency)
        torch.autograd.grad(total, (x, weight), torch.ones_like(total))

    message = 4 * adjacency.num_edges * 64  # bytes of one message an edge
    assert 0 < peak(step) < message / 2
    with use_form("weighted_sum", "reference"), use_form("edge_product", "reference"):
        assert peak(step) > message  # the meter sees such a tensor


def test_same_bits_each_time_and_with_any_number_of_threads(graph_of: GraphOf) -> None:
    adjacency = graph_of("one heavy node", 0)
    x, weight = _inputs(adjacency, 2, 0, torch.float32)
    threads = torch.get_num_threads()
    runs = []
    try:
        for count in (1, 2, 2, 4):
            torch.set_num_threads(count)
            total = weighted_sum(x, weight, adjacency)
            runs.append((total, *torch.autograd.grad(total, (x, weight), torch.ones_like(total))))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for run in runs for a, b in zip(run, runs[0], strict=True))


def test_strided_and_expanded_inputs(graph_of: GraphOf) -> None:
    adjacency = graph_of("random", 5)
    x = torch.randn(6, adjacency.num_sources).to(adjacency.source.device).t()
    weight = torch.rand(1).to(x.device).expand(adjacency.num_edges)
    for form in FORMS["weighted_sum"]:
        with use_form("weighted_sum", form):
            torch.testing.assert_close(product(x, weight, adjacency), weighted_sum_reference(x, weight, adjacency))


@pytest.mark.parametrize(
    ("x", "weight", "message"),
    [
        (torch.zeros(3, 2), torch.zeros(2), r"x: expected shape \[2, D\] or \[2, H, D\], got \[3, 2\]"),
        (torch.zeros(2), torch.zeros(2), r"x: expected shape \[2, D\] or \[2, H, D\], got \[2\]"),
        (
            torch.zeros(2, 2),
            torch.zeros(4),
            r"weight: expected shape \[2\], one weight an edge \(and head\), got \[4\]",
        ),
        (torch.zeros(2, 3, 2), torch.zeros(2, 2), r"weight: expected shape \[2, 3\].*got \[2, 2\]"),
        (
            torch.zeros(2, 2),
            torch.zeros(2).double(),
            r"weight: expected the dtype of x, torch.float32, got torch.float64",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused(x: torch.Tensor, weight: torch.Tensor, message: str) -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1]), torch.tensor([0, 0]), 2, 1)
    with pytest.raises(ValueError, match=message):
        weighted_sum(x, weight, adjacency)


def test_transposed_weight_of_a_learnt_weight_is_refused(graph_of: GraphOf) -> None:
    adjacency = graph_of("square", 0)
    x, weight = _inputs(adjacency, 0, 0, torch.float32)
    with pytest.raises(ValueError, match="transposed_weight: expected only beside a constant weight"):
        weighted_sum(x, weight, adjacency, transposed_weight=weight)


def test_the_compressed_form_in_half_precision_is_refused_on_a_cpu() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1]), torch.tensor([0, 0]), 2, 1)
    x, weight = torch.ones(2, 3, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)
    message = "form csr of weighted_sum: expected float32 or float64 on a CPU, got torch.bfloat16.*form embedding_bag"
    with use_form("weighted_sum", "csr"), pytest.raises(ValueError, match=message):
        weighted_sum(x, weight, adjacency)
