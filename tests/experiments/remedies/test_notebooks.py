"""Advice of the calls that a notebook makes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import ragx
from ragx.models.most_popular import MostPopular

SHOP = ragx.datasets.load("shop", num_users=60, num_items=30, num_days=60, events_per_user=30.0)
SPLIT = ragx.data.default_split(SHOP)
GRAPH = ragx.graph.build_graph(SPLIT.train)
MODEL = ragx.models.RelevanceAwareGraph(num_users=60, num_items=30, layer=ragx.layers.LightConv, num_layers=1)
SCORER = MostPopular().fit(SPLIT.train)


def run() -> ragx.Run:
    """Return a run as ``ragx.load_run`` gives it, of the model that is there."""
    config = {"evaluation": {"_target_": "ragx.evaluation.Protocol"}, "trainer": {"refit": False}}
    return ragx.Run(Path("run"), config, {}, MODEL, GRAPH, SHOP, SPLIT)


def open_test() -> Any:
    return ragx.evaluation.Protocol().test({"model": SCORER}, SPLIT, reason="a look", on_open=print)


ROWS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "in Python, Protocol().test({'model': scorer}": (lambda: ragx.evaluate(SCORER, SPLIT, part="test"), open_test),
    "which brings its own split; leave it out": (lambda: ragx.evaluate(run(), SPLIT), lambda: ragx.evaluate(run())),
    "beside a run, which brings its own; leave it out": (
        lambda: ragx.evaluate(run(), graph=GRAPH),
        lambda: ragx.evaluate(run()),
    ),
    "such as graph=ragx.graph.build_graph(split.train)": (
        lambda: ragx.evaluate(MODEL, SPLIT),
        lambda: ragx.evaluate(MODEL, SPLIT, graph=GRAPH),
    ),
    "whose scores are made already; leave it out": (
        lambda: ragx.evaluate(SCORER, SPLIT, graph=GRAPH),
        lambda: ragx.evaluate(SCORER, SPLIT),
    ),
}


@pytest.mark.parametrize("advice", ROWS)
def test_a_notebook_goes_on_as_advised(advice: str, follow: Callable[..., None]) -> None:
    torch.manual_seed(0)
    follow(advice, *ROWS[advice])
