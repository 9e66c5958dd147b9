from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.adjacency import Adjacency
from ragx.kernels import forms
from ragx.kernels.forms import FORMS, form_of, has_scatter, use_form
from ragx.kernels.segment import (
    segment_max,
    segment_max_reference,
    segment_mean,
    segment_mean_reference,
    segment_spread,
    segment_sum,
    segment_sum_reference,
)

LOOSE: Any = {"fast_mode": True, "nondet_tol": 1e-12}  # the reference adds atomically on a GPU
gradcheck: Callable[..., bool] = partial(torch.autograd.gradcheck, **LOOSE)
gradgradcheck: Callable[..., bool] = partial(torch.autograd.gradgradcheck, **LOOSE)
GraphOf = Callable[[str, int], Adjacency]
Segment = Callable[[torch.Tensor, Adjacency], torch.Tensor]
KINDS = ["random", "no edges", "one node", "square"]
HEAVY = "one heavy node"
PAIRS = {
    "sum": (segment_sum, segment_sum_reference),
    "mean": (segment_mean, segment_mean_reference),
    "max": (segment_max, segment_max_reference),
}
TOLERANCE = {torch.float64: 1e-13, torch.float32: 1e-6, torch.bfloat16: 5e-3}  # of Σ|x|, or of its mean
NEEDS_SCATTER = pytest.mark.skipif(not has_scatter(), reason="torch-scatter is not installed")
CASES = [
    pytest.param(reduce, form, marks=NEEDS_SCATTER if form == "scatter" else ())
    for reduce in PAIRS
    for form in FORMS[f"segment_{reduce}"]
    if form != "reference"
]


def _with_form(reduce: str, form: str) -> AbstractContextManager[None]:
    return use_form(f"segment_{reduce}", form)


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


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("reduce", "form"), CASES)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from([*KINDS, HEAVY]), trailing=st.sampled_from([(), (1,), (2, 3)]))
@settings(max_examples=15, deadline=None)
def test_values_equal_the_reference(
    graph_of: GraphOf, reduce: str, form: str, dtype: torch.dtype, seed: int, kind: str, trailing: tuple[int, ...]
) -> None:
    graph, (fast, reference) = graph_of(kind, seed), PAIRS[reduce]
    value = torch.randn(graph.num_edges, *trailing, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    value = value.to(graph.source.device, dtype)

    with _with_form(reduce, form):
        result = fast(value, graph)

    exact = reference(value.double(), graph)
    size = 0 if reduce == "max" else reference(value.double().abs(), graph)  # a maximum is one of the values
    assert result.dtype == dtype
    assert bool(((result.double() - exact).abs() <= TOLERANCE[dtype] * size).all())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("reduce", "form"), CASES)
def test_first_and_second_derivatives(graph_of: GraphOf, reduce: str, form: str, kind: str) -> None:
    graph, (segment, _) = graph_of(kind, 7), PAIRS[reduce]
    value = torch.randn(graph.num_edges, 2, dtype=torch.float64, device=graph.source.device, requires_grad=True)
    with _with_form(reduce, form):
        assert gradcheck(lambda v: segment(v, graph) ** 2, (value,))
        assert gradgradcheck(lambda v: segment(v, graph) ** 2, (value,))


@pytest.mark.parametrize(("reduce", "form"), CASES)
def test_infinite_values_are_values(adjacency: Adjacency, reduce: str, form: str) -> None:
    value = torch.tensor([-torch.inf, -torch.inf, torch.inf])
    with _with_form(reduce, form):
        assert PAIRS[reduce][0](value, adjacency).tolist() == [-torch.inf, 0.0, torch.inf]


def test_without_torch_scatter_torch_s_own_form_stands_in(
    adjacency: Adjacency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(forms.FASTEST, "cpu", {"segment_max": "scatter", "segment_mean": "scatter"})
    monkeypatch.setattr(forms, "has_scatter", lambda: False)
    value = torch.tensor([1.0, 3.0, 5.0])
    assert form_of("segment_max", value.device) == form_of("segment_mean", value.device) == "torch"
    assert segment_max(value, adjacency).tolist() == [3.0, 0.0, 5.0]
    assert segment_mean(value, adjacency).tolist() == [2.0, 0.0, 5.0]
    message = "form of segment_max: scatter needs torch-scatter, which is not installed"
    with pytest.raises(ValueError, match=message), use_form("segment_max", "scatter"):
        pass
    monkeypatch.setattr(forms, "has_scatter", lambda: True)
    assert form_of("segment_max", value.device) == "scatter"


@pytest.mark.parametrize(("reduce", "form"), CASES)
def test_only_a_few_numbers_an_edge_are_held(
    graph_of: GraphOf, peak: Callable[[Callable[[], object]], int], reduce: str, form: str
) -> None:
    graph, segment = graph_of(HEAVY, 0), PAIRS[reduce][0]
    value = torch.randn(graph.num_edges, 4, device=graph.source.device, requires_grad=True)

    def step() -> None:
        result = segment(value, graph)
        torch.autograd.grad(result, value, torch.ones_like(result))

    with _with_form(reduce, form):
        assert peak(step) < (4 if reduce == "max" else 2) * 4 * value.numel()


def test_repeated_calls_make_no_index_anew(graph_of: GraphOf, peak: Callable[[Callable[[], object]], int]) -> None:
    graph = graph_of(HEAVY, 0)
    value = torch.randn(graph.num_edges, device=graph.source.device)
    anew = 8 if graph.source.device.type == "cuda" else 0  # torch's own, of the bag of every edge
    assert peak(lambda: segment_sum(value, graph)) < (anew + 4) * graph.num_edges
    assert graph.edge_number is graph.edge_number


def test_spread_has_a_segment_sum_as_gradient_and_back(graph_of: GraphOf) -> None:
    graph = graph_of("random", 8)
    value = torch.randn(graph.num_targets, 2, dtype=torch.float64, device=graph.source.device, requires_grad=True)
    assert gradcheck(lambda v: segment_spread(v, graph) ** 2, (value,))
    assert gradgradcheck(lambda v: segment_spread(v, graph) ** 2, (value,))


def test_edges_that_tie_share_the_gradient_of_the_maximum(adjacency: Adjacency) -> None:
    value = torch.tensor([2.0, 2.0, 1.0], requires_grad=True)
    segment_max(value, adjacency).backward(torch.tensor([1.0, 9.0, 3.0]))  # type: ignore[no-untyped-call]
    assert value.grad is not None and value.grad.tolist() == [0.5, 0.5, 3.0]


@pytest.mark.parametrize("form", ["torch", pytest.param("scatter", marks=NEEDS_SCATTER)])
def test_half_precision_sums_of_a_heavy_node_do_not_stall(graph_of: GraphOf, form: str) -> None:
    graph = graph_of(HEAVY, 0)
    ones = torch.ones(graph.num_edges, dtype=torch.bfloat16, device=graph.source.device)
    torch.testing.assert_close(segment_sum(ones, graph).double(), graph.degree.double(), rtol=2**-8, atol=0)
    with use_form("segment_mean", form):
        assert segment_mean(ones, graph).double().sub(1).abs().max() <= 2**-7


@pytest.mark.parametrize(("reduce", "form"), CASES)
def test_same_bits_each_time_and_with_any_number_of_threads(graph_of: GraphOf, reduce: str, form: str) -> None:
    graph, segment = graph_of(HEAVY, 0), PAIRS[reduce][0]
    value = torch.randn(graph.num_edges, 4, device=graph.source.device, requires_grad=True)
    threads = torch.get_num_threads()
    runs = []
    try:
        for count in (1, 2, 2, 4):
            torch.set_num_threads(count)
            with _with_form(reduce, form):
                result = segment(value, graph)
                runs.append((result, *torch.autograd.grad(result, value, torch.ones_like(result))))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for run in runs for a, b in zip(run, runs[0], strict=True))


@pytest.mark.parametrize("segment", [segment_sum, segment_mean, segment_max, segment_spread])
def test_values_that_do_not_fit_are_refused(adjacency: Adjacency, segment: Segment) -> None:
    with pytest.raises(ValueError, match=r"value: expected shape \[3, \.\.\.\], got \[4, 2\]"):
        segment(torch.zeros(4, 2), adjacency)
