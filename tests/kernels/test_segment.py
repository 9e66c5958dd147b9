from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.adjacency import Adjacency
from ragx.kernels.segment import (
    segment_max,
    segment_max_reference,
    segment_mean,
    segment_mean_reference,
    segment_spread,
    segment_sum,
    segment_sum_reference,
)

GraphOf = Callable[[str, int], Adjacency]
Segment = Callable[[torch.Tensor, Adjacency], torch.Tensor]
KINDS = ["random", "no edges", "one node", "square"]
PAIRS = [
    (segment_sum, segment_sum_reference),
    (segment_mean, segment_mean_reference),
    (segment_max, segment_max_reference),
]


@pytest.fixture
def adjacency() -> Adjacency:
    """Return three edges: two into target 0, none into target 1, one into target 2."""
    return Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)[0]


def test_values_worked_by_hand(adjacency: Adjacency) -> None:
    value = torch.tensor([[-1.0, 2.0], [-3.0, 6.0], [-5.0, 7.0]])
    assert segment_sum(value, adjacency).tolist() == [[-4.0, 8.0], [0.0, 0.0], [-5.0, 7.0]]
    assert segment_mean(value, adjacency).tolist() == [[-2.0, 4.0], [0.0, 0.0], [-5.0, 7.0]]
    assert segment_max(value, adjacency).tolist() == [[-1.0, 6.0], [0.0, 0.0], [-5.0, 7.0]]
    assert segment_spread(torch.tensor([4.0, 5.0, 6.0]), adjacency).tolist() == [4.0, 4.0, 6.0]


@pytest.mark.parametrize(("fast", "reference"), PAIRS)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS), trailing=st.sampled_from([(), (1,), (2, 3)]))
@settings(max_examples=15, deadline=None)
def test_values_equal_the_reference(
    graph_of: GraphOf, fast: Segment, reference: Segment, seed: int, kind: str, trailing: tuple[int, ...]
) -> None:
    graph = graph_of(kind, seed)
    value = torch.randn(graph.num_edges, *trailing, generator=torch.Generator().manual_seed(seed))
    exact = reference(value.double(), graph)
    torch.testing.assert_close(fast(value, graph).double(), exact, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(fast(value.double(), graph), exact, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("segment", [segment_sum, segment_mean, segment_max])
def test_first_and_second_derivatives(graph_of: GraphOf, segment: Segment, kind: str) -> None:
    graph = graph_of(kind, 7)
    value = torch.randn(graph.num_edges, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: segment(v, graph) ** 2, (value,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda v: segment(v, graph) ** 2, (value,), fast_mode=True)


def test_spread_has_a_segment_sum_as_gradient_and_back(graph_of: GraphOf) -> None:
    graph = graph_of("random", 8)
    value = torch.randn(graph.num_targets, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: segment_spread(v, graph) ** 2, (value,))
    assert torch.autograd.gradgradcheck(lambda v: segment_spread(v, graph) ** 2, (value,))


def test_edges_that_tie_share_the_gradient_of_the_maximum(adjacency: Adjacency) -> None:
    value = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
    segment_max(value, adjacency).backward(torch.tensor([1.0, 9.0, 3.0]))  # type: ignore[no-untyped-call]
    assert value.grad is not None and value.grad.tolist() == [0.5, 0.5, 3.0]


def test_half_precision_sums_of_a_heavy_node_do_not_stall(graph_of: GraphOf) -> None:
    graph = graph_of("one heavy node", 0)
    ones = torch.ones(graph.num_edges, dtype=torch.bfloat16)
    degree = graph.row_pointer.diff().double()
    torch.testing.assert_close(segment_sum(ones, graph).double(), degree, rtol=2**-8, atol=0)
    assert segment_mean(ones, graph).double().sub(1).abs().max() <= 2**-7


@pytest.mark.parametrize("segment", [segment_sum, segment_mean, segment_max])
def test_same_bits_each_time_and_with_any_number_of_threads(graph_of: GraphOf, segment: Segment) -> None:
    graph = graph_of("one heavy node", 0)
    value = torch.randn(graph.num_edges, 4, requires_grad=True)
    threads = torch.get_num_threads()
    runs = []
    try:
        for count in (1, 2, 2, 4):
            torch.set_num_threads(count)
            result = segment(value, graph)
            runs.append((result, *torch.autograd.grad(result, value, torch.ones_like(result))))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for run in runs for a, b in zip(run, runs[0], strict=True))


@pytest.mark.parametrize("segment", [segment_sum, segment_mean, segment_max, segment_spread])
def test_values_that_do_not_fit_are_refused(adjacency: Adjacency, segment: Segment) -> None:
    with pytest.raises(ValueError, match=r"value: expected shape \[3, \.\.\.\], got \[4, 2\]"):
        segment(torch.zeros(4, 2), adjacency)
