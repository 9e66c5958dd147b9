"""The training step of LightGCN: ours, PyG's on every kind of adjacency, an epoch of it, and the optimiser's share."""

import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
import torch
from bench_common import WIDTH, Row, Timed, bare_product, best_first, compare, read_pairs, seconds_of
from bench_outcome import Call, Training
from bench_peers import HandWritten, products
from torch import Tensor
from torch_geometric.nn.models import LightGCN

from ragx.data.batches import Batch, PairBatches
from ragx.data.interactions import Interactions
from ragx.data.negatives import Negatives
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph
from ragx.kernels.compressed import compressed_rows
from ragx.layers.light_conv import LightConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.training.engine import Engine, deterministic_algorithms
from ragx.training.step import OnGraph, training_step

DEPTH, BATCH, SMALL = 3, 2_048, 50
CALLED, BEST_RATIO, CALLED_RATIO = "PyG LightGCN, edge index", 1.5, 20.0
STEP = "LightGCN step"
Draw = Callable[[], Batch]


@dataclass(frozen=True)
class Setting:
    """What the steps run on.

    Args:
        name: name of the data.
        graph: its graph with the symmetric norm, on the device.
        batches: passes over its pairs with one uniform negative each.
        repeats: timings of every form.
    """

    name: str
    graph: Graph
    batches: PairBatches
    repeats: int

    @property
    def device(self) -> torch.device:
        """Where everything runs."""
        return self.graph.edge_weight.device

    def draw(self) -> Draw:
        """Return a draw of one batch after the other; every side of a comparison has its own and gets the same."""
        step = -1

        def next_batch() -> Batch:
            nonlocal step
            step += 1
            return self.batches.batch(step // len(self.batches), step % len(self.batches))

        return next_batch

    def model(self) -> RelevanceAwareGraph:
        """Return LightGCN as ragx builds it, the same at every call."""
        torch.manual_seed(0)
        sizes = {"num_users": self.graph.num_users, "num_items": self.graph.num_items, "hidden_dim": WIDTH}
        model = RelevanceAwareGraph(layer=LightConv, num_layers=DEPTH, similarity="inner_product", **sizes)  # type: ignore[arg-type]
        return model.to(self.device)


def read_setting(small: bool, device: torch.device, repeats: int) -> Setting:
    """Return Gowalla's training part or a generated one; the small one keeps every 50th interaction."""
    name, user, item = read_pairs()
    step = SMALL if small else 1
    events = Interactions.from_events(pl.DataFrame({"user": user[::step], "item": item[::step]}))
    batches = PairBatches(events, batch_size=BATCH, seed=0, negatives=Negatives())
    return Setting(name, build_graph(events).to(device), batches, repeats)


def our_step(setting: Setting, model: RelevanceAwareGraph, share: int = 1) -> Call:
    """Return the step of ragx's own loop: draw, loss, backward, Adam; the loss is returned."""
    fabric, draw = Engine(device=setting.device.type).fabric(), setting.draw()
    objective = BayesianPersonalizedRanking(l2=0.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    wrapped, stepper = fabric.setup(OnGraph(model, setting.graph), optimizer)

    def step() -> Tensor:
        with deterministic_algorithms(setting.device):
            stepper.zero_grad()
            loss = training_step(fabric, wrapped, objective, [draw() for _ in range(share)])
            stepper.step()
        return loss

    return Training(step, model.embedding)


def pyg_step(setting: Setting, model: LightGCN | HandWritten, edges: Any, rate: float = 1e-3) -> Call:
    """Return the step of PyG's own example: draw, loss, backward, Adam; the loss is returned."""
    optimizer, draw = torch.optim.Adam(model.parameters(), lr=rate, fused=True), setting.draw()

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = pyg_loss(model, edges, draw(), setting)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    return Training(step, model.embedding.weight)


def pyg_loss(model: LightGCN | HandWritten, edges: Any, batch: Batch, setting: Setting) -> Tensor:
    """Return the loss of a batch as PyG's example computes it, without its penalty."""
    assert batch.negatives is not None
    items = torch.cat([batch.items, batch.negatives.flatten()]) + setting.graph.num_users
    labels = torch.stack([batch.users.repeat(2), items]).to(setting.device)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Converting sparse tensor to CSR")
        positive, negative = model(edges, labels).chunk(2)
    loss: Tensor = model.recommendation_loss(positive, negative, lambda_reg=0.0)
    return loss


def pyg_inputs(graph: Graph) -> dict[str, Any]:
    """Return the adjacency in every form that PyG's class takes and that is installed, normed but for the first."""
    csr = compressed_rows(graph.adjacency, graph.edge_weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CS. tensor support is in beta")
        coo = csr.to_sparse_coo()  # type: ignore[no-untyped-call]
        inputs = {"edge index": graph.edge_index, "CSR": csr, "CSC": csr.to_sparse_csc(), "COO": coo}
    try:
        sparse: Any = importlib.import_module("torch_sparse")
    except (ImportError, OSError):
        return inputs
    target, source = graph.adjacency.target, graph.adjacency.source
    size = (graph.num_nodes, graph.num_nodes)
    return inputs | {
        "SparseTensor": sparse.SparseTensor(row=target, col=source, value=graph.edge_weight, sparse_sizes=size)
    }


def pyg_steps(setting: Setting, ours: RelevanceAwareGraph, *, checked: bool) -> dict[str, Call]:
    """Return the steps of PyG's class by its input, and of hand-written ones by their product, with our vectors."""
    size = (setting.graph.num_nodes, WIDTH, DEPTH)
    models: dict[str, tuple[LightGCN | HandWritten, Any]] = {
        f"PyG LightGCN, {name}": (LightGCN(*size, normalize=name == "edge index"), edges)
        for name, edges in pyg_inputs(setting.graph).items()
    }
    models |= {name: (HandWritten(*size, product), None) for name, product in products(setting.graph).items()}
    steps = {}
    for name, (model, edges) in models.items():
        model.to(setting.device).embedding.weight.data.copy_(ours.embedding.data)
        if checked:
            check_gradient(setting, model, edges)
        steps[name] = pyg_step(setting, model, edges)
    return steps


def steps(setting: Setting, apart: Sequence[Timed]) -> list[Row]:
    """Compare a step with others on every input, gradients, losses and weights being equal, and with its bound."""
    ours = setting.model()
    others: dict[str, tuple[Call, float | None]] = {
        name: (step, CALLED_RATIO if name == CALLED else None)
        for name, step in pyg_steps(setting, ours, checked=True).items()
    }
    bound = "six embedding_bag alone"
    others[bound] = (partial(_products, setting, ours.embedding.detach().clone(), 2 * DEPTH), 0.5)
    step = our_step(setting, ours)
    rows = compare(STEP, step, others, setting.repeats, device=setting.device, unchecked=[bound], apart=apart)
    return best_first(rows, BEST_RATIO, called=CALLED, unranked=[bound])


def check_gradient(setting: Setting, theirs: LightGCN | HandWritten, edges: Any) -> None:
    """Raise ``AssertionError`` unless PyG's model gives our gradient for one batch."""
    batch, ours = setting.draw()(), setting.model()
    fabric = Engine(device=setting.device.type).fabric()
    wrapped = fabric.setup_module(OnGraph(ours, setting.graph))
    training_step(fabric, wrapped, BayesianPersonalizedRanking(l2=0.0), [batch])
    assert ours.embedding.grad is not None
    (gradient,) = torch.autograd.grad(pyg_loss(theirs, edges, batch, setting), theirs.embedding.weight)
    torch.testing.assert_close(gradient, ours.embedding.grad, rtol=1e-4, atol=1e-8)


def epoch(setting: Setting, share: int) -> float:
    """Return the seconds of an epoch that is run, with ``share`` batches to a propagation."""
    step = our_step(setting, setting.model(), share)
    step()  # what is made once
    return seconds_of(lambda: [step() for _ in range(-(-len(setting.batches) // share))], setting.device)


def optimiser(setting: Setting) -> list[Row]:
    """Compare the update of Adam with one product."""
    model = setting.model()
    adam: Any = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    model.embedding.grad = torch.randn_like(model.embedding)
    name, product = "one embedding_bag alone", partial(_products, setting, model.embedding.detach().clone(), 1)

    def update() -> Tensor:
        adam.step()
        return torch.zeros(())

    return compare("Adam update", update, {name: (product, 1.0)}, setting.repeats, device=setting.device)


def _products(setting: Setting, x: Tensor, number: int) -> Tensor:
    for _ in range(number):
        bare_product(setting.graph.adjacency, setting.graph.edge_weight, x)
    return torch.zeros(())
