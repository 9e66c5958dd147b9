"""Whether a training of a model of nodes fits into memory, and what to do where it does not."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from ragx.graph.graph import Graph
from ragx.learners.learner import DoesNotFitError
from ragx.learners.node_models import Parts, build_model, tried_model
from ragx.models.node_model import NodeModel
from ragx.ranking.memory import free_memory, is_out_of_memory
from ragx.typing import Tensor

COPIES = 4  # a parameter, its gradient and the two moments of Adam


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


def is_enough(device: str, needed: int) -> bool:
    """Say whether the processor's memory that is free is enough; other devices tell when they are asked for it."""
    return device != "cpu" or needed <= free_memory()


def check_fits(parts: Parts, device: str, graph: Graph, features: Tensor | None) -> None:
    """Raise :class:`DoesNotFitError` where a training on the CPU needs more memory than is free."""
    needed = needed_bytes(parts, graph, features)
    if not is_enough(device, needed):
        advice = _advice(parts, graph, features, free_memory())
        raise DoesNotFitError(f"The training needs about {_gib(needed)} of memory, and {advice}")


def explain(error: BaseException, parts: Parts, device: str, graph: Graph, features: Tensor | None) -> BaseException:
    """Return what an error of a training means: :class:`DoesNotFitError` where memory ran out, else the error."""
    if not isinstance(error, MemoryError | RuntimeError) or not is_out_of_memory(error):
        return error
    needed = needed_bytes(parts, graph, features)
    free = torch.cuda.mem_get_info()[0] if device == "cuda" else free_memory()
    advice = _advice(parts, graph, features, free)
    return DoesNotFitError(f"The training ran out of memory (its tensors take {_gib(needed)}); {advice}")


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


def _advice(parts: Parts, graph: Graph, features: Tensor | None, free: int) -> str:
    """Return what is free and the greatest power of two below the width that would fit."""
    width: Any = parts["model"].as_dict().get("hidden_dim")
    free_now = f"{_gib(free)} is free."
    if not isinstance(width, int):
        return f"{free_now} Narrower or fewer layers would fit."
    for power in reversed(range((width - 1).bit_length())):
        narrower = replace(parts["model"], arguments=parts["model"].arguments | {"hidden_dim": 2**power})
        try:
            fits = needed_bytes({**parts, "model": narrower}, graph, features) <= free
        except ValueError:
            continue  # heads that do not divide it
        if fits:
            return f"{free_now} model.hidden_dim={2**power} instead of {width} would fit, or fewer layers."
    return f"{free_now} No width would fit."


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"
