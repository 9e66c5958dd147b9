from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows
from ragx.kernels.forms import FORMS, use_form
from ragx.kernels.linear_propagation import linear_propagation, linear_propagation_reference
from ragx.kernels.native import has_compiler

GraphOf = Callable[[str, int], Adjacency]


KINDS = ["square", "one node", "square without edges", "square with a heavy node"]
TOLERANCE = {torch.float64: 1e-13, torch.float32: 5e-6, torch.bfloat16: 2e-2}  # of Σ_k |c_k| |A|ᵏ |x|
# Half precision: torch has no compressed product, and the plain form rounds after every addition.
CASES = [(form, dtype) for form in FORMS["weighted_sum"] for dtype in TOLERANCE if dtype.itemsize > 2]
CASES.append(("embedding_bag", torch.bfloat16))


def _inputs(adjacency: Adjacency, seed: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator, device = torch.Generator().manual_seed(seed), adjacency.source.device
    x = torch.randn(adjacency.num_sources, 3, generator=generator, dtype=torch.float64)
    weight = torch.randn(adjacency.num_edges, generator=generator, dtype=torch.float64)
    return x.to(device, dtype).requires_grad_(), weight.to(device, dtype)


def _assert_near(actual: torch.Tensor, expected: torch.Tensor, size: torch.Tensor) -> None:
    assert bool(((actual.double() - expected).abs() <= TOLERANCE[actual.dtype] * size).all())


def test_values_worked_by_hand() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([1, 0]), torch.tensor([0, 1]), 2, 2)
    x = torch.tensor([[1.0], [10.0]], requires_grad=True)
    weight = torch.tensor([2.0, 3.0])  # A = [[0, 2], [3, 0]], A² = 6 I

    y = linear_propagation(x, weight, adjacency, [1.0, 0.5, 2.0])
    y.backward(torch.tensor([[1.0], [0.0]]))  # type: ignore[no-untyped-call]

    assert y.tolist() == [[1.0 + 10.0 + 12.0], [10.0 + 1.5 + 120.0]]
    assert x.grad is not None and x.grad.tolist() == [[13.0], [1.0]]


@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(KINDS),
    coefficients=st.lists(st.sampled_from([0.0, 1.0, -0.5, 0.25]), min_size=1, max_size=5),
)
@pytest.mark.parametrize(("form", "dtype"), CASES)
@settings(max_examples=20, deadline=None)
def test_values_and_gradients_equal_the_reference_and_dense_powers(
    graph_of: GraphOf, form: str, dtype: torch.dtype, seed: int, kind: str, coefficients: list[float]
) -> None:
    adjacency = graph_of(kind, seed)
    x, weight = _inputs(adjacency, seed, dtype)
    dense = compressed_rows(adjacency, weight.double()).to_dense()
    powers = [torch.linalg.matrix_power(dense, power) for power in range(len(coefficients))]
    polynomial = torch.stack([c * power for c, power in zip(coefficients, powers, strict=True)]).sum(0)

    with use_form("weighted_sum", form):
        y = linear_propagation(x, weight, adjacency, coefficients)
        (gradient,) = torch.autograd.grad(y, x, torch.ones_like(y))

    exact, ones = x.detach().double(), torch.ones_like(y, dtype=torch.float64)
    expected = linear_propagation_reference(exact, weight.double(), adjacency, coefficients)
    plenty = [abs(factor) for factor in coefficients]
    size = linear_propagation_reference(exact.abs(), weight.double().abs(), adjacency, plenty)
    turned = weight.double().abs()[adjacency.permutation]
    gradient_size = linear_propagation_reference(ones, turned, adjacency.transposed, plenty)
    assert y.dtype == dtype
    _assert_near(y, expected, size)
    _assert_near(y, polynomial @ exact, size)
    _assert_near(gradient, polynomial.T @ ones, gradient_size)


@pytest.mark.parametrize("nodes", [None, [0, 7, 3]])
@pytest.mark.parametrize("keep", [False, True])
def test_first_and_second_derivatives(graph_of: GraphOf, keep: bool, nodes: list[int] | None) -> None:
    adjacency = graph_of("square", 0)
    x, weight = _inputs(adjacency, 0)
    transposed = weight[adjacency.permutation] if keep else None
    asked = None if nodes is None else torch.tensor(nodes, device=x.device)

    def propagate(y: torch.Tensor) -> torch.Tensor:
        factors = 0.5, 0.0, 1.0
        return linear_propagation(y, weight, adjacency, factors, transposed_weight=transposed, nodes=asked) ** 2

    assert torch.autograd.gradcheck(propagate, (x,))
    assert torch.autograd.gradgradcheck(propagate, (x,), fast_mode=True)


@given(data=st.data(), seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
@pytest.mark.parametrize(("form", "dtype"), CASES)
@settings(max_examples=15, deadline=None)
def test_some_nodes_have_the_bits_of_all_and_give_their_gradient(
    graph_of: GraphOf, form: str, dtype: torch.dtype, data: st.DataObject, seed: int, kind: str
) -> None:
    adjacency = graph_of(kind, seed)
    x, weight = _inputs(adjacency, seed, dtype)
    chosen = data.draw(st.lists(st.integers(0, adjacency.num_targets - 1), unique=True, max_size=40))
    coefficients = data.draw(st.sampled_from([[0.25] * 4, [0.5, 0.5], [0.0, 0.0, 1.0], [2.0], [1.0, -3.0, 0.0]]))
    nodes = torch.tensor(chosen, dtype=torch.int64, device=x.device)

    with use_form("weighted_sum", form):
        some = linear_propagation(x, weight, adjacency, coefficients, nodes=nodes)
        whole = linear_propagation(x, weight, adjacency, coefficients)
        upstream = torch.randn_like(some)
        (mine,) = torch.autograd.grad(some, x, upstream)
        (theirs,) = torch.autograd.grad(whole, x, torch.zeros_like(whole).index_copy(0, nodes, upstream))

    assert torch.equal(some, whole[nodes])
    assert torch.equal(mine, theirs)


def test_threads_change_no_bits_of_some_nodes(graph_of: GraphOf) -> None:
    adjacency = graph_of("square with a heavy node", 3)
    x, weight = _inputs(adjacency, 3, torch.float32)
    nodes, before, results = torch.arange(0, adjacency.num_targets, 3, device=x.device), torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            y = linear_propagation(x, weight, adjacency, [0.25] * 4, nodes=nodes)
            results.append((y, *torch.autograd.grad(y, x, torch.ones_like(y))))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([0, 12], r"nodes: expected one row of int64 numbers from 0 to 11, got \[2\] of torch.int64 from 0 to 12"),
        ([-1], "from -1 to -1"),
        ([3, 4, 3], "nodes: expected each node once, got 2 in 3 rows"),
        ([[3, 4]], r"got \[1, 2\] of torch.int64"),
    ],
)
def test_nodes_that_are_not_there_or_repeat_are_refused(graph_of: GraphOf, nodes: list[int], message: str) -> None:
    adjacency = graph_of("square", 0)
    x, weight = _inputs(adjacency, 0)
    with pytest.raises(ValueError, match=message):
        linear_propagation(x, weight, adjacency, [1.0, 1.0], nodes=torch.tensor(nodes, device=x.device))


def test_input_is_not_written_over(graph_of: GraphOf) -> None:
    adjacency = graph_of("square", 1)
    x, weight = _inputs(adjacency, 1)
    before = x.detach().clone()
    linear_propagation(x, weight, adjacency, [1.0])
    linear_propagation(x, weight, adjacency, [1.0, 1.0, 1.0])
    assert torch.equal(x, before)


def test_no_layer_is_kept_for_the_backward_pass(graph_of: GraphOf) -> None:
    adjacency = graph_of("square", 2)
    x, weight = _inputs(adjacency, 2)
    saved: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        linear_propagation(x, weight, adjacency, [1.0] * 4)
    assert [tensor.shape for tensor in saved] == [weight.shape]


def test_neither_messages_nor_layers_are_held(graph_of: GraphOf, peak: Callable[[Callable[[], object]], int]) -> None:
    adjacency = graph_of("square with a heavy node", 0)
    device, depth = adjacency.source.device, 8
    x = torch.randn(adjacency.num_sources, 64, device=device, requires_grad=True)
    weight = torch.rand(adjacency.num_edges, device=device)
    transposed = weight[adjacency.permutation]

    def step() -> None:
        y = linear_propagation(x, weight, adjacency, [1.0] * depth, transposed_weight=transposed)
        torch.autograd.grad(y, x, torch.ones_like(y))

    vectors, message = 4 * x.numel(), 4 * adjacency.num_edges * 64
    index = 16 * adjacency.num_edges if device.type == "cuda" else 0  # torch's own, of the bag of every edge
    assert peak(step) < 5 * vectors + index < message / 2
    with use_form("weighted_sum", "reference"):
        assert peak(step) > message  # the meter sees such a tensor


def test_some_nodes_of_one_layer_cost_no_memory_for_the_others(
    graph_of: GraphOf, peak: Callable[[Callable[[], object]], int]
) -> None:
    adjacency = graph_of("square with a heavy node", 0)
    if adjacency.source.device.type != "cpu" or not has_compiler():
        pytest.skip("other forms make the whole")
    x, nodes = torch.randn(adjacency.num_sources, 64), torch.arange(5)
    weight = torch.rand(adjacency.num_edges)
    assert peak(lambda: linear_propagation(x, weight, adjacency, [0.5, 0.5], nodes=nodes)) < x.numel()


def test_learnt_weight_is_refused_unless_no_gradient_is_kept(graph_of: GraphOf) -> None:
    adjacency = graph_of("square", 0)
    x, weight = _inputs(adjacency, 0)
    weight.requires_grad_()
    with pytest.raises(ValueError, match=r"weight: expected a constant.*call weighted_sum once a layer"):
        linear_propagation(x, weight, adjacency, [1.0, 1.0])
    with torch.no_grad():
        assert linear_propagation(x, weight, adjacency, [1.0, 1.0]).shape == x.shape


@pytest.mark.parametrize(
    ("targets", "width", "edges", "coefficients", "message"),
    [
        (3, (2, 4), 2, [1.0], "adjacency: expected as many sources as targets, got 2 and 3"),
        (2, (3, 4), 2, [1.0], r"x and weight: expected shapes \[2, D\] and \[2\], got \[3, 4\] and \[2\]"),
        (2, (2, 4), 5, [1.0], r"x and weight: expected shapes \[2, D\] and \[2\], got \[2, 4\] and \[5\]"),
        (2, (2, 4), 2, [], "coefficients: expected at least one factor, got none"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    targets: int, width: tuple[int, ...], edges: int, coefficients: list[float], message: str
) -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1]), torch.tensor([0, 1]), 2, targets)
    with pytest.raises(ValueError, match=message):
        linear_propagation(torch.zeros(width), torch.zeros(edges), adjacency, coefficients)


def test_transposed_weight_of_another_shape_is_refused(graph_of: GraphOf) -> None:
    adjacency = graph_of("square", 0)
    x, weight = _inputs(adjacency, 0)
    with pytest.raises(ValueError, match=r"transposed_weight: expected the shape of weight, \[60\]"):
        linear_propagation(x, weight, adjacency, [1.0], transposed_weight=weight[1:])


def test_weight_of_another_dtype_is_refused(graph_of: GraphOf) -> None:
    adjacency = graph_of("square", 0)
    x, weight = _inputs(adjacency, 0)
    with pytest.raises(ValueError, match=r"weight: expected the dtype of x, torch.float64, got torch.float32"):
        linear_propagation(x, weight.float(), adjacency, [1.0])
