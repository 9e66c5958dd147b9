"""The contract of models."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from ragx.graph.graph import Graph
from ragx.models.node_model import NodeModel
from ragx.ranking.scorers import Scorer
from ragx.testing.clauses import equal, expect, hold
from ragx.testing.made_model import ITEMS, NODES, USERS, MadeModel, moved, projected, variants
from ragx.testing.row_influence import rows_elsewhere
from ragx.typing import Tensor


def check_model(kind: Callable[..., NodeModel], /, **options: Any) -> None:
    """Hold a class of models against the contract of :class:`ragx.models.NodeModel`, clause by clause.

    Shapes; finite values; a gradient to every parameter; users first; outputs of layers; vectors of some nodes;
    repeatable draws; the scorer; training and evaluation; nodes without edges; state round trip; nothing kept from
    before; the graph untouched; float64; features. It is made as a run makes it, on 7 users and 11 items: with
    ``layer`` where its constructor names that, without and with ``features`` where it names these. Torch's generators
    stay as they were.

    Args:
        kind: the class, or what makes a model.
        options: what it is made with; ``layer`` is :class:`ragx.layers.RelevanceConv` unless it is among them.

    Raises:
        AssertionError: a clause does not hold; the message begins with its name and says how it fails.
    """
    for subject in variants(kind, options):
        suffix = " with features" if subject.with_features else ""
        clauses = {f"{name}{suffix}": partial(clause, subject) for name, clause in CLAUSES.items()}
        hold("the model", clauses, subject.seed, torch.device("cpu"))


def _shapes(subject: MadeModel) -> None:
    model, graph = subject.made(), subject.graph
    expect(isinstance(model, NodeModel), f"expected a ragx.models.NodeModel, got {type(model).__name__}.")
    sizes = (model.num_users, model.num_items)
    expect(sizes == (USERS, ITEMS), f"expected num_users and num_items {USERS} and {ITEMS}, got {sizes}.")
    for training in (True, False):
        for name, vectors in _vectors(model.train(training), graph).items():
            expect(isinstance(vectors, Tensor), f"{name}: expected a tensor, got {type(vectors).__name__}.")
            fits = vectors.dim() == 2 and len(vectors) == NODES
            expect(fits, f"{name}: expected [{NODES}, D], users first, got {list(vectors.shape)}.")
            expect(vectors.dtype == torch.float32, f"{name}: expected float32, got {vectors.dtype}.")


def _finite(subject: MadeModel) -> None:
    model = subject.made()
    for training in (True, False):
        for name, vectors in _vectors(model.train(training), subject.graph).items():
            expect(bool(vectors.isfinite().all()), f"{name}: expected finite values, got NaN or infinity.")


def _gradients(subject: MadeModel) -> None:
    model = subject.made().train()
    learned = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    expect(bool(learned), "the model has no parameter to learn.")
    final = model(subject.graph)
    expect(final.requires_grad, "the final vectors have no gradient.")
    gradients = torch.autograd.grad(projected(final), list(learned.values()), allow_unused=True)
    for name, gradient in zip(learned, gradients, strict=True):
        reached = gradient is not None and bool(gradient.any())
        expect(reached, f"no gradient of the final vectors reaches {name}.")
        assert gradient is not None
        expect(bool(gradient.isfinite().all()), f"the gradient of {name} is not finite.")


def _users_first(subject: MadeModel) -> None:
    features = subject.features().requires_grad_() if subject.with_features else None
    model = moved(subject.made(features=features))
    tables: dict[str, Tensor] = {
        name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad
    }
    if features is not None:
        tables["features"] = features
    for name, row, node in rows_elsewhere(model, subject.empty, tables):
        message = f"without edges, row {row} of {name} changes the vectors of other nodes and not that of node {node}."
        expect(False, message)


def _layers(subject: MadeModel) -> None:
    model, graph = moved(subject.made()), subject.graph
    inside = {id(module) for module in model.modules()}
    expect(all(id(layer) in inside for layer in subject.layers), "a layer is no module of the model; is it in a list?")
    differs = not torch.allclose(model(graph), model(subject.empty), rtol=1e-4, atol=1e-4)
    expect(differs or not subject.layers, "it has layers, and the edges of the graph change nothing.")
    if (readout := getattr(model, "readout", None)) is None:
        return
    seen: list[Tensor] = []
    outputs = model.layer_outputs(graph, lambda x: seen.append(x) or torch.zeros_like(x))  # type: ignore[func-returns-value]
    changed = len(seen) == len(outputs) - 1 and not any(bool(output.any()) for output in outputs[1:])
    expect(changed, "layer_outputs does not give the outputs that `after` made of those of the layers.")
    equal(readout(model.layer_outputs(graph)), model(graph), "readout(layer_outputs(graph)) is not forward(graph)")


def _scorer(subject: MadeModel) -> None:
    model, graph, users = moved(subject.made()), subject.graph, torch.arange(USERS)
    scorer = model.scorer(graph)
    sizes = (scorer.num_users, scorer.num_items)
    expect(sizes == (USERS, ITEMS), f"expected {USERS} users and {ITEMS} items, got {sizes[0]} and {sizes[1]}.")
    scores = _scores(scorer, users)
    expect(list(scores.shape) == [USERS, ITEMS], f"expected [{USERS}, {ITEMS}], got {list(scores.shape)}.")
    expect(not bool(scores.isnan().any() or scores.isposinf().any()), "expected scores without NaN and infinity.")
    order = users.flip(0)
    equal(_scores(scorer, order), scores[order], "users in another order get other scores")
    if type(model).scorer is NodeModel.scorer:
        expected = _scores(model.head.scorer(model(graph).detach(), graph), users)
        equal(scores, expected, "the scores are not those of head and forward")


def _some_nodes(subject: MadeModel) -> None:
    model, graph, nodes = moved(subject.made()), subject.graph, torch.arange(0, NODES, 5)
    if (some := model.vectors_of(graph, nodes)) is None:
        return
    equal(some, model(graph)[nodes], "vectors_of does not give what forward gives of the nodes")
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    one, other = (
        torch.autograd.grad(projected(vectors), learned, allow_unused=True) for vectors in (some, model(graph)[nodes])
    )
    for mine, theirs in zip(one, other, strict=True):
        expect((mine is None) == (theirs is None), "vectors_of reaches other parameters than forward.")
        if mine is not None:
            equal(mine, theirs, "the gradient of vectors_of is not that of forward")


def _modes(subject: MadeModel) -> None:
    model, graph, users = moved(subject.made()), subject.graph, torch.arange(USERS)
    scores = _scores(model.scorer(graph), users)
    expect(not model.training, "scorer leaves a model in training that was in evaluation.")
    repeated = _scores(model.train().scorer(graph), users)
    expect(
        all(module.training for module in model.modules()), "scorer leaves a model in evaluation that was in training."
    )
    equal(repeated, scores, "scorer gives other scores for a model in training")


def _repeatable(subject: MadeModel) -> None:
    model, other, graph = subject.made(), subject.made(), subject.graph
    for name, value in model.state_dict().items():
        same = torch.equal(value, other.state_dict()[name])
        expect(same, f"{name} is drawn, and not from torch's generator alone.")
    for training in (True, False):
        model.train(training)
        outputs = []
        for key in (0, 0 if training else 1):
            subject.seed(key)
            outputs.append(model(graph).detach())
        when = "in training under one state of torch's generator" if training else "in evaluation"
        expect(torch.equal(*outputs), f"forward gives two results {when}.")


def _state(subject: MadeModel) -> None:
    model, other, graph = moved(subject.made()), subject.made(1).eval(), subject.graph
    other.load_state_dict(model.state_dict())
    equal(other(graph), model(graph), "a model loaded from the state gives other vectors")
    equal(copy.deepcopy(model)(graph), model(graph), "a copy gives other vectors")


def _nothing_kept(subject: MadeModel) -> None:
    model, expected, users = moved(subject.made()), moved(subject.made(1)), torch.arange(USERS)
    for graph in (subject.empty, subject.graph):
        model(graph)
        scorer = model.scorer(graph)
    scores = _scores(scorer, users)
    model.load_state_dict(expected.state_dict())
    equal(_scores(scorer, users), scores, "a scorer changes as the model learns on")
    for graph in (subject.sparse, subject.graph):
        fresh = copy.deepcopy(expected)
        message = "scorer gives what it had with other weights or on another graph"
        equal(_scores(model.scorer(graph), users), _scores(fresh.scorer(graph), users), message)
        equal(model(graph), fresh(graph), "forward gives what it had with other weights or on another graph")


def _without_edges(subject: MadeModel) -> None:
    for name, graph in (("a user and an item without edges", subject.sparse), ("no edges at all", subject.empty)):
        model = moved(subject.made())
        final = model(graph)
        expect(bool(final.isfinite().all()), f"with {name} the final vectors are not finite.")
        if final.requires_grad:
            projected(final).backward()  # type: ignore[no-untyped-call]
        for parameter, value in model.named_parameters():
            finite = value.grad is None or bool(value.grad.isfinite().all())
            expect(finite, f"with {name} the gradient of {parameter} is not finite.")
        scores = _scores(model.scorer(graph), torch.arange(USERS))
        expect(not bool(scores.isnan().any()), f"with {name} there are scores that are NaN.")


def _untouched(subject: MadeModel) -> None:
    features = subject.features()
    model, graph = subject.made(features=features).train(), subject.graph
    given = {"the weights": graph.edge_weight, "the edges": graph.edge_index, "the features": features}
    given |= {f"the attribute {name}": value for name, value in graph.edge_attributes.items()}
    before = {name: value.clone() for name, value in given.items()}
    projected(model(graph)).backward()  # type: ignore[no-untyped-call]
    model.layer_outputs(graph)
    model.scorer(graph)
    for name, value in given.items():
        expect(torch.equal(value, before[name]), f"the model changes {name} that it is given.")


def _double(subject: MadeModel) -> None:
    model, graph = moved(subject.made()), subject.graph
    expected = model(graph).double()
    out = model.double()(graph)
    expect(out.dtype == torch.float64, f"a model in float64 gives vectors in {out.dtype}.")
    equal(out, expected, "a model in float64 gives other vectors than in float32")


def _features(subject: MadeModel) -> None:
    if subject.with_features:
        one, other = (moved(subject.made(features=subject.features(key)))(subject.graph) for key in (0, 1))
        expect(not torch.allclose(one, other), "other features give the same vectors.")


CLAUSES: dict[str, Callable[[MadeModel], None]] = {
    "shapes": _shapes,
    "finite values": _finite,
    "gradient to every parameter": _gradients,
    "users first": _users_first,
    "outputs of layers": _layers,
    "repeatable draws": _repeatable,
    "vectors of some nodes": _some_nodes,
    "scorer": _scorer,
    "training and evaluation": _modes,
    "nodes without edges": _without_edges,
    "state round trip": _state,
    "nothing kept from before": _nothing_kept,
    "graph untouched": _untouched,
    "float64": _double,
    "features": _features,
}


def _vectors(model: NodeModel, graph: Graph) -> dict[str, Any]:
    """Return what a model gives of every node, by the name of what gives it."""
    outputs = {f"layer_outputs[{number}]": output for number, output in enumerate(model.layer_outputs(graph))}
    return {"forward": model(graph), "base_embeddings": model.base_embeddings, **outputs}


def _scores(scorer: Scorer, users: Tensor) -> Tensor:
    return scorer.scores(users, slice(0, ITEMS))
