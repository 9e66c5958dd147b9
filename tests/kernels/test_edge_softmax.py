from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.utils import softmax

from ragx.graph.adjacency import Adjacency
from ragx.kernels.edge_softmax import edge_softmax, edge_softmax_reference
from ragx.kernels.forms import has_scatter, use_form

NEEDS_SCATTER = pytest.mark.skipif(not has_scatter(), reason="torch-scatter is not installed")
GraphOf = Callable[[str, int], Adjacency]
KINDS = ["random", "no edges", "one node", "square", "one heavy node"]
TOLERANCE = {torch.float64: 1e-13, torch.float32: 1e-5, torch.bfloat16: 1e-2}  # of the weight itself


def _score(adjacency: Adjacency, heads: int, seed: int, dtype: torch.dtype) -> torch.Tensor:
    extra = (heads,) if heads else ()
    generator = torch.Generator().manual_seed(seed)
    score = torch.randn(adjacency.num_edges, *extra, generator=generator, dtype=torch.float64)
    return score.to(adjacency.source.device, dtype)


def test_values_worked_by_hand() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)
    score = torch.tensor([3.0, 1.0, 1.0]).log()
    torch.testing.assert_close(edge_softmax(score, adjacency), torch.tensor([0.75, 0.25, 1.0]))


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS), heads=st.sampled_from([0, 1, 3]))
@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=15, deadline=None)
def test_values_equal_the_reference_and_pyg(
    graph_of: GraphOf, dtype: torch.dtype, seed: int, kind: str, heads: int
) -> None:
    adjacency = graph_of(kind, seed)
    score = _score(adjacency, heads, seed, dtype)

    weight = edge_softmax(score, adjacency)

    exact = edge_softmax_reference(score.double(), adjacency)
    pyg = softmax(score.double(), index=adjacency.target, num_nodes=adjacency.num_targets)
    assert weight.dtype == dtype
    torch.testing.assert_close(weight.double(), exact, rtol=TOLERANCE[dtype], atol=0)
    torch.testing.assert_close(exact, pyg, rtol=1e-12, atol=1e-12)


def test_large_scores_do_not_overflow() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 2]), torch.tensor([0, 0, 0]), 3, 1)
    for shift in (3e38, -3e38, 1e4):
        torch.testing.assert_close(
            edge_softmax(torch.full((3,), shift), adjacency), torch.full((3,), 1 / 3), rtol=1e-6, atol=0
        )
    weight = edge_softmax(torch.tensor([0.0, -torch.inf, 0.0]), adjacency)
    assert weight.tolist() == [0.5, 0.0, 0.5]


@pytest.mark.parametrize("form", ["torch", pytest.param("scatter", marks=NEEDS_SCATTER)])
def test_targets_whose_scores_are_all_minus_infinity_have_weights_of_zero(form: str) -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 2, 0]), torch.tensor([0, 0, 1, 1]), 3, 2)
    score = torch.tensor([-torch.inf, -torch.inf, 0.0, -torch.inf], requires_grad=True)
    with use_form("segment_max", form):
        weight = edge_softmax(score, adjacency)
        (gradient,) = torch.autograd.grad((weight * torch.arange(1.0, 5.0)).sum(), score)
    assert weight.tolist() == edge_softmax_reference(score, adjacency).tolist() == [0, 0, 1, 0]
    assert gradient.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("heads", [1, 4])
def test_only_a_few_numbers_an_edge_and_head_are_held(
    graph_of: GraphOf, peak: Callable[[Callable[[], object]], int], heads: int
) -> None:
    adjacency = graph_of("one heavy node", 0)
    score = _score(adjacency, heads, 0, torch.float32).requires_grad_()

    def step() -> None:
        weight = edge_softmax(score, adjacency)
        torch.autograd.grad(weight, score, torch.ones_like(weight))

    assert peak(step) < 7 * 4 * (adjacency.num_edges + adjacency.num_targets) * heads


@pytest.mark.parametrize("kind", KINDS[:4])
@pytest.mark.parametrize("heads", [0, 2])
def test_first_and_second_derivatives(graph_of: GraphOf, heads: int, kind: str) -> None:
    adjacency = graph_of(kind, 6)
    score = _score(adjacency, heads, 6, torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: edge_softmax(s, adjacency), (score,), fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda s: edge_softmax(s, adjacency), (score,), fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradient_of_a_heavy_node(graph_of: GraphOf, dtype: torch.dtype) -> None:
    adjacency = graph_of("one heavy node", 0)
    score = _score(adjacency, 2, 0, dtype).requires_grad_()
    exact = score.detach().double().requires_grad_()
    upstream = torch.randn_like(score)

    (gradient,) = torch.autograd.grad(edge_softmax(score, adjacency), score, upstream)

    (expected,) = torch.autograd.grad(edge_softmax_reference(exact, adjacency), exact, upstream.double())
    torch.testing.assert_close(gradient.double(), expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * 1e-2)


def test_scores_that_do_not_fit_are_refused() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1]), torch.tensor([0, 0]), 2, 1)
    with pytest.raises(ValueError, match=r"score: expected shape \[2, \.\.\.\], got \[3\]"):
        edge_softmax(torch.zeros(3), adjacency)
