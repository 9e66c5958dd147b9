"""Any convolution of PyG, or one written in its form, as a layer by config alone."""

import importlib
import inspect
from typing import Any, Literal

from torch import nn
from torch_geometric.nn import MessagePassing

from ragx.checks import check, check_choice, did_you_mean
from ragx.graph.graph import Graph
from ragx.layers.heads import check_heads
from ragx.typing import Tensor

EdgeWeightUse = Literal["auto", "required", "none"]
GIVEN = ("in_channels", "out_channels")


class PyGConv(nn.Module):
    """Call a PyG convolution on the graph: x' = conv(x, edge_index, w).

    The weights go where the convolution takes them: as ``edge_weight``, or as ``edge_attr`` [E, 1] where its options
    set ``edge_dim: 1``. An edge of weight 0 is left out, for other convolutions would hear it.

    Args:
        in_channels: width of x_j.
        out_channels: width of x_i'; of a convolution with heads side by side, that of all heads together.
        conv: dotted path of the convolution, such as ``torch_geometric.nn.SAGEConv``.
        options: further arguments of the convolution.
        edge_weight: ``"auto"`` passes weights where the convolution takes them, ``"required"`` refuses one that takes
            none, and ``"none"`` never passes them.

    Shapes:
        x: [N, in_channels]; a graph; returns [N, out_channels].

    Raises:
        ValueError: there is no such convolution, it does not take the options, weights are required of one that takes
            none, or its heads do not divide the width.
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
        target, options = _locate(conv), dict(options or {})
        usable = inspect.signature(target).parameters
        _check_options(conv, options, usable)
        self.weight_name = _weight_name(target, options, usable) if edge_weight != "none" else None
        check(
            edge_weight != "required" or self.weight_name is not None,
            f"edge_weight=required: {conv} takes no edge weights"
            + (" unless options.edge_dim is 1." if "edge_dim" in usable else "; use edge_weight=auto to go without."),
        )
        heads = options.get("heads", usable["heads"].default if "heads" in usable else 1)
        concat = options.get("concat", usable["concat"].default if "concat" in usable else False)
        check_heads(out_channels, heads, concat)
        self.conv = target(in_channels, out_channels // heads if concat else out_channels, **options)

    def forward(self, x: Tensor, graph: Graph) -> Tensor:
        """Return x' of every node."""
        edges, weight = graph.edge_index, graph.edge_weight
        heard = weight != 0
        if not heard.all():
            edges, weight = edges[:, heard], weight[heard]
        if self.weight_name is None:
            out: Tensor = self.conv(x, edges)
        else:
            weight = weight.unsqueeze(-1) if self.weight_name == "edge_attr" else weight
            out = self.conv(x, edges, **{self.weight_name: weight})
        return out


def _locate(path: str) -> type[nn.Module]:
    module_name, _, name = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"conv: expected a dotted path such as torch_geometric.nn.SAGEConv, got {path!r} ({error})."
        ) from None
    target = getattr(module, name, None)
    check(target is not None, f"conv: {module_name} has no {name!r}.{did_you_mean(name, dir(module))}")
    usable = inspect.signature(target).parameters if inspect.isclass(target) and issubclass(target, nn.Module) else ()
    check(
        all(each in usable for each in GIVEN),
        f"conv: expected a module made with in_channels and out_channels, got {path}.",
    )
    return target  # type: ignore[return-value]


def _check_options(conv: str, options: dict[str, Any], usable: Any) -> None:
    known = [each for each in usable if each not in GIVEN and usable[each].kind is not inspect.Parameter.VAR_KEYWORD]
    open_ended = any(each.kind is each.VAR_KEYWORD for each in usable.values())  # then PyG's own base is asked too
    known += list(inspect.signature(MessagePassing).parameters) if open_ended else []
    for name in options:
        check(name not in GIVEN, f"options.{name}: comes from the model's widths and cannot be set.")
        check(
            name in known,
            f"options.{name}: unknown option of {conv}.{did_you_mean(name, known)} Options: {', '.join(known)}.",
        )


def _weight_name(target: type[nn.Module], options: dict[str, Any], usable: Any) -> str | None:
    taken = inspect.signature(target.forward).parameters
    if "edge_weight" in taken:
        return "edge_weight"
    if "edge_dim" in usable and options.get("edge_dim") is not None:
        check(
            options["edge_dim"] == 1,
            f"options.edge_dim: an edge has one weight; expected 1 or null, got {options['edge_dim']}.",
        )
        return "edge_attr"
    return None
