"""Train from an unpacked wheel, by library and command, for what it lacks: ``python scripts/try_wheel.py FOLDER``."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

import ragx
from ragx.data.generated.shop import generated_shop
from ragx.data.splits.splitters import default_split
from ragx.evaluation.protocol import Protocol
from ragx.graph.build import build_graph
from ragx.kernels.forms import form_of
from ragx.kernels.native import has_compiler
from ragx.layers.light_conv import LightConv
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.objectives.in_batch_softmax import InBatchSoftmax
from ragx.runner.folders import CONF
from ragx.training.trainer import Trainer

OPTIONS = (
    *("dataset=shop", "dataset.num_users=40", "dataset.num_items=30", "dataset.num_days=30"),
    *("dataset.events_per_user=10", "model.hidden_dim=8", "trainer.max_epochs=1", "tracker=none"),
)


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
    assert Path(CONF).is_relative_to(folder), f"expected the configs of {folder}, got {CONF}."
    with tempfile.TemporaryDirectory() as elsewhere:
        for command in (["run", "seed=0"], ["sweep", "seeds=1", "model.num_layers=0,1"]):
            call(folder, Path(elsewhere), [*command, *OPTIONS])
        runs = len(list(Path(elsewhere).glob("runs/*/metrics.json")))
    assert runs == 2, f"expected 2 runs, since the sweep takes over the first, got {runs}."
    print(f"the command ragx of the wheel left {runs} runs in a folder of its own")


def call(package: Path, folder: Path, arguments: list[str]) -> None:
    """Run the command ``ragx`` of an unpacked wheel in a folder."""
    environment = os.environ | {"PYTHONPATH": str(package)}
    subprocess.run([sys.executable, "-m", "ragx", *arguments], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    main()
