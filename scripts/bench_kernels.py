"""Time the kernels against the forms that others use, on Gowalla's graph or a generated one of its size.

The environment variable RAGX_DATA names the data folder. Only the ratios mean anything; run it on a quiet machine.
"""

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
    compare,
    parser_of,
    print_rows,
    read_pairs,
    verdicts_of,
    write_json,
)
from torch_geometric.utils import softmax

from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows
from ragx.kernels.edge_product import edge_product, edge_product_reference
from ragx.kernels.edge_softmax import edge_softmax
from ragx.kernels.forms import form_of, has_scatter, use_form
from ragx.kernels.linear_propagation import linear_propagation, linear_propagation_reference
from ragx.kernels.segment import segment_max, segment_mean
from ragx.kernels.weighted_sum import weighted_sum, weighted_sum_reference


def build(user: np.ndarray, item: np.ndarray, device: torch.device = CPU) -> tuple[Adjacency, torch.Tensor]:
    """Return the graph of both directions and its symmetric normalised weights."""
    users, items = torch.from_numpy(user), torch.from_numpy(item) + USERS
    nodes = USERS + ITEMS
    adjacency, _ = Adjacency.from_edges(torch.cat([users, items]), torch.cat([items, users]), nodes, nodes)
    scale = adjacency.row_pointer.diff().clamp(min=1).float().rsqrt()
    return adjacency.to(device), (scale[adjacency.source] * scale[adjacency.target]).to(device)


def sums(adjacency: Adjacency, weight: torch.Tensor, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare forms of the weighted sum, for one head and for several."""
    size = (adjacency.num_targets, adjacency.num_sources)
    indices = torch.stack([adjacency.target, adjacency.source])
    coo = torch.sparse_coo_tensor(indices, weight, size, check_invariants=False, is_coalesced=True)
    csr = compressed_rows(adjacency, weight)
    one = compare(
        "weighted sum",
        lambda: weighted_sum(x, weight, adjacency),
        {
            "torch.sparse.mm, COO": (lambda: torch.sparse.mm(coo, x), 6.0),
            "CSR product": (lambda: csr @ x, 2.5),
            "gather, multiply, index_add": (lambda: weighted_sum_reference(x, weight, adjacency), 40.0),
            "embedding_bag alone": (lambda: bare_product(adjacency, weight, x), 1 / 1.3),
        },
        repeats,
        device=x.device,
    )
    heads, weights = x.view(-1, HEADS, WIDTH // HEADS), weight.unsqueeze(1).repeat(1, HEADS)
    fast, plain = (partial(form, heads, weights, adjacency) for form in (weighted_sum, weighted_sum_reference))
    return one + compare(
        "weighted sum, 4 heads", fast, {"gather, multiply, index_add": (plain, None)}, repeats, device=x.device
    )


def scores(adjacency: Adjacency, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare forms of the edge product and the edge softmax."""
    rows: list[Row] = []
    for suffix, nodes in (("", x), (", 4 heads", x.view(-1, HEADS, WIDTH // HEADS))):
        fast, plain = (partial(form, nodes, nodes, adjacency) for form in (edge_product, edge_product_reference))
        rows += compare(
            f"edge product{suffix}", fast, {"gather, multiply, sum": (plain, None)}, repeats, device=x.device
        )
        score = fast()
        theirs = partial(softmax, score, index=adjacency.target, num_nodes=adjacency.num_targets)
        ours = partial(edge_softmax, score, adjacency)
        rows += compare(f"edge softmax{suffix}", ours, {"PyG": (theirs, None)}, repeats, device=x.device)
    return rows


def segments(adjacency: Adjacency, repeats: int) -> list[Row]:
    """Compare the forms of the maximum and the mean over the edges of every target: ours is the one chosen here."""
    rows: list[Row] = []
    for name, operation, segment in (
        ("segment maximum", "segment_max", segment_max),
        ("segment mean", "segment_mean", segment_mean),
    ):
        for heads in (1, HEADS):
            value = torch.randn(adjacency.num_edges, heads, generator=torch.Generator().manual_seed(0))
            ours = partial(segment, value.to(adjacency.source.device), adjacency)

            def forced(form: str, operation: str = operation, call: partial[torch.Tensor] = ours) -> torch.Tensor:
                with use_form(operation, form):
                    return call()

            chosen = form_of(operation, adjacency.source.device)
            forms = [form for form in ("torch", *(["scatter"] if has_scatter() else [])) if form != chosen]
            others = {form: (partial(forced, form), None) for form in forms}
            title = f"{name} ({chosen}), {heads} heads"
            rows += compare(title, ours, others, repeats, device=adjacency.source.device)
    return rows


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
    rows = sums(adjacency, weight, x, arguments.repeats) + scores(adjacency, x, arguments.repeats)
    rows += segments(adjacency, arguments.repeats) + propagation(adjacency, weight, x, arguments.repeats)
    print(
        f"{name}: {adjacency.num_sources} nodes, {adjacency.num_edges} edges, width {WIDTH}, torch {torch.__version__}"
    )
    print_rows(rows)
    verdicts = verdicts_of(rows)
    print(*verdicts, sep="\n")
    if arguments.output:
        setting = {"graph": name, "edges": adjacency.num_edges, "width": WIDTH, "threads": arguments.threads}
        write_json(arguments.output, {**setting, "device": device.type}, verdicts, {"rows": rows})


if __name__ == "__main__":
    main()
