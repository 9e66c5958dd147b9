"""What the signatures of a PyG convolution say of how it is made and called."""

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn

from ragx.checks import check, did_you_mean
from ragx.geometric import MessagePassing

GIVEN = ("in_channels", "out_channels", "channels")
Parameters = Mapping[str, inspect.Parameter]


def locate(path: str) -> type[nn.Module]:
    """Return the convolution at a dotted path.

    Raises:
        ValueError: there is none, or it is not called with x, edges and at most optional arguments.
    """
    module_name, _, name = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"conv: expected a dotted path such as torch_geometric.nn.SAGEConv, got {path!r} ({error})."
        ) from None
    target: Any = getattr(module, name, None)
    check(target is not None, f"conv: {module_name} has no {name!r}.{did_you_mean(name, dir(module))}")
    is_module = inspect.isclass(target) and issubclass(target, nn.Module)
    check(is_module, f"conv: expected a class of torch.nn.Module such as torch_geometric.nn.SAGEConv, got {path}.")
    taken = [parameter for name, parameter in inspect.signature(target.forward).parameters.items() if name != "self"]
    named = [
        parameter.name
        for parameter in taken
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    needed = [parameter.name for parameter in taken[2:] if _is_needed(parameter)]
    check(
        named[:2] == ["x", "edge_index"] and not needed,
        f"conv: expected a convolution that is called with x, edge_index and optional arguments, got {path}, which is "
        f"called with {', '.join(named)}; write a layer of your own around it (layer=custom).",
    )
    return target  # type: ignore[no-any-return]


def check_options(conv: str, options: Mapping[str, Any], usable: Parameters) -> None:
    """Raise ``ValueError`` where an option is given by the model or unknown, or one that is required is missing."""
    known = [name for name, parameter in usable.items() if name not in GIVEN and _is_named(parameter)]
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in usable.values())  # then PyG's base too
    known += [name for name in inspect.signature(MessagePassing).parameters if name not in known] if open_ended else []
    for name in options:
        check(name not in GIVEN, f"options.{name}: comes from the model's widths and cannot be set.")
        check(
            name in known,
            f"options.{name}: unknown option of {conv}.{did_you_mean(name, known)} Options: {', '.join(known)}.",
        )
    missing = [
        name
        for name, parameter in usable.items()
        if name not in GIVEN and _is_needed(parameter) and name not in options
    ]
    advice = " ".join(f"+layer.options.{name}=…" for name in missing)
    check(not missing, f"options: {conv} requires {', '.join(missing)}; set {advice}")


def weight_name(target: type[nn.Module], options: Mapping[str, Any], usable: Parameters) -> str | None:
    """Return the argument that takes edge weights, or None.

    Raises:
        ValueError: edges are to have more than one number.
    """
    if "edge_weight" in inspect.signature(target.forward).parameters:
        return "edge_weight"
    if "edge_dim" in usable and options.get("edge_dim") is not None:
        check(
            options["edge_dim"] == 1,
            f"options.edge_dim: an edge has one weight; expected 1 or null, got {options['edge_dim']}.",
        )
        return "edge_attr"
    return None


def widths_of(conv: str, usable: Parameters, in_channels: int, out_channels: int, heads: int) -> dict[str, int]:
    """Return the widths a convolution is made with, by name; its heads, where side by side, share that of the output.

    Raises:
        ValueError: it takes one width or none, and the two differ.
    """
    widths = {"in_channels": in_channels, "out_channels": out_channels // heads, "channels": in_channels}
    taken = {name: width for name, width in widths.items() if name in usable}
    check(
        {"in_channels", "out_channels"} <= taken.keys() or in_channels == out_channels,
        f"conv: {conv} is not told two widths and keeps the one it gets: got {in_channels} in and {out_channels} out; "
        "set equal widths.",
    )
    return taken


def _is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)


def _is_needed(parameter: inspect.Parameter) -> bool:
    return _is_named(parameter) and parameter.default is parameter.empty
