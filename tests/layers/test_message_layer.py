"""An explainer's masks reach layers that derive from layers, and a class written again is the one that runs."""

import importlib.util
import sys
from pathlib import Path

import pytest
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


NOTEBOOK = """
import torch
from ragx.layers.message_layer import MessageLayer


class Cell(MessageLayer):
    def forward(self, x):
        return self.propagate(torch.tensor([[0, 1], [1, 0]]), x=x, {argument}=torch.tensor([2.0, 3.0]))

    def message(self, x_j, {argument}):
        return {factor} * {argument}.unsqueeze(-1) * x_j
"""


def test_a_class_written_again_under_its_name_is_not_run_in_its_old_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyG keeps what it compiled by the names of module and class: here the argument is another the second time."""
    x, kinds = torch.tensor([[1.0], [5.0]]), []
    for number, argument in ((1, "relevance"), (10, "weight"), (100, "weight")):
        path = tmp_path / f"cell_{number}.py"
        path.write_text(NOTEBOOK.format(argument=argument, factor=number))
        spec = importlib.util.spec_from_file_location("notebook", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "notebook", module)
        spec.loader.exec_module(module)
        kinds.append((number, module.Cell))
        for factor, kind in kinds:  # those written before go on as they were
            assert kind()(x).flatten().tolist() == [3 * 5 * factor, 2 * factor]
