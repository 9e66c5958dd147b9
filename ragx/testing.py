"""Contracts that users run on layers of their own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from torch.autograd.gradcheck import GradcheckError, gradcheck
from torch.func import functional_call
from torch_geometric.explain.algorithm.utils import clear_masks, set_masks
from torch_geometric.nn import MessagePassing

from ragx.graph.graph import Graph
from ragx.models.relevance_aware_graph import LayerFactory
from ragx.random import generator, seed_modules
from ragx.typing import Int, Tensor

USERS, ITEMS, WIDTH, NARROW = 5, 4, 8, 4


def check_layer(factory: LayerFactory) -> None:
    """Hold a layer against the contract of layers, clause by clause, on small random graphs.

    Shapes; permutation of nodes; weight 0 = no edge; both paths agree; gradcheck in float64; state round trip; isolated
    nodes; edge masks of an explainer. A layer is called as ``layer(x, graph)``, and the graph's edges have ``count``,
    ``value`` and ``time`` beside their weight.

    Args:
        factory: makes the layer; asked for width 8 to 8, and 8 to 4 unless it refuses that with ``ValueError``.

    Raises:
        AssertionError: a clause does not hold; the message begins with its name and says how it fails.
    """
    for name, clause in CLAUSES.items():
        seed_modules(0, "check_layer")
        try:
            clause(factory)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{name}: the layer raised {type(error).__name__}: {error}") from error


def _shapes(factory: LayerFactory) -> None:
    graph = _graph()
    for width in (WIDTH, NARROW):
        try:
            layer = factory(in_channels=WIDTH, out_channels=width)
        except ValueError as error:
            _expect(width != WIDTH, f"the layer cannot be made with widths {WIDTH} and {WIDTH}: {error}")
            continue
        for training in (True, False):
            out = layer.train(training)(_x(), graph)
            expected = [graph.num_nodes, width]
            _expect(isinstance(out, Tensor), f"expected a tensor, got {type(out).__name__}.")
            _expect(list(out.shape) == expected, f"expected {expected}, got {list(out.shape)}.")
            _expect(out.dtype == torch.float32, f"expected float32 for float32 input, got {out.dtype}.")


def _permutation(factory: LayerFactory) -> None:
    layer, users, items = _layer(factory), torch.randperm(USERS), torch.randperm(ITEMS)
    nodes = torch.cat([users, items + USERS])
    x, out = _x(), layer(_x(), _graph())
    moved = torch.empty_like(x)
    moved[nodes] = x
    _equal(layer(moved, _graph(users, items))[nodes], out, "nodes in another order do not give the same vectors")


def _weight_zero(factory: LayerFactory) -> None:
    layer, graph = _layer(factory), _graph()
    silent = (graph.adjacency.source + graph.adjacency.target) % 3 == 0
    quiet = graph.with_weight(torch.where(silent, 0.0, graph.edge_weight))
    _equal(layer(_x(), quiet), layer(_x(), _without(graph, silent)), "an edge of weight 0 is heard")


def _both_paths(factory: LayerFactory) -> None:
    layer, graph, seen = _layer(factory), _graph(), list[str]()
    convolutions = [each for each in layer.modules() if isinstance(each, MessagePassing)]
    _expect(bool(convolutions), "no part of the layer is a torch_geometric.nn.MessagePassing.")
    results = []
    for watched in (False, True):
        x = _x().requires_grad_()
        with _watched(convolutions if watched else [], seen):
            out = layer(x, graph)
        wanted = [x, *(each for each in layer.parameters() if each.requires_grad)]
        factor = torch.linspace(-1, 1, out.numel()).view_as(out)
        gradients = torch.autograd.grad((out * factor).sum(), wanted, allow_unused=True, materialize_grads=True)
        results.append((out, *gradients))
    _expect("message" in seen, "message is not called though a hook watches it; is the fused form taken regardless?")
    names = ["the output", "the gradient of x", *(f"the gradient of {name}" for name, _ in layer.named_parameters())]
    for name, fused, plain in zip(names, *results, strict=False):
        _equal(fused, plain, f"{name} differs between the fused form and the one through message")


def _gradcheck(factory: LayerFactory) -> None:
    layer, graph = _layer(factory).double(), _graph()
    graph = graph.with_weight(graph.edge_weight.double())
    names = [name for name, _ in layer.named_parameters()]

    def call(x: Tensor, *parameters: Tensor) -> Tensor:
        out: Tensor = functional_call(layer, dict(zip(names, parameters, strict=True)), (x, graph))
        return out

    inputs = [value.detach().clone().requires_grad_() for value in (_x().double(), *layer.parameters())]
    try:
        gradcheck(call, tuple(inputs), fast_mode=True)
    except GradcheckError as error:
        raise AssertionError(f"the gradient is not that of the output: {error}") from error


def _state(factory: LayerFactory) -> None:
    layer = _layer(factory)
    other = factory(in_channels=WIDTH, out_channels=WIDTH).eval()
    other.load_state_dict(layer.state_dict())
    _equal(other(_x(), _graph()), layer(_x(), _graph()), "a layer loaded from the state says something else")


def _isolated(factory: LayerFactory) -> None:
    layer, graph = _layer(factory), _graph()
    alone = (graph.adjacency.source % 4 == 0) | (graph.adjacency.target % 4 == 0)
    for name, edges in (("isolated nodes", alone), ("no edges at all", torch.ones_like(alone))):
        x = _x().requires_grad_()
        out = layer(x, _without(graph, edges))
        _expect(bool(out.isfinite().all()), f"with {name} the output is not finite.")
        if out.requires_grad:
            (gradient,) = torch.autograd.grad(out.sum(), x, allow_unused=True, materialize_grads=True)
            _expect(bool(gradient.isfinite().all()), f"with {name} the gradient is not finite.")


def _edge_masks(factory: LayerFactory) -> None:
    layer, graph = _layer(factory), _graph()
    free = layer(_x(), graph)
    into_item = graph.adjacency.target >= USERS
    try:
        set_masks(layer, torch.ones(graph.num_edges), graph.edge_index, apply_sigmoid=False)
        _equal(layer(_x(), graph), free, "a mask of ones changes the output")
        set_masks(layer, (~into_item).float(), graph.edge_index, apply_sigmoid=False)
        masked = layer(_x(), graph)
    finally:
        clear_masks(layer)
    _equal(masked[:USERS], free[:USERS], "a mask of the edges into items changes users")
    changed = not torch.allclose(masked[USERS:], free[USERS:], rtol=1e-4, atol=1e-4)
    _expect(changed, "a mask of zeros on the edges into items changes nothing.")


CLAUSES: dict[str, Callable[[LayerFactory], None]] = {
    "shapes": _shapes,
    "permutation of nodes": _permutation,
    "weight 0 = no edge": _weight_zero,
    "both paths agree": _both_paths,
    "gradcheck in float64": _gradcheck,
    "state round trip": _state,
    "isolated nodes": _isolated,
    "edge masks of an explainer": _edge_masks,
}


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _equal(one: Tensor, other: Tensor, message: str) -> None:
    _expect(one.shape == other.shape, f"{message}: shapes {list(one.shape)} and {list(other.shape)}.")
    close = torch.allclose(one, other, rtol=1e-4, atol=1e-4)
    _expect(close, f"{message}: they differ by up to {float((one - other).detach().abs().max()):.3g}.")


def _layer(factory: LayerFactory) -> nn.Module:
    """Return a layer in evaluation, with parameters moved off kinks such as a bias of zero before a ReLU."""
    layer = factory(in_channels=WIDTH, out_channels=WIDTH).eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return layer


def _x() -> Tensor:
    return torch.randn(USERS + ITEMS, WIDTH, generator=generator(0, "check_layer"))


def _graph(users: Int[Tensor, " U"] | None = None, items: Int[Tensor, " I"] | None = None) -> Graph:
    """Return two thirds of all pairs, the same whatever numbers the users and items go by."""
    user, item = (torch.arange(USERS * ITEMS) // ITEMS, torch.arange(USERS * ITEMS) % ITEMS)
    kept = (user + 2 * item) % 3 != 1
    user, item = user[kept], item[kept]
    place = torch.arange(len(user))
    attributes = {"count": 1 + place % 3, "value": 0.5 + place % 5, "time": 86_400 * (place * 7 % 11)}
    user = user if users is None else users[user]
    item = item if items is None else items[item]
    return Graph.from_pairs(user, item, USERS, ITEMS, weight=0.2 + 0.1 * (place * 5 % 7), attributes=attributes)


def _without(graph: Graph, left_out: Tensor) -> Graph:
    kept = ~left_out & (graph.adjacency.target >= USERS)
    users, items = graph.adjacency.source[kept], graph.adjacency.target[kept] - USERS
    attributes = {name: value[kept] for name, value in graph.edge_attributes.items()}
    return Graph.from_pairs(users, items, USERS, ITEMS, weight=graph.edge_weight[kept], attributes=attributes)


@contextmanager
def _watched(convolutions: Sequence[MessagePassing], seen: list[str]) -> Iterator[None]:
    """Watch every message, which keeps a layer from its fused form."""
    hooks = [
        each.register_message_forward_pre_hook(lambda module, inputs: seen.append("message")) for each in convolutions
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
