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


@pytest.mark.parametrize("block", [1, 4, 65_536])
def test_the_formula_and_its_gradient(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
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


def test_a_second_derivative_is_refused() -> None:
    adjacency, values = drawn()
    (first,) = torch.autograd.grad(
        additive_score(values[0], values[1], values[2], adjacency).square().sum(), values[0], create_graph=True
    )
    with pytest.raises(RuntimeError, match="differentiate twice"):
        first.sum().backward()  # type: ignore[no-untyped-call]
