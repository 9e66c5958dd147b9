"""PyG without what no layer asks of it: its datasets and torch's compiler, which take most of its import.

Both are there as soon as somebody names them. PyG imports its datasets and uses none: they are put off with the loader
that the standard library has for this, for the time of that import alone. Of the compiler see ``ragx.compiler``.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

from ragx.compiler import put_off_compiler

DATASETS = "torch_geometric.datasets"


class _PutOff:
    """Finds PyG's datasets, to be loaded when something in them is asked for."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == DATASETS else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _import_pyg() -> None:
    """Import PyG, whose own lazy loader has the datasets afterwards, as it has others of its packages."""
    sys.meta_path.insert(0, _PutOff)
    try:
        import torch_geometric
    finally:
        sys.meta_path.remove(_PutOff)
    if type(sys.modules.get(DATASETS)) not in (ModuleType, type(None)):  # not loaded: a later import is an ordinary one
        del sys.modules[DATASETS]
        torch_geometric.datasets = torch_geometric.lazy_loader.LazyLoader("datasets", vars(torch_geometric), DATASETS)


put_off_compiler()
if "torch_geometric" not in sys.modules:
    _import_pyg()

from torch_geometric.data import Data, HeteroData  # noqa: E402 - behind the import that is made light
from torch_geometric.nn import MessagePassing  # noqa: E402
from torch_geometric.nn.aggr import SumAggregation  # noqa: E402
from torch_geometric.nn.resolver import activation_resolver  # noqa: E402

__all__ = ["Data", "HeteroData", "MessagePassing", "SumAggregation", "activation_resolver"]
