"""Whether a training fits into memory, said before it starts, and what would fit where it does not."""

from typing import Any

import torch

from ragx.checks import RunError
from ragx.graph.graph import Graph
from ragx.ranking.memory import free_memory, is_out_of_memory
from ragx.report.run_parts import build_model
from runner.cell import Cell

COPIES = 4  # a parameter, its gradient and the two moments of Adam


class DoesNotFitError(RunError):
    """A training needs more memory than there is."""


def needed_bytes(cell: Cell, graph: Graph, features: torch.Tensor | None) -> int:
    """Return about how many bytes the tensors of a training take: parameters with their moments, and layer outputs.

    The model is made without memory, so that one that does not fit can be measured too.
    """
    with torch.device("meta"):
        model = build_model(cell.parts, graph, features)
    parameters = sum(each.numel() * each.element_size() for each in model.parameters())
    widest = max(each.shape[-1] for each in model.parameters() if each.dim())
    outputs = (len(model.layers) + 2) * graph.num_nodes * widest * model.embedding.element_size()
    return COPIES * parameters + outputs


def check_fits(cell: Cell, graph: Graph, features: torch.Tensor | None) -> None:
    """Raise :class:`DoesNotFitError` where a training on the CPU needs more memory than is free."""
    needed, free = needed_bytes(cell, graph, features), free_memory()
    if cell.trainer.engine.device_kind == "cpu" and needed > free:
        raise DoesNotFitError(f"The training needs about {_gib(needed)} of memory, and {_advice(cell, needed, free)}")


def explain(error: BaseException, cell: Cell, graph: Graph, features: torch.Tensor | None) -> BaseException:
    """Return what an error of a training means: :class:`DoesNotFitError` where memory ran out, else the error."""
    if not isinstance(error, MemoryError | RuntimeError) or not is_out_of_memory(error):
        return error
    needed = needed_bytes(cell, graph, features)
    free = torch.cuda.mem_get_info()[0] if cell.trainer.engine.device_kind == "cuda" else free_memory()
    return DoesNotFitError(
        f"The training ran out of memory (its tensors take {_gib(needed)}); {_advice(cell, needed, free)}"
    )


def _advice(cell: Cell, needed: int, free: int) -> str:
    width: Any = cell.plain["model"].get("hidden_dim")
    said = f"{_gib(free)} is free."
    if isinstance(width, int) and needed:
        fits = int(width * min(free / needed, 0.5 if needed <= free else 1.0))
        said += f" model.hidden_dim={max(2 ** (fits.bit_length() - 1), 1) if fits else 1} instead of {width} would fit"
        said += ", or fewer layers."
    return said


def _gib(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"
