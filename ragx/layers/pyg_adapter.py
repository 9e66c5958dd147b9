"""Any convolution of PyG, or one written in its form, as a layer by config alone."""

import copy
import inspect
from typing import Any, Literal

import torch
from torch import nn

from ragx.checks import check, check_choice
from ragx.graph.graph import Graph
from ragx.layers.fusion import weights_of
from ragx.layers.heads import check_heads
from ragx.layers.pyg_signature import check_options, locate, weight_name, widths_of
from ragx.layers.silent_edges import masks_of_heard_edges
from ragx.typing import Tensor

EdgeWeightUse = Literal["auto", "required", "none"]


class PyGConv(nn.Module):
    """Call a PyG convolution on the graph: x' = conv(x, edge_index, w).

    The weights go where the convolution takes them, in the dtype of x: as ``edge_weight``, or as ``edge_attr`` [E, 1]
    where its options set ``edge_dim: 1``. An edge of weight 0 is left out, as convolutions without weights would sum
    over it. A convolution that takes no widths, such as ``LGConv``, serves where the layer keeps its width.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'; of a convolution with heads side by side, that of all heads together.
        conv: dotted path of the convolution, such as ``torch_geometric.nn.SAGEConv``.
        options: further arguments of the convolution.
        edge_weight: ``"auto"`` passes weights where the convolution takes them, ``"required"`` refuses one that takes
            none, and ``"none"`` never passes them.

    Shapes:
        x: [N, in_channels]; a graph or ``edge_index`` [2, E] with ``edge_weight`` [E]; returns [N, out_channels].

    Raises:
        ValueError: there is no such convolution, it is called otherwise than with x and edges, it does not take the
            options or lacks one, weights are required of one that takes none, its heads do not divide the width, or it
            does not give vectors of the width asked for.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        conv: str,
        options: dict[str, Any] | None = None,
        edge_weight: EdgeWeightUse = "auto",
    ) -> None:
        super().__init__()
        check_choice("edge_weight", edge_weight, ("auto", "required", "none"))
        target, options = locate(conv), dict(options or {})
        usable = inspect.signature(target).parameters
        check_options(conv, options, usable)
        self.weight_name = weight_name(target, options, usable) if edge_weight != "none" else None
        check(
            edge_weight != "required" or self.weight_name is not None,
            f"layer.edge_weight=required: {conv} takes no edge weights"
            + (
                " unless layer.options.edge_dim=1."
                if "edge_dim" in usable
                else "; use layer.edge_weight=auto to go without."
            ),
        )
        heads = options.get("heads", usable["heads"].default if "heads" in usable else 1)
        concat = options.get("concat", usable["concat"].default if "concat" in usable else False)
        check_heads(out_channels, heads, concat)
        widths = widths_of(conv, usable, in_channels, out_channels, heads if concat else 1)
        try:
            self.conv = target(**widths, **options)
        except Exception as error:
            raise ValueError(
                f"conv: expected {conv} to be made with these options and widths {in_channels} and {out_channels}, got "
                f"{error!r}; change layer.options or the widths."
            ) from error
        self._try_out(conv, in_channels, out_channels)

    def forward(self, x: Tensor, edge_index: Graph | Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Return x' of every node; ``edge_weight`` stands in for the graph's own, and is 1 where neither is given."""
        if not isinstance(edge_index, Graph):
            weight = weights_of(edge_index, edge_weight, x)
            weighted = weight.detach() != 0
            return self._call(self.conv, x, edge_index[:, weighted], weight[weighted])
        graph = edge_index if edge_weight is None else edge_index.with_weight(edge_weight)
        edges, weight = graph.heard_edges(x.dtype)
        with masks_of_heard_edges(self.conv, graph):
            return self._call(self.conv, x, edges, weight)

    def _call(self, conv: nn.Module, x: Tensor, edges: Tensor, weight: Tensor) -> Tensor:
        if self.weight_name is None:
            out: Tensor = conv(x, edges)
        else:
            weight = weight.unsqueeze(-1) if self.weight_name == "edge_attr" else weight
            out = conv(x, edges, **{self.weight_name: weight})
        return out

    def _try_out(self, name: str, in_channels: int, out_channels: int) -> None:
        """Call a copy of the convolution on two nodes, so that what does not fit fails before data is read."""
        conv = copy.deepcopy(self.conv).eval()
        edges = torch.tensor([[1, 0], [0, 1]])  # by target as in a graph, which aggr=lstm insists on
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                out = self._call(conv, torch.ones(2, in_channels), edges, torch.ones(2))
        except Exception as error:
            raise ValueError(
                f"conv: expected {name} with these options to run on a graph of two nodes, got {error!r}; change "
                "layer.options, or write a layer of your own around it (layer=custom)."
            ) from error
        came = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
        check(
            came == [2, out_channels],
            f"conv: expected {name} to give [2, {out_channels}] on two nodes of width {in_channels}, got {came}; "
            "choose options or a width that fit.",
        )
