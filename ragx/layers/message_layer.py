"""PyG's base class, mended for subclasses of subclasses and for classes that are written again."""

import sys
from typing import Any

from torch.nn import functional

from ragx.checks import check_fraction
from ragx.geometric import MessagePassing
from ragx.graph.graph import Graph
from ragx.layers.fusion import call_fused, may_fuse
from ragx.typing import Tensor


class MessageLayer(MessagePassing):  # type: ignore[misc]
    """Message passing whose subclasses obey an explainer's edge masks, however far they derive.

    PyG compiles ``propagate`` for every class when its first object is made, and keeps what it finds before as the
    form that heeds masks. In a class derived from one that was compiled, that is its parent's compiled form: it knows
    no mask, and passes the parent's arguments to ``message``. Here every class begins with PyG's own, or with what it
    or its parent wrote.

    What PyG compiled it also keeps by the names of module and class, so that a class written again under its name, in a
    notebook say, would run the form of the old one. Here that is forgotten before a class is compiled.

    A layer of one's own writes ``forward``, which calls :meth:`sum_neighbours`, and ``message``; with
    ``message_and_aggregate`` it has a fused form too.

    Args:
        edge_dropout: chance that an edge is silent in a training step; the others grow by 1 / (1 - chance).
        options: those of PyG's ``MessagePassing``; messages are summed by default.

    Raises:
        ValueError: the chance is none.
    """

    writes_propagate = False

    def __init__(self, *, edge_dropout: float = 0.0, **options: Any) -> None:
        super().__init__(**{"aggr": "sum"} | options)
        check_fraction("edge_dropout", edge_dropout)
        self.edge_dropout = edge_dropout

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.writes_propagate = cls.writes_propagate or "propagate" in vars(cls)
        cls.propagate = cls.propagate if cls.writes_propagate else MessagePassing.propagate

    def sum_neighbours(self, edges: Graph | Tensor, x: Tensor, edge_weight: Tensor) -> Tensor:
        """Return the sum of the messages into every node, by the fused form where it stands for what they do.

        Args:
            edges: a graph, or PyG's ``edge_index`` [2, E].
            x: vectors of the nodes, [N, D].
            edge_weight: weight of every edge, [E], in the dtype of x.
        """
        if self.edge_dropout:
            edge_weight = functional.dropout(edge_weight, self.edge_dropout, self.training)
        if isinstance(edges, Graph):
            if may_fuse(self):
                return call_fused(self, edges, x=x, edge_weight=edge_weight)
            edges = edges.edge_index
        out: Tensor = self.propagate(edges, x=x, edge_weight=edge_weight, size=(x.shape[0], x.shape[0]))
        return out

    def _set_jittable_templates(self, raise_on_error: bool = False) -> None:
        kind = type(self)
        if "_jinja_propagate" not in vars(kind):
            for method in ("propagate", "edge_updater"):
                sys.modules.pop(f"{kind.__module__}_{kind.__name__}_{method}", None)
        super()._set_jittable_templates(raise_on_error)
