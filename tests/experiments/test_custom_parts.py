"""In every group, `custom` takes a part of one's own and nothing of the usual choice stays behind."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import ragx
from ragx.learners.given import GIVEN

CONF = Path(__file__).resolve().parents[2] / "conf"
TINY = {"dataset": ("num_users=60", "num_items=40", "num_days=40"), "trainer": ("max_epochs=1",)}
MINE = """
import torch
import ragx
import ragx.layers, ragx.models, ragx.objectives, ragx.tasks, ragx.training

class Task(ragx.tasks.Rank):
    def __init__(self, *, split, evaluation, depth: int):
        super().__init__(split=split, evaluation=evaluation)

def dataset(*, users: int):
    return ragx.data.generated_shop(num_users=users, num_items=40, num_days=40)

def split(dataset, *, share: float):
    return ragx.data.random_split(dataset, validation=share, test=0.1)

def graph(interactions, *, power: int):
    return ragx.graph.build_graph(interactions)

class Layer(ragx.layers.LightConv):
    def __init__(self, in_channels: int, out_channels: int, *, gain: int):
        super().__init__(in_channels, out_channels)

class Model(ragx.models.RelevanceAwareGraph):
    def __init__(self, *, num_users: int, num_items: int, layer, features=None, width: int):
        super().__init__(num_users=num_users, num_items=num_items, layer=layer, features=features, hidden_dim=width)

class Objective(ragx.objectives.InBatchSoftmax):
    def __init__(self, *, heat: float):
        super().__init__(temperature=heat)

class Optimizer(torch.optim.SGD):
    def __init__(self, params, *, rate: float):
        super().__init__(params, lr=rate)

class Trainer(ragx.training.Trainer):
    def __init__(self, *, most: int):
        super().__init__(max_epochs=most)

def evaluation(*, longest: int):
    return ragx.evaluation.Protocol(cutoffs=(20, longest))

class Diagnostics(ragx.evaluation.NoDiagnostics):
    def __init__(self, *, every: int):
        super().__init__()

class Tracker(ragx.training.NoTracker):
    def __init__(self, *, project: str):
        super().__init__()
"""
FEATURED = """
import torch
import ragx.models

class Model(ragx.models.MatrixFactorization):
    def __init__(self, *, num_users, num_items, features=None):
        super().__init__(num_users=num_users, num_items=num_items)
        self.features = features

    def forward(self, graph):
        return self.embedding if self.features is None else self.embedding + self.features
"""
OWN = {
    "task": ("my_own.Task", "depth=2"),
    "dataset": ("my_own.dataset", "users=50"),
    "split": ("my_own.split", "share=0.2"),
    "graph": ("my_own.graph", "power=2"),
    "layer": ("my_own.Layer", "gain=2"),
    "model": ("my_own.Model", "width=8"),
    "objective": ("my_own.Objective", "heat=0.5"),
    "optimizer": ("my_own.Optimizer", "rate=0.1"),
    "trainer": ("my_own.Trainer", "most=1"),
    "evaluation": ("my_own.evaluation", "longest=30"),
    "diagnostics": ("my_own.Diagnostics", "every=5"),
    "tracker": ("my_own.Tracker", "project=shop"),
}


def test_every_group_has_custom_and_it_asks_for_a_target() -> None:
    assert set(OWN) | {"sampler"} == set(GIVEN)
    for group in GIVEN:
        shown, target = (CONF / group / "custom.yaml").read_text().splitlines()
        assert f"{group}=custom {group}._target_=" in shown
        assert target == "_target_: ???"


def test_a_mistake_with_features_is_told_before_data_is_read(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_featured.py").write_text(FEATURED)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_featured", raising=False)
    nowhere = ("dataset=csv", "dataset.path=nowhere.csv", "model=custom", "+model.features=true")
    ended = command("run", *nowhere, "model._target_=my_featured.Model")
    assert (ended.status, "model: Model.forward raised RuntimeError on 3 users and 4 items" in ended.err) == (2, True)
    ended = command("run", *nowhere, "model._target_=ragx.models.MatrixFactorization")
    assert ended.err == "error: model.features: ragx.models.MatrixFactorization takes no features of users and items.\n"


@pytest.mark.parametrize("group", OWN)
def test_a_part_of_ones_own_runs(group: str, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_own", raising=False)
    target, option = OWN[group]
    small = [f"{part}.{key}" for part, options in TINY.items() if part != group for key in options]
    quiet = [] if group == "tracker" else ["tracker=none"]
    chosen = [f"{group}=custom", f"{group}._target_={target}", f"+{group}.{option}"]
    ended = command("run", *small, *quiet, *chosen)
    assert ended.status == 0, ended.err
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("runs/*/run.json"))
    name, _, value = option.partition("=")
    assert record["config"][group]["_target_"] == target
    assert str(record["config"][group][name]) == value
    assert set(record["config"][group]) <= {"_target_", name, "features"}
    if group == "evaluation":
        (folder,) = (path.parent for path in tmp_path.glob("runs/*/run.json"))
        _is_evaluated_once_it_is_trusted(folder)


def _is_evaluated_once_it_is_trusted(folder: Path) -> None:
    """Its protocol is code that the run folder names: who evaluates or serves the run trusts it."""
    with pytest.raises(ValueError, match=r"names my_own\.evaluation, code of the module my_own"):
        ragx.evaluate(ragx.load_run(folder))
    run = ragx.load_run(folder, trust=["my_own"])
    assert ragx.evaluate(run).values["ndcg@20"] == run.metrics["validation"]["ndcg@20"]
    assert run.recommend(k=3).height
