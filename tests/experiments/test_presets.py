"""A preset is a model with the layer and the objective that it goes with; what else is chosen wins."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragx.parts import Part
from ragx.runner.run.preflight import bind_parts

PRESETS = {
    "mf": ("ragx.models.MatrixFactorization", "ragx.layers.LightConv", "ragx.objectives.BayesianPersonalizedRanking"),
    "lightgcn": (
        "ragx.models.RelevanceAwareGraph",
        "ragx.layers.LightConv",
        "ragx.objectives.BayesianPersonalizedRanking",
    ),
    "ngcf": (
        "ragx.models.RelevanceAwareGraph",
        "ragx.layers.NGCFConv",
        "ragx.objectives.BayesianPersonalizedRanking",
    ),
    "relevance_attention": (
        "ragx.models.RelevanceAwareGraph",
        "ragx.layers.RelevanceAttentionConv",
        "ragx.objectives.InBatchSoftmax",
    ),
    "relevance_mixture": (
        "ragx.models.RelevanceAwareGraph",
        "ragx.layers.LightConv",
        "ragx.objectives.InBatchSoftmax",
    ),
    "relevance_aware_graph": (
        "ragx.models.RelevanceAwareGraph",
        "ragx.layers.LightConv",
        "ragx.objectives.InBatchSoftmax",
    ),
}
UNSWEPT = ("relevance_mixture", "relevance_aware_graph")
TINY = ("dataset.num_users=60", "dataset.num_items=40", "dataset.num_days=40", "trainer.max_epochs=1", "tracker=none")
Make = Callable[..., dict[str, Any]]


def parts_of(config: dict[str, Any]) -> dict[str, Any]:
    """Return what the identity of a run is made of."""
    return {name: part.as_dict() for name, part in bind_parts(config).items()}


def names_of(config: dict[str, Any]) -> tuple[str, ...]:
    bound: dict[str, Part] = bind_parts(config)
    return tuple(bound[name].name for name in ("model", "layer", "objective"))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_brings_its_parts(name: str, config_of: Make) -> None:
    assert names_of(config_of(f"model={name}")) == PRESETS[name]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", PRESETS)
def test_the_command_line_has_the_last_word(name: str, order: int, config_of: Make) -> None:
    chosen = (f"model={name}", "layer=sage", "objective=sampled_softmax")[::order]
    assert names_of(config_of(*chosen))[1:] == ("ragx.layers.PyGConv", "ragx.objectives.SampledSoftmax")


def test_a_sweep_file_has_the_last_word_too(config_of: Make) -> None:
    config = config_of("model=ngcf", "sweep=smoke")
    assert config["layer"]["_target_"] == "ragx.layers.RelevanceAttentionConv"
    assert config["objective"]["_target_"] == "ragx.objectives.BayesianPersonalizedRanking"


@pytest.mark.parametrize(
    ("preset", "written_out"),
    [
        (["model=lightgcn"], ["model=lightgcn", "layer=light", "objective=bpr"]),
        (["model=relevance_attention"], ["layer=relevance_attention"]),
        (["model=relevance_aware_graph"], []),
        (
            ["model=ngcf"],
            ["model=lightgcn", "layer=ngcf", "objective=bpr", "model.readout=concat"],
        ),
    ],
)
def test_a_preset_is_the_same_run_as_its_parts_written_out(
    preset: list[str], written_out: list[str], config_of: Make
) -> None:
    assert parts_of(config_of(*preset)) == parts_of(config_of(*written_out))


def test_a_preset_of_ones_own_brings_its_parts(config_of: Make, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text(
        "defaults:\n  - override /layer@_global_.layer: gcn\n  - override /graph@_global_.graph: uniform\n"
        "_target_: ragx.models.RelevanceAwareGraph\nnum_layers: 2\n"
    )
    config = config_of(f"hydra.searchpath=[{tmp_path}]", "model=mine")
    assert config["layer"]["conv"] == "torch_geometric.nn.GCNConv"
    assert config["model"] == {"_target_": "ragx.models.RelevanceAwareGraph", "num_layers": 2}


def test_presets_are_swept_opened_reproduced_and_asked(command: Any, tmp_path: Path) -> None:
    presets = "model=mf,lightgcn,ngcf,relevance_attention"
    ended = command("sweep", presets, *TINY, "model.hidden_dim=8", "sweep.name=presets", "sweep.rows=[model]")
    assert ended.status == 0, ended.err
    records = {path.parent: json.loads(path.read_text()) for path in tmp_path.glob("runs/*/run.json")}
    configs = [record["config"] for record in records.values()]
    swept = {tuple(config[part]["_target_"] for part in ("model", "layer", "objective")) for config in configs}
    assert swept == {parts for name, parts in PRESETS.items() if name not in UNSWEPT}
    ended = command("final", "sweep=presets")
    assert ended.status == 0, ended.err
    folder = next(path for path, record in records.items() if record["config"]["model"]["_target_"] == PRESETS["mf"][0])
    assert "test" in json.loads((folder / "metrics.json").read_text())
    assert "layers" not in " ".join(json.loads((folder / "run.json").read_text())["modules"])
    for line in (("recommend", f"run={folder}", "users=all", "k=3"), ("reproduce", f"run={folder}")):
        ended = command(*line)
        assert ended.status == 0, ended.err
    ended = command("recommend", f"run={folder}", "items=[item-00001]", "k=3")
    assert (ended.status, "MatrixFactorization has no layers" in ended.err) == (2, True)


def test_a_search_over_a_preset_keeps_its_parts(command: Any, tmp_path: Path) -> None:
    row = ("search.rows=null", "search.trials=1", "search.space={model.num_layers:null,model.hidden_dim:[4,8]}")
    ended = command("search", *TINY, "model=mf", *row, "search.startup=1")
    assert ended.status == 0, ended.err
    (record,) = (json.loads(path.read_text()) for path in tmp_path.glob("runs/*/run.json"))
    assert record["config"]["objective"]["_target_"] == PRESETS["mf"][2]
    assert record["config"]["model"]["hidden_dim"] in (4, 8)
