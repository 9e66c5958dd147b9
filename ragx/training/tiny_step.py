"""One step on three users and four items, so that a mistake of layer, model or objective is a line that names it."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from ragx.data.batches import Batch
from ragx.data.negatives import TrainPairs
from ragx.data.seconds import DAY
from ragx.graph.graph import Graph
from ragx.layers.fusion import may_fuse
from ragx.layers.message_layer import MessageLayer
from ragx.models.node_model import NodeModel
from ragx.objectives.base import ViewObjective
from ragx.objectives.views import Views
from ragx.parts import PartsError
from ragx.ranking.ranking import rank
from ragx.training.step import OnGraph
from ragx.typing import Tensor

USERS, ITEMS = 3, 4
SIZE = f"on {USERS} users and {ITEMS} items"


def try_step(make: Callable[[int, int], NodeModel], objective: ViewObjective) -> None:
    """Take one step from a graph to gradients and lists. Torch's generators stay as they were.

    Args:
        make: gives the model for a number of users and items.
        objective: loss and penalty.

    Raises:
        PartsError: a part raises, or gives what is of another shape or no finite number.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = make(USERS, ITEMS)
        try:
            _step(model.train(), objective)
        except PartsError:
            raise
        except Exception as error:
            raise PartsError([_named(error, model, objective)]) from error


def toy_graph(kinds: Iterable[str]) -> Graph:
    """Return eight pairs with weights, counts, values, times, and counts and times of every kind of event."""
    users, items = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2]), torch.tensor([0, 1, 3, 1, 2, 0, 2, 3])
    edge = torch.arange(len(users))
    attributes = {"count": 1 + edge % 3, "value": 0.5 + edge % 5, "time": DAY * (edge * 5 % 8)}
    for number, kind in enumerate(kinds):
        attributes[f"count_of_{kind}"] = (edge + number) % 3
        attributes[f"time_of_{kind}"] = attributes["time"]
    return Graph.from_pairs(users, items, USERS, ITEMS, weight=0.2 + 0.1 * (edge * 5 % 7), attributes=attributes)


def _step(model: NodeModel, objective: ViewObjective) -> None:
    kinds = {kind for module in model.modules() for kind in getattr(module, "kinds", None) or ()}
    graph = toy_graph(sorted(kinds | {"view", "cart", "buy"}))
    layers: list[nn.Module] = list(getattr(model, "layers", ()))
    for layer in model.modules():
        if isinstance(layer, MessageLayer) and not may_fuse(layer):
            layer.register_message_forward_hook(_check_messages)
    for depth, x in enumerate(model.layer_outputs(graph)):
        label = _label("layer", layers[depth - 1]) if depth and layers else _label("model", model)
        _check_vectors(label, x)
    _check_vectors(_label("model", model), model(graph))
    _check_vectors(f"{_label('model', model)}.base_embeddings", model.base_embeddings)
    views = Views(OnGraph(model, graph))
    loss = objective.of_batch(views, _batch(graph, objective))
    label = _label("objective", objective)
    _expect(label, isinstance(loss, Tensor) and loss.dim() == 0, "a loss that is one number", _shown(loss))
    _expect(label, bool(loss.isfinite()), "a finite loss", f"{float(loss.detach())}")
    _expect(label, loss.requires_grad, "a loss with a gradient", "one without")
    loss.backward()  # type: ignore[no-untyped-call]
    views.send_back(lambda tensor, gradient: tensor.backward(gradient))
    for name, parameter in model.named_parameters():
        finite = parameter.grad is None or bool(parameter.grad.isfinite().all())
        _expect(label, finite, f"finite gradients, with {type(model).__name__}", f"NaN or infinity at {name}")
    _check_scorer(model, graph)


def _check_scorer(model: NodeModel, graph: Graph) -> None:
    scorer, users = model.scorer(graph), torch.arange(USERS)
    label = f"{_label('model', model)}.scorer"
    sizes = [scorer.num_users, scorer.num_items]
    _expect(label, sizes == [USERS, ITEMS], f"{USERS} users and {ITEMS} items", f"{sizes[0]} and {sizes[1]}")
    finite = bool(rank(scorer, users, k=ITEMS).scores.isfinite().all())
    _expect(label, finite, "finite scores", "NaN or infinity")


def _batch(graph: Graph, objective: ViewObjective) -> Batch:
    into_item = graph.adjacency.target >= USERS
    users, items = graph.adjacency.source[into_item], graph.adjacency.target[into_item] - USERS
    pairs = TrainPairs(users, items, USERS, ITEMS)
    negatives = None
    if objective.negatives is not None:
        negatives = objective.negatives.sampler(pairs).draw(users, torch.Generator().manual_seed(0))
    return Batch(users, items, negatives, pairs)


def _check_vectors(label: str, x: Any) -> None:
    nodes = USERS + ITEMS
    fits = isinstance(x, Tensor) and x.dim() == 2 and len(x) == nodes and x.is_floating_point()
    _expect(label, fits, f"vectors [{nodes}, D], users first", _shown(x))
    _expect(label, bool(x.isfinite().all()), "finite vectors", "NaN or infinity")


def _check_messages(layer: MessageLayer, inputs: tuple[dict[str, Any], ...], out: Any) -> None:
    """Check, where PyG calls it after ``message``, that there is something for each edge that may be summed."""
    sources = [value for name, value in inputs[0].items() if name.endswith("_j") and isinstance(value, Tensor)]
    if not sources:
        return
    edges = sources[0].shape[layer.node_dim]
    fits = isinstance(out, Tensor) and out.dim() >= -layer.node_dim and out.shape[layer.node_dim] == edges
    _expect(f"{_label('layer', layer)}.message", fits, f"vectors [E, D] with E = {edges}", _shown(out))


def _expect(label: str, kept: bool, expected: str, came: str) -> None:
    if not kept:
        raise PartsError([f"{label}: expected {expected}, got {came} {SIZE}."])


def _shown(value: Any) -> str:
    return f"{list(value.shape)} of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__


def _label(part: str, built: Any) -> str:
    return f"{part}: {type(built).__name__}"


def _named(error: Exception, model: NodeModel, objective: ViewObjective) -> str:
    """Return which part an error came out of: the innermost call of a method of one, by its class and method."""
    layers = {id(part) for layer in getattr(model, "layers", ()) for part in layer.modules()}
    where, frame = _label("model", model), error.__traceback__
    while frame is not None:
        owner = frame.tb_frame.f_locals.get("self")
        parts = (("layer", id(owner) in layers), ("model", owner is model), ("objective", owner is objective))
        part = next((name for name, is_it in parts if is_it), None)
        if part is not None:
            where = f"{_label(part, owner)}.{frame.tb_frame.f_code.co_name}"
        frame = frame.tb_next
    reason = " ".join(str(error).split())
    return f"{where} raised {type(error).__name__} {SIZE}: {reason}"
