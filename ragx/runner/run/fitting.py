"""What is said before a training starts: whether it fits into memory, and who is left out of it."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from ragx.checks import RunError
from ragx.data.interactions import Interactions
from ragx.data.negatives import TrainPairs
from ragx.graph.graph import Graph
from ragx.objectives.base import Objective
from ragx.parts import Part
from ragx.ranking.memory import free_memory, is_out_of_memory
from ragx.runner.run.cell import Cell
from ragx.runner.run.preflight import small_model
from ragx.runner.run.speaker import Speaker
from ragx.runs.parts import build_model

SHOWN = 3
COPIES = 4  # a parameter, its gradient and the two moments of Adam


class DoesNotFitError(RunError):
    """A training needs more memory than there is."""


def needed_bytes(cell: Cell, graph: Graph, features: torch.Tensor | None) -> int:
    """Return about how many bytes the tensors of a training take: parameters with their moments, and layer outputs.

    The model is made without memory, so that one that does not fit can be measured too.
    """
    return _bytes(cell.parts, graph, features)


def is_enough(cell: Cell, needed: int) -> bool:
    """Say whether the processor's memory that is free is enough; other devices tell when they are asked for it."""
    return cell.trainer.engine.device_kind != "cpu" or needed <= free_memory()


def check_fits(cell: Cell, graph: Graph, features: torch.Tensor | None) -> None:
    """Raise :class:`DoesNotFitError` where a training on the CPU needs more memory than is free."""
    needed = needed_bytes(cell, graph, features)
    if not is_enough(cell, needed):
        advice = _advice(cell, graph, features, free_memory())
        raise DoesNotFitError(f"The training needs about {_gib(needed)} of memory, and {advice}")


def name_users_left_out(train: Interactions, objective: Objective, say: Speaker) -> None:
    """Name the users who have every item, so that an objective that draws negatives cannot learn from their pairs."""
    if objective.negatives is None:
        return
    left_out = objective.negatives.sampler(TrainPairs.of(train)).users_without
    if len(left_out):
        names = ", ".join(map(repr, train.users.outside(left_out[:SHOWN].numpy())))
        say.print(
            f"No negative can be drawn for {len(left_out):,} of {train.num_users:,} users, who have every item: "
            f"{names}. Their pairs stay in the graph and are left out of the objective."
        )


def explain(error: BaseException, cell: Cell, graph: Graph, features: torch.Tensor | None) -> BaseException:
    """Return what an error of a training means: :class:`DoesNotFitError` where memory ran out, else the error."""
    if not isinstance(error, MemoryError | RuntimeError) or not is_out_of_memory(error):
        return error
    needed = needed_bytes(cell, graph, features)
    free = torch.cuda.mem_get_info()[0] if cell.trainer.engine.device_kind == "cuda" else free_memory()
    advice = _advice(cell, graph, features, free)
    return DoesNotFitError(f"The training ran out of memory (its tensors take {_gib(needed)}); {advice}")


def _bytes(parts: dict[str, Part], graph: Graph, features: torch.Tensor | None) -> int:
    model, missing = _measurable(parts, graph, features)
    parameters = sum(each.numel() * each.element_size() for each in model.parameters())
    rows = [each[0] for each in model.parameters() if each.dim()]
    widest = max((each.numel() * each.element_size() for each in rows), default=0)
    layers = len(getattr(model, "layers", ()))
    return COPIES * (parameters + missing) + (layers + 2) * graph.num_nodes * widest


def _measurable(parts: dict[str, Part], graph: Graph, features: torch.Tensor | None) -> tuple[nn.Module, int]:
    """Return the model without memory and 0, or, where a layer tries itself out, a small one and what it lacks."""
    try:
        with torch.device("meta"):
            return build_model(parts, graph, features), 0
    except Exception:
        small = small_model(parts)
    table = small.base_embeddings
    return small, (graph.num_nodes - len(table)) * table[0].numel() * table.element_size()


def _advice(cell: Cell, graph: Graph, features: torch.Tensor | None, free: int) -> str:
    """Return what is free and the greatest power of two below the width that would fit."""
    width: Any = cell.plain["model"].get("hidden_dim")
    said = f"{_gib(free)} is free."
    if not isinstance(width, int):
        return f"{said} Narrower or fewer layers would fit."
    for power in reversed(range((width - 1).bit_length())):
        narrower = replace(cell.parts["model"], arguments=cell.parts["model"].arguments | {"hidden_dim": 2**power})
        try:
            fits = _bytes(cell.parts | {"model": narrower}, graph, features) <= free
        except ValueError:
            continue  # heads that do not divide it
        if fits:
            return f"{said} model.hidden_dim={2**power} instead of {width} would fit, or fewer layers."
    return f"{said} No width would fit."


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"
