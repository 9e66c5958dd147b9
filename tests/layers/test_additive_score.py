"""Additive scores against their formula, in one block and in many."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from ragx.graph.adjacency import Adjacency
from ragx.layers import additive_score as module
from ragx.layers.additive_score import additive_score


def drawn(num_edges: int = 23) -> tuple[Adjacency, list[Tensor]]:
    random = torch.Generator().manual_seed(0)
    source, target = torch.randint(6, (2, num_edges), generator=random)
    shapes = ((6, 2, 3), (6, 2, 3), (2, 3))
    values = [torch.randn(shape, generator=random, dtype=torch.float64).requires_grad_() for shape in shapes]
    return Adjacency.from_edges(source, target, 6, 6)[0], values


def test_a_worked_score() -> None:
    adjacency, _ = Adjacency.from_edges(torch.tensor([0]), torch.tensor([1]), 2, 2)
    query, key = torch.tensor([[[9.0, 9.0]], [[1.0, 2.0]]]), torch.tensor([[[2.0, -7.0]], [[9.0, 9.0]]])
    # 10 · 3 + 100 · 0.2 · (-5)
    assert additive_score(query, key, torch.tensor([[10.0, 100.0]]), adjacency).tolist() == [[-70.0]]


@pytest.mark.parametrize(("block", "parts"), [(1, 1), (4, 1), (65_536, 1), (65_536, 16)])
def test_the_formula_and_its_gradient(block: int, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(module, "PARTS", parts)
    adjacency, values = drawn()
    query, key, factor = values
    score = additive_score(query, key, factor, adjacency)
    plain = (functional.leaky_relu(query[adjacency.target] + key[adjacency.source], 0.2) * factor).sum(-1)
    torch.testing.assert_close(score, plain)
    for one, other in zip(*(torch.autograd.grad(y.sin().sum(), values) for y in (score, plain)), strict=True):
        torch.testing.assert_close(one, other)
    assert torch.autograd.gradcheck(lambda q, k, a: additive_score(q, k, a, adjacency), values)


def test_without_edges_there_are_no_scores() -> None:
    adjacency, values = drawn(0)
    score = additive_score(values[0], values[1], values[2], adjacency)
    assert score.shape == (0, 2)
    assert not torch.autograd.grad(score.sum(), values[0])[0].any()


def test_a_block_is_a_part_of_the_edges_and_bounded() -> None:
    for edges, blocks, largest in ((23, 12, 2), (1_600, 16, 100), (2_000_000, 31, 65_536)):
        target = torch.zeros(edges, dtype=torch.int64)
        cut = module._blocks(Adjacency(target[:2], target, target, target[:2], target))
        assert (len(cut), max(len(target) for target, *_ in cut)) == (blocks, largest)


def test_gradients_in_half_precision_do_not_stall_at_a_heavy_node() -> None:
    edges = 20_000
    adjacency, _ = Adjacency.from_edges(torch.arange(edges) % 7, torch.zeros(edges, dtype=torch.int64), 7, 7)
    query, key = (torch.ones(7, 1, 1, dtype=torch.bfloat16, requires_grad=True) for _ in range(2))
    score = additive_score(query, key, torch.ones(1, 1, dtype=torch.bfloat16), adjacency)
    (gradient,) = torch.autograd.grad(score.sum(), query)
    assert float(gradient[0]) == pytest.approx(edges, rel=2**-7)


def test_a_second_derivative_is_refused() -> None:
    adjacency, values = drawn()
    (first,) = torch.autograd.grad(
        additive_score(values[0], values[1], values[2], adjacency).square().sum(), values[0], create_graph=True
    )
    with pytest.raises(RuntimeError, match="differentiate twice"):
        first.sum().backward()  # type: ignore[no-untyped-call]
