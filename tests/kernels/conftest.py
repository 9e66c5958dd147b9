"""Graphs of every awkward kind on every device there is, and the memory that a call holds."""

from collections.abc import Callable

import pytest
import torch

from ragx.graph.adjacency import Adjacency
from ragx.testing.memory import peak_bytes

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
HEAVY, REST = 20_000, 2_000


def _edges(kind: str, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, int, int]:
    def draw(high: int, size: int) -> torch.Tensor:
        return torch.randint(high, (size,), generator=generator)

    if kind == "no edges":
        return draw(1, 0), draw(1, 0), 4, 3
    if kind == "square without edges":
        return draw(1, 0), draw(1, 0), 4, 4
    if kind == "one node":
        return draw(1, 5), draw(1, 5), 1, 1
    if kind in ("one heavy node", "square with a heavy node"):
        targets = 300 if kind == "one heavy node" else 250
        target = torch.cat([torch.full((HEAVY,), 2), draw(targets, REST)])
        return draw(250, HEAVY + REST), target, 250, targets
    if kind == "square":
        return draw(12, 60), draw(12, 60), 12, 12
    sources, targets = int(draw(15, 1)) + 1, int(draw(15, 1)) + 1
    return draw(sources, 25), draw(targets, 25), sources, targets  # with empty rows and repeated edges


@pytest.fixture(scope="session", params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Return each device that is there in turn."""
    return torch.device(request.param)


@pytest.fixture(scope="session")
def graph_of(device: torch.device) -> Callable[[str, int], Adjacency]:
    """Return a maker of graphs: ``graph_of(kind, seed)``."""

    def make(kind: str, seed: int) -> Adjacency:
        source, target, num_sources, num_targets = _edges(kind, torch.Generator().manual_seed(seed))
        return Adjacency.from_edges(source, target, num_sources, num_targets)[0].to(device)

    return make


@pytest.fixture(scope="session")
def peak(device: torch.device) -> Callable[[Callable[[], object]], int]:
    """Return a meter of the most bytes that a call holds, after a first call that makes what is kept."""

    def measure(call: Callable[[], object]) -> int:
        call()
        return peak_bytes(call, device)

    return measure
