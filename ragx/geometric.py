"""PyG without what no layer asks of it: its datasets and torch's compiler, which take most of its import.

Both are there as soon as somebody names them. PyG imports them first of all, and uses neither before it is asked to;
so they are put off with the loader that the standard library has for this, for the time of that import alone.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

import torch

PUT_OFF = ("torch._dynamo", "torch_geometric.datasets")


class _PutOff:
    """Finds the modules of ``PUT_OFF``, to be loaded when something in them is asked for."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in PUT_OFF else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _import_pyg() -> None:
    """Import PyG, and leave behind no module that is not loaded: a later import of one is an ordinary one."""
    sys.meta_path.insert(0, _PutOff)
    try:
        import torch_geometric
    finally:
        sys.meta_path.remove(_PutOff)
    compiler, datasets = (type(sys.modules.get(name)) for name in PUT_OFF)
    loaded = (ModuleType, type(None))
    if compiler not in loaded:
        del sys.modules[PUT_OFF[0]], torch._dynamo  # torch imports it when the attribute is asked for
    if datasets not in loaded:
        del sys.modules[PUT_OFF[1]]
        lazy = torch_geometric.lazy_loader.LazyLoader("datasets", vars(torch_geometric), PUT_OFF[1])
        torch_geometric.datasets = lazy


if "torch_geometric" not in sys.modules:
    _import_pyg()

from torch_geometric.data import Data, HeteroData  # noqa: E402 - behind the import that is made light
from torch_geometric.nn import MessagePassing  # noqa: E402
from torch_geometric.nn.aggr import SumAggregation  # noqa: E402
from torch_geometric.nn.resolver import activation_resolver  # noqa: E402

__all__ = ["Data", "HeteroData", "MessagePassing", "SumAggregation", "activation_resolver"]
