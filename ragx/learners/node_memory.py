"""The memory that a training of a model of nodes takes, and what would fit into less."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from ragx.graph.graph import Graph
from ragx.learners.node_models import Parts, build_model, tried_model
from ragx.models.node_model import NodeModel
from ragx.models.training_setup import COPIES
from ragx.typing import Tensor


def needed_bytes(parts: Parts, graph: Graph, features: Tensor | None) -> int:
    """Return about how many bytes the tensors of a training take: parameters with their moments, and layer outputs.

    The model is made without memory, so that one that does not fit can be measured too.

    Args:
        parts: the bound config.
        graph: what the model works on.
        features: node features, where it has some.
    """
    model, missing = _measurable(parts, graph, features)
    parameters = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    rows = [parameter[0] for parameter in model.parameters() if parameter.dim()]
    widest = max((row.numel() * row.element_size() for row in rows), default=0)
    layers = len(getattr(model, "layers", ()))
    return COPIES * (parameters + missing) + (layers + 2) * graph.num_nodes * widest


def small_model(parts: Parts, features: bool = False) -> NodeModel:
    """Return the model for two users and items, without memory where its layers can be made so."""

    def build() -> NodeModel:
        return tried_model(parts, 2, 2, features)

    try:
        with torch.device("meta"):
            return build()
    except Exception:  # a mistake, which comes again, or a layer that tries itself out when it is made
        return build()


def _measurable(parts: Parts, graph: Graph, features: Tensor | None) -> tuple[nn.Module, int]:
    """Return the model without memory and 0, or, where a layer tries itself out, a small one and what it lacks."""
    try:
        with torch.device("meta"):
            return build_model(parts, graph, features), 0
    except Exception:
        small = small_model(parts)
    table = small.base_embeddings
    return small, (graph.num_nodes - len(table)) * table[0].numel() * table.element_size()


def advice(parts: Parts, graph: Graph, features: Tensor | None, free: int) -> str:
    """Say the greatest power of two below the width that would fit into ``free`` bytes."""
    width: Any = parts["model"].as_dict().get("hidden_dim")
    if not isinstance(width, int):
        return "Narrower or fewer layers would fit."
    for power in reversed(range((width - 1).bit_length())):
        narrower = replace(parts["model"], arguments=parts["model"].arguments | {"hidden_dim": 2**power})
        try:
            fits = needed_bytes({**parts, "model": narrower}, graph, features) <= free
        except ValueError:
            continue  # heads that do not divide it
        if fits:
            return f"model.hidden_dim={2**power} instead of {width} would fit, or fewer layers."
    return "No width would fit."
