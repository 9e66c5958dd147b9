from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ragx.graph.adjacency import Adjacency
from ragx.kernels.edge_attention import edge_attention, edge_attention_reference
from ragx.kernels.forms import FORMS, use_form
from ragx.kernels.native import has_compiler

LOOSE: Any = {"fast_mode": True, "nondet_tol": 1e-12}  # the reference adds atomically on a GPU
gradcheck: Callable[..., bool] = partial(torch.autograd.gradcheck, **LOOSE)
gradgradcheck: Callable[..., bool] = partial(torch.autograd.gradgradcheck, **LOOSE)
GraphOf = Callable[[str, int], Adjacency]
Made = Callable[[torch.Tensor], list[torch.Tensor]]
Inputs = tuple[list[torch.Tensor], dict[str, torch.Tensor]]
KINDS = ["random", "no edges", "one node", "square", "one heavy node"]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5, torch.bfloat16: 4e-2}
NEEDS_COMPILER = pytest.mark.skipif(not has_compiler(), reason="there is no C compiler")


def _inputs(
    adjacency: Adjacency, heads: int, size: int, seed: int, dtype: torch.dtype, extra: str = "none", spread: float = 1
) -> Inputs:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(adjacency.source.device, dtype)

    rows = (adjacency.num_targets, adjacency.num_sources, adjacency.num_sources)
    vectors = [(spread * draw(number, heads, size)).requires_grad_() for number in rows]
    given: dict[str, torch.Tensor] = {}
    if "prior" in extra:
        prior = draw(adjacency.num_edges)
        given["prior"] = torch.where(prior < -0.8, -torch.inf, prior)
    if "factor" in extra:
        given["factor"] = draw(adjacency.num_edges, *([heads] if "heads" in extra else []))
    return vectors, given


def _attend(call: Callable[..., torch.Tensor], adjacency: Adjacency, inputs: Inputs) -> torch.Tensor:
    return call(*inputs[0], adjacency, scale=0.7, **inputs[1])


def _exact(inputs: Inputs) -> Inputs:
    vectors, given = inputs
    return [vector.detach().double().requires_grad_() for vector in vectors], {n: g.double() for n, g in given.items()}


def test_values_worked_by_hand() -> None:
    """Target 0 hears sources 0 and 1 with chances 1/4 and 3/4; target 1 nobody; target 2 source 1 alone."""
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)
    query, key = torch.ones(3, 1, 1), torch.tensor([1.0, 3.0]).log().view(2, 1, 1)
    value = torch.tensor([8.0, 4.0]).view(2, 1, 1)
    call = partial(edge_attention, query, key, value, adjacency)
    torch.testing.assert_close(call().flatten(), torch.tensor([5.0, 0.0, 4.0]))
    factor = torch.tensor([2.0, 1.0, 10.0])
    torch.testing.assert_close(call(factor=factor).flatten(), torch.tensor([7.0, 0.0, 40.0]))
    prior = torch.tensor([3.0, 1.0, 1.0]).log()
    torch.testing.assert_close(call(prior=prior).flatten(), torch.tensor([6.0, 0.0, 4.0]))
    torch.testing.assert_close(call(scale=2.0).flatten(), torch.tensor([(8 + 9 * 4) / 10, 0.0, 4.0]))
    silent = torch.tensor([0.0, -torch.inf, -torch.inf])
    assert call(prior=silent).flatten().tolist() == [8.0, 0.0, 0.0]


@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(KINDS),
    sizes=st.sampled_from([(1, 1), (1, 16), (2, 6), (3, 5), (4, 32), (8, 4)]),
    extra=st.sampled_from(["none", "prior", "factor", "prior and factor", "prior and factor of heads"]),
)
@pytest.mark.parametrize("form", FORMS["edge_attention"][:2])
@pytest.mark.parametrize("dtype", TOLERANCE)
@settings(max_examples=12, deadline=None)
def test_values_and_gradients_equal_the_reference(
    graph_of: GraphOf, dtype: torch.dtype, form: str, seed: int, kind: str, sizes: tuple[int, int], extra: str
) -> None:
    if form == "native" and not has_compiler():
        return
    adjacency = graph_of(kind, seed)
    inputs = _inputs(adjacency, *sizes, seed, dtype, extra)
    exact = _exact(inputs)
    with use_form("edge_attention", form):
        out = _attend(edge_attention, adjacency, inputs)
        upstream = torch.randn_like(out)
        gradients = torch.autograd.grad(out, inputs[0], upstream)
    expected = _attend(edge_attention_reference, adjacency, exact)
    wanted = torch.autograd.grad(expected, exact[0], upstream.double())
    assert out.dtype == dtype
    for one, other in zip((out, *gradients), (expected, *wanted), strict=True):
        size = max(1.0, float(other.detach().abs().max())) if other.numel() else 1.0
        torch.testing.assert_close(one.double(), other, rtol=0, atol=TOLERANCE[dtype] * size)


@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@NEEDS_COMPILER
def test_weights_are_right_to_the_last_digits(graph_of: GraphOf, dtype: torch.dtype, spread: float) -> None:
    """Of positive values no digits cancel: what is left is the exactness of the exponential and of the sums."""
    adjacency = graph_of("random", 0)
    (query, key, value), _ = _inputs(adjacency, 2, 8, 0, torch.float64, spread=spread)
    rounded = [tensor.detach().to(dtype) for tensor in (query, key, value.abs() + 0.1)]
    out = _attend(edge_attention, adjacency, (rounded, {}))
    expected = _attend(edge_attention_reference, adjacency, _exact((rounded, {})))
    error = torch.finfo(dtype).eps * (8 + 32 * spread * spread)  # the scores are rounded too
    torch.testing.assert_close(out.double(), expected, rtol=error, atol=0)


@pytest.mark.parametrize("form", FORMS["edge_attention"])
def test_large_scores_do_not_overflow_and_no_number_is_passed_on(form: str) -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 2]), torch.tensor([0, 0, 0]), 3, 1)
    value = torch.tensor([1.0, 2.0, 6.0]).view(3, 1, 1)
    with use_form("edge_attention", form):
        for size in (1e18, -1e18, 1e3):
            key = torch.full((3, 1, 1), size)
            out = edge_attention(torch.full((1, 1, 1), 1e18), key, value, adjacency)
            assert out.item() == pytest.approx(3.0, rel=1e-6)
        far = torch.tensor([0.0, 500.0, 0.0]).view(3, 1, 1)
        assert edge_attention(torch.ones(1, 1, 1), far, value, adjacency).item() == 2.0
        assert edge_attention(torch.full((1, 1, 1), torch.nan), far, value, adjacency).isnan().all()


@pytest.mark.parametrize("kind", KINDS[:4])
@pytest.mark.parametrize("form", FORMS["edge_attention"][:2])
@pytest.mark.parametrize("extra", ["none", "prior and factor of heads"])
def test_first_and_second_derivatives(graph_of: GraphOf, form: str, kind: str, extra: str) -> None:
    adjacency = graph_of(kind, 3)
    if form == "native" and not has_compiler():
        pytest.skip("there is no C compiler")
    vectors, given = _inputs(adjacency, 2, 3, 3, torch.float64, extra)
    with use_form("edge_attention", form):
        call = partial(edge_attention, adjacency=adjacency, scale=0.7, **given)
        assert gradcheck(call, vectors)
        assert gradgradcheck(call, vectors)
        alone = (vectors[0].detach(), vectors[1], vectors[2].detach())
        assert gradgradcheck(call, alone)


@pytest.mark.parametrize("form", FORMS["edge_attention"][:2])
def test_inputs_that_are_one_or_made_of_one_another(graph_of: GraphOf, form: str) -> None:
    if form == "native" and not has_compiler():
        pytest.skip("there is no C compiler")
    adjacency = graph_of("square", 4)
    (x, _, _), _ = _inputs(adjacency, 2, 3, 4, torch.float64)
    shared: list[Made] = [
        lambda y: [y, y, y],
        lambda y: [y, y.sin(), y.sin().cos()],
    ]
    with use_form("edge_attention", form):
        for made in shared:

            def call(y: torch.Tensor, made: Made = made) -> torch.Tensor:
                return _attend(edge_attention, adjacency, (made(y), {}))

            assert gradcheck(call, (x,))
            assert gradgradcheck(call, (x,))
            (once,) = torch.autograd.grad(call(x).sin().sum(), x)
            (twice,) = torch.autograd.grad(call(x).sin().sum(), x, create_graph=True)
            torch.testing.assert_close(once, twice)


def test_the_result_may_be_changed_in_place(graph_of: GraphOf) -> None:
    adjacency = graph_of("random", 5)
    inputs = _inputs(adjacency, 2, 4, 5, torch.float64)
    plain = torch.autograd.grad(_attend(edge_attention, adjacency, inputs).relu().sum(), inputs[0])
    changed = torch.autograd.grad(_attend(edge_attention, adjacency, inputs).relu_().sum(), inputs[0])
    assert all(torch.equal(one, other) for one, other in zip(plain, changed, strict=True))


def test_a_learnt_prior_and_factor_have_gradients(graph_of: GraphOf) -> None:
    adjacency = graph_of("random", 1)
    vectors, given = _inputs(adjacency, 2, 4, 1, torch.float64, "factor")
    prior = torch.randn(adjacency.num_edges, dtype=torch.float64, device=adjacency.source.device)
    learnt = [tensor.requires_grad_() for tensor in (prior, given["factor"])]
    results = [
        torch.autograd.grad(_attend(call, adjacency, (vectors, {**given, "prior": prior})).sin().sum(), learnt)
        for call in (edge_attention, edge_attention_reference)
    ]
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)


def test_nothing_of_size_edges_times_width_is_held(
    graph_of: GraphOf, peak: Callable[[Callable[[], object]], int]
) -> None:
    adjacency = graph_of("one heavy node", 0)
    vectors, _ = _inputs(adjacency, 2, 32, 0, torch.float32)

    def step() -> None:
        out = _attend(edge_attention, adjacency, (vectors, {}))
        torch.autograd.grad(out, vectors, torch.ones_like(out))

    nodes = adjacency.num_targets + adjacency.num_sources
    assert peak(step) < 4 * (10 * adjacency.num_edges * 2 + 10 * nodes * 64)


def test_same_bits_each_time_and_with_any_number_of_threads(graph_of: GraphOf) -> None:
    adjacency = graph_of("one heavy node", 0)
    vectors, _ = _inputs(adjacency, 4, 16, 0, torch.float32)
    before, results = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 2, 3):
            torch.set_num_threads(threads)
            out = _attend(edge_attention, adjacency, (vectors, {}))
            results.append([out, *torch.autograd.grad(out.sum(), vectors)])
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, another) for one, another in zip(results[0], other, strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query": torch.zeros(3, 4)}, r"query: expected shape \[3, H, D\], got \[3, 4\]"),
        (
            {"query": torch.zeros(2, 2, 4)},
            r"query, key and value: expected \[3, 2, 2\] rows|query: expected shape \[3, 2, 4\]",
        ),
        ({"prior": torch.zeros(2)}, r"prior: expected shape \[3\], got \[2\]"),
        ({"factor": torch.zeros(3, 3)}, r"factor: expected shape \[3\] or \[3, 2\], got \[3, 3\]"),
        ({"factor": torch.zeros(3).double()}, "factor: expected the dtype of query, torch.float32, got torch.float64"),
        ({"scale": torch.tensor(0.5)}, "scale: expected a number, got Tensor; multiply query by what is learnt"),
        ({"key": torch.zeros(2, 2, 4).double()}, "query and key: expected one dtype"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(change: dict[str, torch.Tensor], message: str) -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), 2, 3)
    given: dict[str, Any] = {
        "query": torch.zeros(3, 2, 4),
        "key": torch.zeros(2, 2, 4),
        "value": torch.zeros(2, 2, 4),
    } | change
    with pytest.raises(ValueError, match=message):
        edge_attention(adjacency=adjacency, **given)
