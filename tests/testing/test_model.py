"""The contract of models, which every model here keeps."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

import ragx
from ragx.layers.light_conv import LightConv
from ragx.layers.ngcf_conv import NGCFConv
from ragx.layers.relevance_attention_conv import RelevanceAttentionConv
from ragx.learners.given import GIVEN
from ragx.models.matrix_factorization import MatrixFactorization
from ragx.models.relevance_aware_graph import RelevanceAwareGraph
from ragx.testing import check_model

MODELS = Path(__file__).resolve().parents[2] / "conf" / "model"
NAMES = {"ragx.models.MatrixFactorization": MatrixFactorization, "ragx.models.RelevanceAwareGraph": RelevanceAwareGraph}
YAMLS: dict[str, Any] = {path.stem: OmegaConf.to_container(OmegaConf.load(path)) for path in MODELS.glob("*.yaml")}
VECTORS = sorted(name for name, config in YAMLS.items() if config["_target_"] in NAMES)
LAYERS = {"lightgcn": LightConv, "ngcf": NGCFConv, "relevance_attention": RelevanceAttentionConv}


def test_a_yaml_names_a_model_of_vectors_or_a_closed_form() -> None:
    others = {config["_target_"] for name, config in YAMLS.items() if name not in (*VECTORS, "custom")}
    assert all(issubclass(getattr(ragx.models, path.rpartition(".")[2]), ragx.models.ClosedForm) for path in others)


@pytest.mark.parametrize("name", VECTORS)
def test_every_model_that_has_a_yaml_keeps_the_contract(name: str) -> None:
    config = YAMLS[name]
    left_out = ("_target_", "defaults", *GIVEN["model"])
    options = {key: value for key, value in config.items() if key not in left_out} | {"hidden_dim": 8}
    options = {key: 0.5 if key == "temperature" else value for key, value in options.items()}
    options = {key: instantiate(value) if isinstance(value, dict) else value for key, value in options.items()}
    if name in LAYERS:
        options["layer"] = LAYERS[name]
    check_model(NAMES[config["_target_"]], **options)


@pytest.mark.parametrize("readout", ["last", "mean_of_layers", "concat", "learned"])
def test_every_read_out_and_depth_keeps_it(readout: str) -> None:
    check_model(RelevanceAwareGraph, readout=readout, num_layers=2, hidden_dim=8)
    check_model(RelevanceAwareGraph, readout=readout, num_layers=3, hidden_dim=8, layer=LightConv)


def test_torch_s_generator_stays_as_it_was() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    check_model(MatrixFactorization, hidden_dim=4)
    assert torch.equal(torch.rand(3), expected)
