"""Time the kernels against the forms that others use, on Gowalla's graph or a generated one of its size.

The environment variable RAGX_DATA names the data folder. Only the ratios mean anything; run it on a quiet machine.
"""

import sys
from functools import partial

import numpy as np
import torch
from bench_common import (
    CPU,
    HEADS,
    ITEMS,
    USERS,
    WIDTH,
    Row,
    bare_product,
    best_first,
    compare,
    parser_of,
    print_rows,
    read_pairs,
    verdicts_of,
    write_json,
)
from bench_outcome import Call
from bench_peers import edge_index_product
from torch_geometric.utils import softmax

from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows
from ragx.kernels.edge_attention import edge_attention
from ragx.kernels.edge_product import edge_product
from ragx.kernels.edge_softmax import edge_softmax
from ragx.kernels.forms import FORMS, form_of, has_scatter, use_form
from ragx.kernels.linear_propagation import linear_propagation, linear_propagation_reference
from ragx.kernels.native import has_compiler
from ragx.kernels.segment import segment_max, segment_mean, segment_sum
from ragx.kernels.weighted_sum import weighted_sum, weighted_sum_reference


def build(user: np.ndarray, item: np.ndarray, device: torch.device = CPU) -> tuple[Adjacency, torch.Tensor]:
    """Return the graph of both directions and its symmetric normalised weights."""
    users, items = torch.from_numpy(user), torch.from_numpy(item) + USERS
    nodes = USERS + ITEMS
    adjacency, _ = Adjacency.from_edges(torch.cat([users, items]), torch.cat([items, users]), nodes, nodes)
    scale = adjacency.row_pointer.diff().clamp(min=1).float().rsqrt()
    return adjacency.to(device), (scale[adjacency.source] * scale[adjacency.target]).to(device)


def sums(adjacency: Adjacency, weight: torch.Tensor, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare the weighted sum with what others take for it."""
    size = (adjacency.num_targets, adjacency.num_sources)
    indices = torch.stack([adjacency.target, adjacency.source])
    coo = torch.sparse_coo_tensor(indices, weight, size, check_invariants=False, is_coalesced=True)
    csr = compressed_rows(adjacency, weight)
    rows = compare(
        "weighted sum",
        lambda: weighted_sum(x, weight, adjacency),
        {
            "torch.sparse.mm, COO": (lambda: torch.sparse.mm(coo, x), 6.0),
            "CSR product": (lambda: csr @ x, 2.5),
            "PyG EdgeIndex, matmul": (partial(edge_index_product(adjacency, weight), x), None),
            "gather, multiply, index_add": (lambda: weighted_sum_reference(x, weight, adjacency), 40.0),
            "embedding_bag alone": (lambda: bare_product(adjacency, weight, x), 1 / 1.3),
        },
        repeats,
        device=x.device,
    )
    return best_first(rows, 1 / 1.3)


def softmaxes(adjacency: Adjacency, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare the edge softmax with PyG's."""
    rows: list[Row] = []
    for suffix, nodes in (("", x), (f", {HEADS} heads", x.view(-1, HEADS, WIDTH // HEADS))):
        score = edge_product(nodes, nodes, adjacency)
        theirs = partial(softmax, score, index=adjacency.target, num_nodes=adjacency.num_targets)
        ours = partial(edge_softmax, score, adjacency)
        rows += compare(f"edge softmax{suffix}", ours, {"PyG": (theirs, None)}, repeats, device=x.device)
    return rows


def forms(adjacency: Adjacency, weight: torch.Tensor, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare all forms of every operation: ours is the one that the table has for the device."""
    edges = torch.randn(adjacency.num_edges, HEADS, generator=torch.Generator().manual_seed(0)).to(x.device)
    heads, weights = x.view(-1, HEADS, WIDTH // HEADS), weight.unsqueeze(1).repeat(1, HEADS)
    calls: dict[tuple[str, int], Call] = {
        ("weighted_sum", 1): partial(weighted_sum, x, weight, adjacency),
        ("weighted_sum", HEADS): partial(weighted_sum, heads, weights, adjacency),
        ("edge_product", 1): partial(edge_product, x, x, adjacency),
        ("edge_product", HEADS): partial(edge_product, heads, heads, adjacency),
        ("edge_attention", 1): partial(edge_attention, x.unsqueeze(1) / 8, x.unsqueeze(1), x.unsqueeze(1), adjacency),
        ("edge_attention", HEADS): partial(edge_attention, heads / 4, heads, heads, adjacency),
    }
    for name, segment in (("segment_sum", segment_sum), ("segment_max", segment_max), ("segment_mean", segment_mean)):
        calls |= {(name, n): partial(segment, edges[:, :n].contiguous(), adjacency) for n in (1, HEADS)}
    rows: list[Row] = []
    for (operation, number), call in calls.items():
        chosen = form_of(operation, x.device)
        others = {
            form: (partial(_forced, operation, form, call), None) for form in _there(operation, x.device) - {chosen}
        }
        rows += compare(
            f"{operation} ({chosen}), {number} head{'s' * (number > 1)}", call, others, repeats, device=x.device
        )
    return rows


def _there(operation: str, device: torch.device) -> set[str]:
    missing = {"scatter": not has_scatter(), "native": not has_compiler() or device.type != "cpu"}
    slow = operation.startswith("segment") or operation == "edge_attention"  # their references go row by row in Python
    row_by_row = {"reference"} if slow else set()
    return {form for form in FORMS[operation] if not missing.get(form)} - row_by_row


def _forced(operation: str, form: str, call: Call) -> torch.Tensor:
    with use_form(operation, form):
        return call()


def propagation(adjacency: Adjacency, weight: torch.Tensor, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare forward and backward of three linear layers with six bare products, after a check by plain layers."""
    leaf, coefficients = x.clone().requires_grad_(), [0.25] * 4

    def ours() -> torch.Tensor:
        y = linear_propagation(leaf, weight, adjacency, coefficients, transposed_weight=weight)
        return torch.autograd.grad(y, leaf, x)[0]

    def products() -> torch.Tensor:
        for _ in range(6):
            bare_product(adjacency, weight, x)
        return gradient

    gradient = ours()
    plain = linear_propagation_reference(leaf, weight, adjacency, coefficients)
    torch.testing.assert_close(torch.autograd.grad(plain, leaf, x)[0], gradient, rtol=1e-4, atol=1e-4)
    name = "3 linear layers, forward and backward"
    return compare(name, ours, {"six embedding_bag alone": (products, None)}, repeats, device=x.device)


def main() -> None:
    """Print a table of medians and what was promised, and write both as JSON where asked."""
    arguments = parser_of(__doc__, None, 7).parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    name, user, item = read_pairs()
    adjacency, weight = build(user, item, device)
    x = torch.randn(adjacency.num_sources, WIDTH, generator=torch.Generator().manual_seed(0)).to(device)
    size = f"{adjacency.num_sources} nodes, {adjacency.num_edges} edges, width {WIDTH}"
    print(f"{name}: {size}, {device.type}, torch {torch.__version__}")
    rows: list[Row] = []
    for part in (
        partial(sums, adjacency, weight),
        partial(softmaxes, adjacency),
        partial(propagation, adjacency, weight),
        partial(forms, adjacency, weight),
    ):
        timings = part(x, arguments.repeats)
        print_rows(timings)
        rows += timings
    verdicts = verdicts_of(rows)
    print(*verdicts, sep="\n")
    if arguments.output:
        setting = {"graph": name, "edges": adjacency.num_edges, "width": WIDTH, "threads": arguments.threads}
        write_json(arguments.output, {**setting, "device": device.type}, verdicts, {"rows": rows})
    sys.exit(device.type == "cpu" and not all(verdict.met for verdict in verdicts))


if __name__ == "__main__":
    main()
