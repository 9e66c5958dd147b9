"""Graphs of every awkward kind, and the largest allocation of a call."""

from collections.abc import Callable

import pytest
import torch

from ragx.graph.adjacency import Adjacency


def _edges(kind: str, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, int, int]:
    def draw(high: int, size: int) -> torch.Tensor:
        return torch.randint(high, (size,), generator=generator)

    if kind == "no edges":
        return draw(1, 0), draw(1, 0), 4, 3
    if kind == "one node":
        return draw(1, 5), draw(1, 5), 1, 1
    if kind == "one heavy node":
        target = torch.cat([torch.full((20_000,), 2), draw(300, 2_000)])
        return draw(250, 22_000), target, 250, 300
    if kind == "square":
        return draw(12, 60), draw(12, 60), 12, 12
    sources, targets = int(draw(15, 1)) + 1, int(draw(15, 1)) + 1
    return draw(sources, 25), draw(targets, 25), sources, targets  # with empty rows and repeated edges


@pytest.fixture(scope="session")
def graph_of() -> Callable[[str, int], Adjacency]:
    """Return a maker of graphs: ``graph_of(kind, seed)``."""

    def make(kind: str, seed: int) -> Adjacency:
        source, target, num_sources, num_targets = _edges(kind, torch.Generator().manual_seed(seed))
        return Adjacency.from_edges(source, target, num_sources, num_targets)[0]

    return make


@pytest.fixture(scope="session")
def largest_allocation() -> Callable[[Callable[[], object]], int]:
    """Return a meter of the largest single allocation, in bytes, made by a call, inside operators too."""

    def measure(call: Callable[[], object]) -> int:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            call()
        assert profile.profiler is not None
        raw = profile.profiler.kineto_results.events()  # the profiler's own list credits memory to operators, in sums
        return max(int(event.nbytes()) for event in raw if event.name() == "[memory]")

    return measure
