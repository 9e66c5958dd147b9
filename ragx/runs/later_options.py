"""Options that parts were given after runs had been made: unused, they leave the identities of runs as they were."""

from collections.abc import Mapping
from typing import Any

from ragx.former_names import TARGET

LATER: dict[str, dict[str, Any]] = {
    "ragx.models.RelevanceAwareGraph": {"mixture": None},
    "ragx.objectives.InBatchSoftmax": {"bfloat16_products": False},
    "ragx.training.Trainer": {"validations": None},
}
"""Options by the public name of their class or function, each with the value that does what was done before."""


def without_unused(part: Any, later: Mapping[str, Mapping[str, Any]] = LATER) -> Any:
    """Return a bound config without the later options that change nothing, in nested parts too.

    Args:
        part: a mapping with ``_target_``, or what such mappings lie in.
        later: the table above.
    """
    if isinstance(part, list):
        return [without_unused(entry, later) for entry in part]
    if not isinstance(part, Mapping):
        return part
    unused = later.get(part.get(TARGET, ""), {})
    return {
        name: without_unused(value, later)
        for name, value in part.items()
        if not (name in unused and _same(value, unused[name]))
    }


def _same(value: Any, usual: Any) -> bool:
    return type(value) is type(usual) and bool(value == usual)
