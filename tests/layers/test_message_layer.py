"""An explainer's masks reach layers that derive from layers."""

import torch
from torch import Tensor
from torch_geometric.explain.algorithm.utils import clear_masks, set_masks
from torch_geometric.nn import MessagePassing

from ragx.layers.message_layer import MessageLayer

EDGES = torch.tensor([[0, 1], [1, 0]])


class SumOfNeighbours(MessageLayer):
    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.propagate(EDGES, x=x)
        return out

    def message(self, x_j: Tensor) -> Tensor:
        return x_j


class SumOfDifferences(SumOfNeighbours):
    def message(self, x_i: Tensor, x_j: Tensor) -> Tensor:  # type: ignore[override]
        return x_j - x_i


class SumOfNeighboursAgain(SumOfNeighbours):
    pass


def test_masks_are_heeded_by_classes_made_after_their_parents() -> None:
    x, mask = torch.tensor([[1.0], [5.0]]), torch.tensor([0.0, 0.5])
    for kind, free in ((SumOfNeighbours, [5.0, 1.0]), (SumOfNeighboursAgain, [5.0, 1.0]), (SumOfDifferences, [4, -4])):
        layer = kind()
        assert layer(x).flatten().tolist() == free
        set_masks(layer, mask, EDGES, apply_sigmoid=False)
        assert layer(x).flatten().tolist() == [free[0] * 0.5, 0.0], kind
        clear_masks(layer)
        assert layer(x).flatten().tolist() == free


def test_pyg_s_own_propagate_is_what_every_class_begins_with() -> None:
    class Fresh(SumOfNeighbours):
        pass

    assert Fresh.propagate is MessagePassing.propagate
