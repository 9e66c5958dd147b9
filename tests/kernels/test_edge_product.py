from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.adjacency import Adjacency
from ragx.kernels.edge_product import edge_product, edge_product_reference
from ragx.kernels.forms import FORMS, use_form

LOOSE: Any = {"fast_mode": True, "nondet_tol": 1e-12}  # the reference adds atomically on a GPU
gradcheck: Callable[..., bool] = partial(torch.autograd.gradcheck, **LOOSE)
gradgradcheck: Callable[..., bool] = partial(torch.autograd.gradgradcheck, **LOOSE)
GraphOf = Callable[[str, int], Adjacency]
KINDS = ["random", "no edges", "one node", "square", "one heavy node"]
TOLERANCE = {torch.float64: 1e-14, torch.float32: 2e-6, torch.bfloat16: 5e-3}  # of Σ|q k|


def _ends(adjacency: Adjacency, heads: int, seed: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    extra = (heads,) if heads else ()
    query = torch.randn(adjacency.num_targets, *extra, 8, generator=generator, dtype=torch.float64)
    key = torch.randn(adjacency.num_sources, *extra, 8, generator=generator, dtype=torch.float64)
    device = adjacency.source.device
    return query.to(device, dtype).requires_grad_(), key.to(device, dtype).requires_grad_()


def _assert_near(actual: torch.Tensor, expected: torch.Tensor, size: torch.Tensor) -> None:
    assert bool(((actual.double() - expected).abs() <= TOLERANCE[actual.dtype] * size).all())


def test_values_worked_by_hand() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)
    query = torch.tensor([[1.0, 2.0], [5.0, 5.0], [0.0, 3.0]], requires_grad=True)
    key = torch.tensor([[1.0, 1.0], [2.0, -1.0]], requires_grad=True)

    score = edge_product(query, key, adjacency)
    score.backward(torch.tensor([1.0, 10.0, 100.0]))  # type: ignore[no-untyped-call]

    assert score.tolist() == [3.0, 0.0, -3.0]
    assert query.grad is not None and query.grad.tolist() == [[21.0, -9.0], [0.0, 0.0], [200.0, -100.0]]
    assert key.grad is not None and key.grad.tolist() == [[1.0, 2.0], [10.0, 320.0]]


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS), heads=st.sampled_from([0, 1, 3]))
@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=20, deadline=None)
def test_values_and_gradients_equal_the_reference(
    graph_of: GraphOf, dtype: torch.dtype, seed: int, kind: str, heads: int
) -> None:
    adjacency = graph_of(kind, seed)
    ends = _ends(adjacency, heads, seed, dtype)
    exact = [end.detach().double().requires_grad_() for end in ends]
    sizes = [end.detach().double().abs().requires_grad_() for end in ends]

    score = edge_product(*ends, adjacency)
    upstream = torch.randn_like(score)
    gradients = torch.autograd.grad(score, ends, upstream)

    expected = edge_product_reference(exact[0], exact[1], adjacency)
    size = edge_product_reference(sizes[0], sizes[1], adjacency)
    assert score.dtype == dtype
    _assert_near(score, expected, size)
    expected_gradients = torch.autograd.grad(expected, exact, upstream.double())
    gradient_sizes = torch.autograd.grad(size, sizes, upstream.double().abs())
    for gradient, wanted, scale in zip(gradients, expected_gradients, gradient_sizes, strict=True):
        _assert_near(gradient, wanted, scale)


@pytest.mark.parametrize("kind", KINDS[:4])
@pytest.mark.parametrize("heads", [0, 2])
@pytest.mark.parametrize("form", FORMS["edge_product"])
def test_first_and_second_derivatives(graph_of: GraphOf, form: str, heads: int, kind: str) -> None:
    adjacency = graph_of(kind, 4)
    ends = _ends(adjacency, heads, 4, torch.float64)
    with use_form("edge_product", form):
        assert gradcheck(lambda q, k: edge_product(q, k, adjacency), ends)
        assert gradgradcheck(lambda q, k: edge_product(q, k, adjacency), ends)


@pytest.mark.parametrize("heads", [0, 4])
def test_nothing_of_size_edges_times_width_is_held(
    graph_of: GraphOf, peak: Callable[[Callable[[], object]], int], heads: int
) -> None:
    adjacency = graph_of("one heavy node", 0)
    device, extra = adjacency.source.device, (heads, 16) if heads else (64,)
    query = torch.randn(adjacency.num_targets, *extra, device=device, requires_grad=True)
    key = torch.randn(adjacency.num_sources, *extra, device=device, requires_grad=True)

    def step() -> None:
        score = edge_product(query, key, adjacency)
        torch.autograd.grad(score, (query, key), torch.ones_like(score))

    message = 4 * adjacency.num_edges * 64  # bytes of one vector an edge
    assert 0 < peak(step) < message / 2
    with use_form("edge_product", "reference"):
        assert peak(step) > message  # the meter sees such a tensor


def test_same_bits_each_time_and_with_any_number_of_threads(graph_of: GraphOf) -> None:
    adjacency = graph_of("one heavy node", 0)
    query, key = _ends(adjacency, 2, 0, torch.float32)
    threads = torch.get_num_threads()
    runs = []
    try:
        for count in (1, 2, 2, 4):
            torch.set_num_threads(count)
            score = edge_product(query, key, adjacency)
            runs.append((score, *torch.autograd.grad(score, (query, key), torch.ones_like(score))))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for run in runs for a, b in zip(run, runs[0], strict=True))


@pytest.mark.parametrize(
    ("query", "key", "message"),
    [
        (torch.zeros(1, 2), torch.zeros(3, 2), r"key: expected shape \[2, D\] or \[2, H, D\], got \[3, 2\]"),
        (torch.zeros(2, 2), torch.zeros(2, 2), r"query: expected shape \[1, 2\] to fit key, got \[2, 2\]"),
        (torch.zeros(1, 2).double(), torch.zeros(2, 2), "query and key: expected one dtype, got torch.float64 and"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(query: torch.Tensor, key: torch.Tensor, message: str) -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1]), torch.tensor([0, 0]), 2, 1)
    with pytest.raises(ValueError, match=message):
        edge_product(query, key, adjacency)
