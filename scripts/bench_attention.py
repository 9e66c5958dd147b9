"""Attention over neighbours: its time beside PyG's layer with the same weights and values, and its memory."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from bench_common import HEADS, WIDTH, Row, Timed, Verdict, at_most, best_first, compare
from bench_outcome import Call
from torch import Tensor
from torch_geometric.nn import TransformerConv

from ragx.graph.graph import Graph
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.testing.memory import peak_bytes

SIZES = (  # users, items, pairs, heads, width
    (2_000, 1_000, 50_000, 1, 64),
    (2_000, 1_000, 50_000, 4, 64),
    (2_000, 1_000, 100_000, 4, 64),
    (2_000, 1_000, 200_000, 8, 64),
    (8_000, 4_000, 100_000, 4, 32),
    (8_000, 4_000, 100_000, 4, 128),
    (20_000, 10_000, 200_000, 2, 64),
)
MOST_OFF, BEST_RATIO, CALLED_RATIO = 0.2, 5.0, 15.0


PYG, NAME = "PyG TransformerConv", f"attention, {HEADS} heads, forward + backward"


def attention(graph: Graph, repeats: int, apart: Sequence[Timed]) -> list[Row]:
    """Compare attention, forward and backward, with PyG's layer of the same weights."""
    device = graph.edge_weight.device
    ours, theirs = (layer.to(device) for layer in _layers())
    fast = _forward_and_backward(ours, graph, graph)
    plain = _forward_and_backward(theirs, graph, graph.edge_index)
    for one, other in zip(fast(), plain(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4 * max(1.0, float(other.abs().max())))
    sides = {PYG: (partial(_last, plain), CALLED_RATIO)}
    return best_first(
        compare(NAME, partial(_last, fast), sides, repeats, device=device, apart=apart), BEST_RATIO, called=PYG
    )


def our_side(graph: Graph) -> Call:
    """Return our side of the comparison alone."""
    return partial(_last, _forward_and_backward(_layers()[0], graph, graph))


def their_side(graph: Graph) -> Call:
    """Return PyG's side of the comparison alone."""
    return partial(_last, _forward_and_backward(_layers()[1], graph, graph.edge_index))


def _layers() -> tuple[RelevanceAttentionConv, Any]:
    """Return our layer and PyG's with the same weights, the same in every process."""
    torch.manual_seed(0)
    ours = RelevanceAttentionConv(WIDTH, WIDTH, heads=HEADS, residual=False)
    theirs: Any = TransformerConv(WIDTH, WIDTH // HEADS, heads=HEADS, root_weight=False)
    for mine, other in ((ours.query, theirs.lin_query), (ours.key, theirs.lin_key), (ours.value, theirs.lin_value)):
        other.load_state_dict(mine.state_dict())
    return ours, theirs


def _forward_and_backward(layer: torch.nn.Module, graph: Graph, edges: Graph | Tensor) -> Callable[[], list[Tensor]]:
    """Return a call that gives the output, and the gradients of all weights, biases and of the input."""
    x = torch.randn(graph.num_nodes, WIDTH, generator=torch.Generator().manual_seed(0)).to(graph.edge_weight.device)
    named = sorted(layer.named_parameters(), key=_part)
    leaf, weights = x.clone().requires_grad_(), [parameter for name, parameter in named if "skip" not in name]

    def call() -> list[Tensor]:
        out = layer(leaf, edges)
        return [out.detach(), *torch.autograd.grad(out, [*weights, leaf], grad_outputs=x)]

    return call


def _part(named: tuple[str, Tensor]) -> str:
    return named[0].removeprefix("lin_")  # PyG's lin_query is our query


def _last(call: Callable[[], list[Tensor]]) -> Tensor:
    return call()[-1]


def memory(device: torch.device, small: bool) -> tuple[list[dict[str, float]], Verdict]:
    """Measure the peak beyond what was there at several sizes, and fit it as 4 (a E H + b N D) bytes.

    Returns:
        A row for every size, with E, H, N, D, bytes, what the fit says, and bytes over 4 (E H + N D), the constant; the
        last row holds a and b. And the verdict: linear is what the fit misses by at most a fifth, where a vector an
        edge would make it miss by several times.
    """
    rows: list[dict[str, float]] = []
    for users, items, pairs, heads, width in SIZES:
        graph = _graph(users, items, pairs // (10 if small else 1)).to(device)
        layer = RelevanceAttentionConv(width, width, heads=heads).to(device)
        held = _peak(layer, graph, width, device)
        constant = held / 4 / (graph.num_edges * heads + graph.num_nodes * width)
        size = {"E": graph.num_edges, "H": heads, "N": graph.num_nodes, "D": width}
        rows.append({**size, "bytes": held, "constant": round(constant, 2)})
    terms = torch.tensor([[4.0 * row["E"] * row["H"], 4.0 * row["N"] * row["D"]] for row in rows]).double()
    measured = torch.tensor([[row["bytes"]] for row in rows], dtype=torch.float64)
    factors = torch.linalg.lstsq(terms / measured, torch.ones_like(measured)).solution
    fitted = terms @ factors
    for row, value in zip(rows, fitted.flatten().tolist(), strict=True):
        row["fitted"] = round(value)
    a, b = factors.flatten().tolist()
    off = float(((fitted - measured).abs() / measured).max())
    claim = f"attention's peak memory is 4 ({a:.1f} E H + {b:.1f} N D) bytes, off by a part"
    return [*rows, {"a": round(a, 2), "b": round(b, 2)}], at_most(claim, off, MOST_OFF)


def _peak(layer: torch.nn.Module, graph: Graph, width: int, device: torch.device) -> int:
    x = torch.randn(graph.num_nodes, width, device=device, requires_grad=True)

    def step() -> None:
        out = layer(x, graph)
        torch.autograd.grad(out, [x, *layer.parameters()], torch.ones_like(out))

    step()  # indices are made once and kept
    return peak_bytes(step, device)


def _graph(users: int, items: int, pairs: int) -> Graph:
    key = torch.unique(torch.randint(users * items, (pairs,), generator=torch.Generator().manual_seed(0)))
    return Graph.from_pairs(key // items, key % items, users, items)
