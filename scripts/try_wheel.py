"""Train from an unpacked wheel, so that a file it lacks is missed: ``python scripts/try_wheel.py FOLDER``."""

import sys
from pathlib import Path

import torch

import ragx
from ragx.data.shop import generated_shop
from ragx.data.splitters import default_split
from ragx.evaluation.protocol import Protocol
from ragx.graph.build import build_graph
from ragx.kernels.forms import form_of
from ragx.kernels.native import has_compiler
from ragx.layers.light_conv import LightConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.training.trainer import Trainer


def main() -> None:
    """Train one epoch on a small shop, with the C code where there is a compiler."""
    folder = Path(sys.argv[1]).resolve()
    assert Path(ragx.__file__).is_relative_to(folder), f"expected ragx of {folder}, got {ragx.__file__}."
    split = default_split(generated_shop(num_users=40, num_items=30, num_days=30, events_per_user=10))
    graph = build_graph(split.train)
    model = RelevanceAwareGraph(num_users=graph.num_users, num_items=graph.num_items, layer=LightConv, num_layers=1)
    Trainer(max_epochs=1).fit(
        model=model, graph=graph, train=split.train, objective=InBatchSoftmax(), optimizer=torch.optim.Adam
    )
    value = Protocol().validate(model.scorer(graph), split).values["ndcg@20"]
    form = form_of("weighted_sum", torch.device("cpu"))
    assert form == "native" or not has_compiler(), f"weighted sums take the form {form}."
    print(f"ragx {ragx.__version__} of the wheel trains, ndcg@20 {value:.3f}, weighted sums as {form}")


if __name__ == "__main__":
    main()
