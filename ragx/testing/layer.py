"""The contract of layers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch.autograd.gradcheck import GradcheckError, gradcheck
from torch.func import functional_call
from torch_geometric.explain.algorithm.utils import clear_masks, set_masks

from ragx.geometric import MessagePassing
from ragx.models.relevance_aware_graph import LayerFactory
from ragx.testing.clauses import UnkeptError, equal, expect, hold
from ragx.testing.subject import ITEMS, NARROW, USERS, WIDTH, Subject, without
from ragx.typing import Tensor


def check_layer(factory: LayerFactory, *, device: torch.device | str = "cpu") -> None:
    """Hold a layer against the contract of layers, clause by clause, on small random graphs.

    Shapes; permutation of nodes; weight 0 = no edge; both paths agree, in training too; gradcheck in float64; the
    dtype of x whatever that of the weights; state round trip; isolated nodes; edge masks of an explainer. A layer is
    called as ``layer(x, graph)``, and the graph's edges have ``count``, ``value`` and ``time`` beside their weight,
    and the first and last of them for the kinds of event view, cart and buy. Torch's generators stay as they were.

    Args:
        factory: makes the layer; asked for width 8 to 8, and 8 to 4 unless it refuses that with ``ValueError``.
        device: where the layer is tried.

    Raises:
        AssertionError: a clause does not hold; the message begins with its name and says how it fails.
    """
    subject = Subject(factory, torch.device(device))
    clauses = {name: partial(clause, subject) for name, clause in CLAUSES.items()}
    hold("the layer", clauses, subject.seed, subject.device)


def _shapes(subject: Subject) -> None:
    graph = subject.graph()
    for width in (WIDTH, NARROW):
        try:
            layer = subject.made(width)
        except ValueError as error:
            expect(width != WIDTH, f"the layer cannot be made with widths {WIDTH} and {WIDTH}: {error}")
            continue
        for training in (True, False):
            out = layer.train(training)(subject.x(), graph)
            expected = [graph.num_nodes, width]
            expect(isinstance(out, Tensor), f"expected a tensor, got {type(out).__name__}.")
            expect(list(out.shape) == expected, f"expected {expected}, got {list(out.shape)}.")
            expect(out.dtype == torch.float32, f"expected float32 for float32 input, got {out.dtype}.")


def _permutation(subject: Subject) -> None:
    layer, users, items = subject.layer(), torch.randperm(USERS), torch.randperm(ITEMS)
    nodes = torch.cat([users, items + USERS]).to(subject.device)
    x, out = subject.x(), layer(subject.x(), subject.graph())
    moved = torch.empty_like(x)
    moved[nodes] = x
    reordered = layer(moved, subject.graph(users, items))[nodes]
    equal(reordered, out, "nodes in another order do not give the same vectors")


def _weight_zero(subject: Subject) -> None:
    layer, graph, x = subject.layer(), subject.graph(), subject.x()
    silent = (graph.adjacency.source + graph.adjacency.target) % 3 == 0
    quiet = graph.with_weight(torch.where(silent, 0.0, graph.edge_weight))
    equal(layer(x, quiet), layer(x, without(graph, silent)), "an edge of weight 0 is heard")


def _both_paths(subject: Subject) -> None:
    layer, graph, seen = subject.layer(), subject.graph(), list[str]()
    convolutions = [module for module in layer.modules() if isinstance(module, MessagePassing)]
    expect(bool(convolutions), "no part of the layer is a torch_geometric.nn.MessagePassing.")
    learned = {name: parameter for name, parameter in layer.named_parameters() if parameter.requires_grad}
    names = ["the output", "the gradient of x", *(f"the gradient of {name}" for name in learned)]
    for training in (False, True):
        layer.train(training)
        results = []
        for watched in (False, True):
            subject.seed()
            x = subject.x().requires_grad_()
            with _watched(convolutions if watched else [], seen):
                out = layer(x, graph)
            factor = torch.linspace(-1, 1, out.numel(), device=out.device).view_as(out)
            wanted = [x, *learned.values()]
            gradients = torch.autograd.grad((out * factor).sum(), wanted, allow_unused=True, materialize_grads=True)
            results.append((out, *gradients))
        called = "message" in seen
        expect(called, "message is not called though a hook watches it; is the fused form taken regardless?")
        when = " in training" if training else ""
        for name, fused, plain in zip(names, *results, strict=True):
            equal(fused, plain, f"{name} differs between the fused form and the one through message{when}")


def _gradcheck(subject: Subject) -> None:
    layer, graph = subject.layer().double(), subject.graph()
    graph = graph.with_weight(graph.edge_weight.double())
    names = [name for name, _ in layer.named_parameters()]

    def call(x: Tensor, *parameters: Tensor) -> Tensor:
        out: Tensor = functional_call(layer, dict(zip(names, parameters, strict=True)), (x, graph))
        return out

    inputs = [value.detach().clone().requires_grad_() for value in (subject.x().double(), *layer.parameters())]
    noise = 0.0 if subject.device.type == "cpu" else 1e-9  # of atomic additions
    try:
        gradcheck(call, tuple(inputs), fast_mode=True, nondet_tol=noise)
    except GradcheckError as error:
        raise UnkeptError(f"the gradient is not that of the output: {error}") from error


def _dtypes(subject: Subject) -> None:
    layer, graph, x = subject.layer(), subject.graph(), subject.x()
    expected = layer(x, graph)
    for dtype, tolerance in ((torch.float64, 1e-4), (torch.bfloat16, 0.1)):
        out = layer.to(dtype)(x.to(dtype), graph)
        expect(out.dtype == dtype, f"vectors in {dtype} over weights in float32 become {out.dtype}; cast the weights.")
        equal(out.float(), expected, f"vectors in {dtype} give other values than in float32", tolerance)


def _state(subject: Subject) -> None:
    layer, x, graph = subject.layer(), subject.x(), subject.graph()
    other = subject.made().eval()
    other.load_state_dict(layer.state_dict())
    equal(other(x, graph), layer(x, graph), "a layer loaded from the state says something else")


def _isolated(subject: Subject) -> None:
    layer, graph = subject.layer(), subject.graph()
    alone = (graph.adjacency.source % 4 == 0) | (graph.adjacency.target % 4 == 0)
    for name, edges in (("isolated nodes", alone), ("no edges at all", torch.ones_like(alone))):
        x = subject.x().requires_grad_()
        out = layer(x, without(graph, edges))
        expect(bool(out.isfinite().all()), f"with {name} the output is not finite.")
        if out.requires_grad:
            (gradient,) = torch.autograd.grad(out.sum(), x, allow_unused=True, materialize_grads=True)
            expect(bool(gradient.isfinite().all()), f"with {name} the gradient is not finite.")


def _edge_masks(subject: Subject) -> None:
    layer, graph, x = subject.layer(), subject.graph(), subject.x()
    into_item = graph.adjacency.target >= USERS
    free = layer(x, graph)
    try:
        set_masks(layer, torch.ones_like(into_item, dtype=x.dtype), graph.edge_index, apply_sigmoid=False)
        equal(layer(x, graph), free, "a mask of ones changes the output")
        set_masks(layer, (~into_item).float(), graph.edge_index, apply_sigmoid=False)
        masked = layer(x, graph)
    finally:
        clear_masks(layer)
    equal(masked[:USERS], free[:USERS], "a mask of the edges into items changes users")
    changed = not torch.allclose(masked[USERS:], free[USERS:], rtol=1e-4, atol=1e-4)
    expect(changed, "a mask of zeros on the edges into items changes nothing.")


CLAUSES: dict[str, Callable[[Subject], None]] = {
    "shapes": _shapes,
    "permutation of nodes": _permutation,
    "weight 0 = no edge": _weight_zero,
    "both paths agree": _both_paths,
    "gradcheck in float64": _gradcheck,
    "dtype of x": _dtypes,
    "state round trip": _state,
    "isolated nodes": _isolated,
    "edge masks of an explainer": _edge_masks,
}


@contextmanager
def _watched(convolutions: Sequence[MessagePassing], seen: list[str]) -> Iterator[None]:
    """Watch every message, which keeps a layer from its fused form."""
    hooks = [
        convolution.register_message_forward_pre_hook(lambda module, inputs: seen.append("message"))
        for convolution in convolutions
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
