"""A sweep of depth, width and heads on the generated shop, and its time per step against edges × width."""

import itertools
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from bench_common import Verdict, seconds_of

from ragx.data.batches import PairBatches
from ragx.data.generated.shop import generated_shop
from ragx.data.negatives import Negatives
from ragx.data.splits.splitters import time_split
from ragx.graph.build import build_graph
from ragx.graph.graph import Graph
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.pairwise import BayesianPersonalizedRanking
from ragx.training.engine import Engine, deterministic_algorithms
from ragx.training.step import OnGraph, training_step

DEPTHS, WIDTHS, HEADS = (1, 2, 3, 4), (32, 64, 128), (1, 2, 4, 8)
Point = dict[str, float]


def sweep(device: torch.device, small: bool) -> tuple[list[Point], list[Point], Verdict]:
    """Run a few training steps of attention in every setting.

    Returns:
        A point for every setting with the milliseconds of a step, the lines fitted through them, and the verdict: every
        step ran and its loss was finite.
    """
    sizes = {"num_users": 100, "num_items": 60, "events_per_user": 10.0} if small else {}
    train = time_split(generated_shop(**sizes)).train  # type: ignore[arg-type]
    batches = PairBatches(train, batch_size=2_048, seed=0, negatives=Negatives())
    trial = _Trial(build_graph(train).to(device), batches, warm=1, timed=1 if small else 3)
    points = [trial.point(*setting) for setting in itertools.product(DEPTHS, WIDTHS, HEADS)]
    finite = all(math.isfinite(point["loss"]) for point in points)
    verdict = Verdict(
        f"sweep of {len(points)} settings on the generated shop runs through", finite, f"{len(points)} ran"
    )
    return points, fits_of(points), verdict


@dataclass(frozen=True)
class _Trial:
    graph: Graph
    batches: PairBatches
    warm: int
    timed: int

    def point(self, depth: int, width: int, heads: int) -> Point:
        """Return the median milliseconds of a step in one setting, and the last loss."""
        torch.manual_seed(0)
        graph, device, losses = self.graph, self.graph.edge_weight.device, list[float]()
        layer, objective = partial(RelevanceAttentionConv, heads=heads), BayesianPersonalizedRanking(l2=0.0)
        model = RelevanceAwareGraph(
            num_users=graph.num_users, num_items=graph.num_items, layer=layer, num_layers=depth, hidden_dim=width
        )
        fabric = Engine(device=device.type).fabric()
        wrapped, optimizer = fabric.setup(OnGraph(model, graph), torch.optim.Adam(model.parameters(), fused=True))

        def step() -> None:
            with deterministic_algorithms(device):
                optimizer.zero_grad()
                batch = self.batches.batch(0, len(losses) % len(self.batches))
                losses.append(float(training_step(fabric, wrapped, objective, [batch])))
                optimizer.step()

        seconds = [seconds_of(step, device) for _ in range(self.warm + self.timed)][self.warm :]
        size = {"depth": depth, "width": width, "heads": heads, "edges": graph.num_edges}
        return {**size, "milliseconds": round(1000 * statistics.median(seconds), 2), "loss": losses[-1]}


def fits_of(points: Iterable[Point]) -> list[Point]:
    """Return the lines through milliseconds against layers × edges × width: of all, and of each number of heads.

    The first has a slope for layers × edges × heads beside it, without which only settings of as many heads compare.
    """
    points = list(points)
    of_heads = [[point for point in points if point["heads"] == heads] for heads in HEADS]
    alone = [fit_of(same_heads, ["width"]) | {"heads": same_heads[0]["heads"]} for same_heads in of_heads]
    return [fit_of(points, ["width", "heads"]), fit_of(points, ["width"]), *alone]


def fit_of(points: list[Point], factors: list[str]) -> Point:
    """Return slopes (nanoseconds for an edge and component or head), intercept (milliseconds) and R²."""
    edges = [point["depth"] * point["edges"] for point in points]
    terms = [
        [count * point[name] / 1e6 for name in factors] + [1.0] for count, point in zip(edges, points, strict=True)
    ]
    x = torch.tensor(terms, dtype=torch.float64)
    y = torch.tensor([[point["milliseconds"]] for point in points], dtype=torch.float64)
    solution = torch.linalg.lstsq(x, y).solution
    left = float((y - x @ solution).square().sum() / (y - y.mean()).square().sum())
    names = [*(f"nanoseconds_{name}" for name in factors), "intercept"]
    fit = dict(zip(names, solution.flatten().tolist(), strict=True)) | {"r_squared": 1 - left}
    return {name: round(value, 4) for name, value in fit.items()}
