"""Time the kernels against the forms that others use, on Gowalla's graph or a generated one of its size.

The environment variable RAGX_DATA names the data folder. Only the ratios mean anything; run it on a quiet machine.
"""

import argparse
import gzip
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from torch_geometric.utils import softmax

from ragx.graph.adjacency import Adjacency
from ragx.kernels.compressed import compressed_rows
from ragx.kernels.edge_product import edge_product, edge_product_reference
from ragx.kernels.edge_softmax import edge_softmax
from ragx.kernels.linear_propagation import linear_propagation, linear_propagation_reference
from ragx.kernels.weighted_sum import weighted_sum, weighted_sum_reference

USERS, ITEMS, INTERACTIONS, WIDTH, HEADS = 29_858, 40_981, 810_128, 64, 4
Call = Callable[[], torch.Tensor]
Row = dict[str, str | float | None]


def read_pairs() -> tuple[str, np.ndarray, np.ndarray]:
    """Return a name, and user and item of every interaction: Gowalla's training part, or a skewed random draw."""
    path = Path(os.environ.get("RAGX_DATA", "")) / "gowalla" / "train.txt.gz"
    if path.is_file():
        with gzip.open(path, "rt") as lines:
            rows = [np.array(line.split(), dtype=np.int64) for line in lines]
        return (
            "gowalla",
            np.repeat([row[0] for row in rows], [len(row) - 1 for row in rows]),
            np.concatenate([row[1:] for row in rows]),
        )
    generator = np.random.default_rng(0)
    user = (USERS * generator.random(INTERACTIONS) ** 2).astype(np.int64)
    return "generated", user, (ITEMS * generator.random(INTERACTIONS) ** 3).astype(np.int64)


def build(user: np.ndarray, item: np.ndarray) -> tuple[Adjacency, torch.Tensor]:
    """Return the graph of both directions and its symmetric normalised weights."""
    users, items = torch.from_numpy(user), torch.from_numpy(item) + USERS
    nodes = USERS + ITEMS
    adjacency, _ = Adjacency.from_edges(torch.cat([users, items]), torch.cat([items, users]), nodes, nodes)
    scale = adjacency.row_pointer.diff().clamp(min=1).float().rsqrt()
    return adjacency, scale[adjacency.source] * scale[adjacency.target]


def compare(operation: str, ours: Call, others: dict[str, tuple[Call, float | None]], repeats: int) -> list[Row]:
    """Check that all forms give equal values, then time them in turn; return medians and their ratios to ours."""
    expected = ours()
    for call, _ in others.values():
        torch.testing.assert_close(call(), expected, rtol=1e-4, atol=1e-4)
    calls = {"ragx": ours} | {name: call for name, (call, _) in others.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            call()  # every form is timed with its own data in the caches
            start = time.perf_counter()
            call()
            times[name].append(1000 * (time.perf_counter() - start))
    median = {name: statistics.median(values) for name, values in times.items()}
    targets = {name: target for name, (_, target) in others.items()}
    return [
        {
            "operation": operation,
            "form": name,
            "milliseconds": round(median[name], 2),
            "ratio": round(median[name] / median["ragx"], 2),
            "target": targets.get(name),
        }
        for name in calls
    ]


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
    )
    heads, weights = x.view(-1, HEADS, WIDTH // HEADS), weight.unsqueeze(1).repeat(1, HEADS)
    fast, plain = (partial(form, heads, weights, adjacency) for form in (weighted_sum, weighted_sum_reference))
    return one + compare("weighted sum, 4 heads", fast, {"gather, multiply, index_add": (plain, None)}, repeats)


def bare_product(adjacency: Adjacency, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return the weighted sum as one call of torch, without checks or gradient."""
    return functional.embedding_bag(
        adjacency.source, x, adjacency.row_pointer, mode="sum", per_sample_weights=weight, include_last_offset=True
    )


def scores(adjacency: Adjacency, x: torch.Tensor, repeats: int) -> list[Row]:
    """Compare forms of the edge product and the edge softmax."""
    rows: list[Row] = []
    for suffix, nodes in (("", x), (", 4 heads", x.view(-1, HEADS, WIDTH // HEADS))):
        fast, plain = (partial(form, nodes, nodes, adjacency) for form in (edge_product, edge_product_reference))
        rows += compare(f"edge product{suffix}", fast, {"gather, multiply, sum": (plain, None)}, repeats)
        score = fast()
        theirs = partial(softmax, score, index=adjacency.target, num_nodes=adjacency.num_targets)
        ours = partial(edge_softmax, score, adjacency)
        rows += compare(f"edge softmax{suffix}", ours, {"PyG": (theirs, None)}, repeats)
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
    return compare(name, ours, {"six embedding_bag alone": (products, None)}, repeats)


def main() -> None:
    """Print a table of medians, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="JSON file to write")
    parser.add_argument("--repeats", type=int, default=7, help="timings of every form")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    name, user, item = read_pairs()
    adjacency, weight = build(user, item)
    x = torch.randn(adjacency.num_sources, WIDTH, generator=torch.Generator().manual_seed(0))
    rows = sums(adjacency, weight, x, arguments.repeats) + scores(adjacency, x, arguments.repeats)
    rows += propagation(adjacency, weight, x, arguments.repeats)
    print(
        f"{name}: {adjacency.num_sources} nodes, {adjacency.num_edges} edges, width {WIDTH}, torch {torch.__version__}"
    )
    for row in rows:
        target = f"(target at least {row['target']:.2f})" if row["target"] else ""
        print(f"{row['operation']:40}{row['form']:30}{row['milliseconds']:9.1f} ms{row['ratio']:8.2f} × {target}")
    if arguments.output:
        setting = {"graph": name, "edges": adjacency.num_edges, "width": WIDTH, "threads": arguments.threads}
        arguments.output.write_text(json.dumps({**setting, "torch": torch.__version__, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
