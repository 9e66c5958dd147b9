"""Time layers and a training step against PyG's with equal values, on Gowalla's graph or a generated one of its size.

The environment variable RAGX_DATA names the data folder. Only the ratios mean anything; run it on a quiet machine.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import bench_kernels
import torch
from bench_kernels import Call, Row, compare
from torch import Tensor
from torch_geometric.nn import TransformerConv
from torch_geometric.nn.models import LightGCN

from ragx.data.batches import Batch
from ragx.data.negatives import Negatives, NegativeSampler, TrainPairs
from ragx.graph.graph import Graph
from ragx.graph.weights import SymmetricNorm
from ragx.kernels.compressed import compressed_rows
from ragx.layers.light_conv import LightConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.training.engine import Engine
from ragx.training.step import OnGraph, training_step

WIDTH, HEADS, DEPTH, BATCH, EPOCH = 64, 4, 3, 2_048, 396
Batches = Callable[[], Batch]


def read_graph(small: bool) -> tuple[str, Graph]:
    """Return a name and the graph with symmetric norm; the small one keeps every 50th interaction."""
    name, user, item = bench_kernels.read_pairs()
    key = torch.unique(torch.from_numpy(user) * bench_kernels.ITEMS + torch.from_numpy(item))
    key = key[::50] if small else key
    users, items = key // bench_kernels.ITEMS, key % bench_kernels.ITEMS
    graph = Graph.from_pairs(users, items, bench_kernels.USERS, bench_kernels.ITEMS)
    return name, graph.with_weight(SymmetricNorm()(graph))


def batches_of(graph: Graph) -> Batches:
    """Return a draw of batches with one uniform negative a pair; both sides of a step draw by it."""
    into_item = graph.adjacency.target >= graph.num_users
    users, items = graph.edge_index[:, into_item]
    pairs = TrainPairs(users, items - graph.num_users, graph.num_users, graph.num_items)
    sampler, random = NegativeSampler(Negatives(), pairs), torch.Generator().manual_seed(0)
    users, items = pairs.users, pairs.items

    def draw() -> Batch:
        row = torch.randint(len(pairs), (BATCH,), generator=random)
        return Batch(users[row], items[row], sampler.draw(users[row], random), pairs)

    return draw


def pyg_loss(model: LightGCN, edges: Tensor, batch: Batch, num_users: int) -> Tensor:
    """Return the loss of a batch as PyG's example computes it, without its penalty."""
    assert batch.negatives is not None
    items = torch.cat([batch.items, batch.negatives.flatten()]) + num_users
    positive, negative = model(edges, torch.stack([batch.users.repeat(2), items])).chunk(2)
    loss: Tensor = model.recommendation_loss(positive, negative, lambda_reg=0.0)
    return loss


def step_of(loss: Callable[[Batch], Tensor], parameters: Sequence[Tensor], draw: Batches) -> Call:
    """Return a step: draw, loss, backward, Adam."""
    optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss(draw()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return torch.zeros(())

    return step


def our_step(model: RelevanceAwareGraph, graph: Graph, draw: Batches) -> Call:
    """Return the step of ragx's own loop with the same optimiser."""
    fabric, objective = Engine(device="cpu").fabric(), BayesianPersonalizedRanking(l2=0.0)
    wrapped, optimizer = fabric.setup(OnGraph(model, graph), torch.optim.Adam(model.parameters(), lr=1e-3, fused=True))

    def step() -> Tensor:
        optimizer.zero_grad()
        training_step(fabric, wrapped, graph, objective, [draw()])
        optimizer.step()
        return torch.zeros(())

    return step


def check_gradients(ours: RelevanceAwareGraph, theirs: LightGCN, graph: Graph, inputs: Sequence[Tensor]) -> None:
    """Raise ``AssertionError`` unless PyG's model on every input gives our gradient for one batch."""
    batch = batches_of(graph)()
    fabric = Engine(device="cpu").fabric()
    wrapped = fabric.setup_module(OnGraph(ours, graph))
    training_step(fabric, wrapped, graph, BayesianPersonalizedRanking(l2=0.0), [batch])
    expected = ours.embedding.grad
    assert expected is not None
    for edges in inputs:
        loss = pyg_loss(theirs, edges, batch, graph.num_users)
        (gradient,) = torch.autograd.grad(loss, theirs.embedding.weight)
        torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-8)
    ours.zero_grad()


def steps(graph: Graph, repeats: int) -> list[Row]:
    """Compare a LightGCN step on pairwise ranking with PyG's class on an edge index and on its best sparse input."""
    size = {"num_users": graph.num_users, "num_items": graph.num_items}
    ours = RelevanceAwareGraph(layer=LightConv, num_layers=DEPTH, similarity="inner_product", **size)  # type: ignore[arg-type]
    csr = compressed_rows(graph.adjacency, graph.edge_weight)
    inputs = {"edge index": graph.edge_index, "CSR": csr}  # PyG turns COO into CSR at every call
    models = {name: LightGCN(graph.num_nodes, WIDTH, DEPTH, normalize=name == "edge index") for name in inputs}
    for name, model in models.items():
        model.embedding.weight.data.copy_(ours.embedding.data)
        check_gradients(ours, model, graph, [inputs[name]])
    others: dict[str, tuple[Call, float | None]] = {}
    for name, model in models.items():
        loss = partial(_loss_of, model, inputs[name], graph.num_users)
        target = 20.0 if name == "edge index" else 4.0
        others[f"PyG LightGCN, {name}"] = (step_of(loss, list(model.parameters()), batches_of(graph)), target)
    others["six embedding_bag alone"] = (partial(_six_products, graph, ours.embedding.detach().clone()), 0.5)
    return compare("LightGCN step", our_step(ours, graph, batches_of(graph)), others, repeats)


def _loss_of(model: LightGCN, edges: Tensor, num_users: int, batch: Batch) -> Tensor:
    return pyg_loss(model, edges, batch, num_users)


def _six_products(graph: Graph, x: Tensor) -> Tensor:
    for _ in range(2 * DEPTH):
        bench_kernels.bare_product(graph.adjacency, graph.edge_weight, x)
    return torch.zeros(())


def attention(graph: Graph, x: Tensor, repeats: int) -> tuple[list[Row], dict[str, float]]:
    """Compare attention, forward and backward, with PyG's layer of the same weights, and measure peak memory."""
    ours = RelevanceAttentionConv(WIDTH, WIDTH, heads=HEADS, residual=False)
    theirs = TransformerConv(WIDTH, WIDTH // HEADS, heads=HEADS, root_weight=False)
    pairs = ((ours.query, theirs.lin_query), (ours.key, theirs.lin_key), (ours.value, theirs.lin_value))
    for mine, other in pairs:
        other.load_state_dict(mine.state_dict())
    leaf, edges = x.clone().requires_grad_(), graph.edge_index

    def gradients(out: Tensor, parameters: list[Tensor]) -> Tensor:
        found = torch.autograd.grad(out, [leaf, *parameters], grad_outputs=x)
        return torch.cat([out.detach().flatten(), *(each.flatten() / len(x) for each in found[1:]), found[0].flatten()])

    our_weights = [mine.weight for mine, _ in pairs]
    their_weights = [other.weight for _, other in pairs]
    fast = lambda: gradients(ours(leaf, graph), our_weights)  # noqa: E731
    plain = lambda: gradients(theirs(leaf, edges), their_weights)  # noqa: E731
    rows = compare("attention, 4 heads, fwd + bwd", fast, {"PyG TransformerConv": (plain, 15.0)}, repeats)
    unit = 4 * (graph.num_edges * HEADS + graph.num_nodes * WIDTH)
    return rows, {name: round(peak_bytes(call) / unit, 2) for name, call in (("ragx", fast), ("PyG", plain))}


def peak_bytes(call: Call) -> int:
    """Return the most memory that a call held beyond what was there before."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        call()
    assert profile.profiler is not None
    events = [each for each in profile.profiler.kineto_results.events() if each.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda each: each.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def main() -> None:
    """Print a table of medians, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="JSON file to write")
    parser.add_argument("--repeats", type=int, default=5, help="timings of every form")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--small", action="store_true", help="a fiftieth of the interactions, to see that it runs")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    name, graph = read_graph(arguments.small)
    x = torch.randn(graph.num_nodes, WIDTH, generator=torch.Generator().manual_seed(0))
    rows = bench_kernels.sums(graph.adjacency, graph.edge_weight, x, arguments.repeats)
    rows += steps(graph, arguments.repeats)
    attended, memory = attention(graph, x, arguments.repeats)
    rows += attended
    print(f"{name}: {graph.num_nodes} nodes, {graph.num_edges} edges, width {WIDTH}, torch {torch.__version__}")
    for row in rows:
        target = f"(target at least {row['target']:.2f})" if row["target"] else ""
        print(f"{row['operation']:32}{row['form']:30}{row['milliseconds']:9.1f} ms{row['ratio']:8.2f} × {target}")
    step = next(row for row in rows if row["operation"] == "LightGCN step" and row["form"] == "ragx")
    epoch = round(EPOCH * float(step["milliseconds"] or 0) / 1000, 1)
    print(f"epoch of {EPOCH} steps: {epoch} s (target at most 40)")
    print(f"attention, peak memory over 4 bytes × (E H + N D): {memory}")
    if arguments.output:
        setting = {"graph": name, "edges": graph.num_edges, "width": WIDTH, "threads": arguments.threads}
        found = {"rows": rows, "epoch_seconds": epoch, "attention_peak_memory": memory}
        arguments.output.write_text(json.dumps({**setting, "torch": torch.__version__, **found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
