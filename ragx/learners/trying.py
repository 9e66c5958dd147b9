"""What can be found wrong with the parts that learn before any data is read."""

import inspect
from collections.abc import Mapping
from typing import Any

from ragx.checks import RunError
from ragx.learners.memory import small_model
from ragx.learners.node_models import tried_model
from ragx.learners.parts import is_closed_form
from ragx.parts import Part, PartsError
from ragx.ranking.memory import is_out_of_memory
from ragx.training.tiny_step import try_step

MOST_TRIED = 2**22
"""Parameters of a model, apart from its rows, up to which one step of it costs next to nothing."""
USED = {
    "task": ("problem", "evaluate", "monitor", "baselines"),
    "objective": ("of_batch", "negatives"),
    "sampler": ("__len__", "batch"),
    "trainer": ("fit", "stopping", "engine"),
    "evaluation": ("validate", "test"),
    "tracker": ("start", "log", "table", "finish"),
    "diagnostics": ("measure",),
    "model": ("base_embeddings", "scorer", "parameters"),
    "closed form": ("fit", "needed_bytes"),
    "optimizer": ("step", "param_groups"),
}
"""What is asked of parts; what lacks it is another kind of thing."""


def try_together(parts: Mapping[str, Part], features: bool = False) -> None:
    """Build a model of the layer, and the optimizer of its parameters; of a closed form, build it alone.

    Raises:
        ValueError: model and layer do not fit each other, or an option of theirs is out of range.
        RunError: the layers alone are too large for the memory.
    """
    if is_closed_form(parts["model"].target):
        check_kind(parts["model"], parts["model"].build(), "closed form")
        return
    try:
        model = small_model(parts, features)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(f"model: its layers alone do not fit into memory; make it narrower. {error}") from error
    check_kind(parts["model"], model)
    check_kind(parts["optimizer"], parts["optimizer"].build(params=list(model.parameters())))
    if sum(parameter.numel() for parameter in model.parameters()) <= MOST_TRIED:
        try_step(lambda users, items: tried_model(parts, users, items, features), parts["objective"].build())


def check_kind(part: Part, built: Any, use: str = "", option: str = "") -> None:
    """Check that what a part gives has what is asked of its kind.

    Args:
        part: the part.
        built: what it gave, or its class.
        use: its kind; by default that of its path in the config.
        option: its path, for the message.

    Raises:
        PartsError: something is missing.
    """
    kind = built if inspect.isclass(built) else type(built)
    if lacking := [name for name in USED[use or part.path] if not hasattr(built, name)]:
        raise PartsError(
            [f"{option or part.path}._target_: {part.name} gives a {kind.__name__}, which has no {', '.join(lacking)}."]
        )
