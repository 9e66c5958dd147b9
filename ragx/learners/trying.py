"""What can be found wrong with the parts that learn before any data is read."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from ragx.checks import RunError
from ragx.learners.parts import is_closed_form, setup_of
from ragx.parts import Part, PartsError
from ragx.ranking.memory import is_out_of_memory

USED = {
    "task": ("problem", "evaluate", "monitor", "baselines"),
    "sampler": ("__len__", "batch"),
    "trainer": ("train", "stopping", "engine"),
    "evaluation": ("validate", "test"),
    "tracker": ("start", "log", "table", "finish"),
    "diagnostics": ("measure",),
    "closed form": ("fit", "needed_bytes"),
    "optimizer": ("step", "param_groups"),
}
"""What is asked of parts; what lacks it is another kind of thing. A trained model's setup adds what it asks."""


def try_together(parts: Mapping[str, Part], features: bool = False) -> None:
    """Build a model for next to no data, and the optimizer of its parameters; of a closed form, build it alone.

    Raises:
        ValueError: model and layer do not fit each other, or an option of theirs is out of range.
        RunError: the layers alone are too large for the memory.
    """
    if is_closed_form(parts["model"].target):
        check_kind(parts["model"], parts["model"].build(), "closed form")
        return
    setup = setup_of(parts["model"].target)
    try:
        model = setup.small_model(parts, features)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(f"model: its layers alone do not fit into memory; make it narrower. {error}") from error
    if model is None:
        return
    check_kind(parts["model"], model, asked=setup.asked.get("model", ()))
    check_kind(parts["optimizer"], parts["optimizer"].build(params=list(model.parameters())))
    setup.try_step(parts, features)


def check_objective(parts: Mapping[str, Part], objective: Any) -> None:
    """Check that an objective has what the setup of the model asks of it.

    Raises:
        PartsError: something is missing.
    """
    check_kind(parts["objective"], objective, asked=setup_of(parts["model"].target).asked.get("objective", ()))


def check_kind(part: Part, built: Any, use: str = "", option: str = "", asked: Sequence[str] | None = None) -> None:
    """Check that what a part gives has what is asked of its kind.

    Args:
        part: the part.
        built: what it gave, or its class.
        use: its kind; by default that of its path in the config.
        option: its path, for the message.
        asked: names of what it is to have; by default what is asked of its kind.

    Raises:
        PartsError: something is missing.
    """
    kind = built if inspect.isclass(built) else type(built)
    if lacking := [name for name in (USED[use or part.path] if asked is None else asked) if not hasattr(built, name)]:
        raise PartsError(
            [f"{option or part.path}._target_: {part.name} gives a {kind.__name__}, which has no {', '.join(lacking)}."]
        )
