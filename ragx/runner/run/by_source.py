"""What is wrong with a config as far as the source text of its parts tells, before anything heavy is imported."""

import copy
from collections.abc import Callable
from typing import Any

from ragx.evaluation.names import refuse_sampling
from ragx.former_names import TARGET, with_public_names
from ragx.learners.given import GIVEN
from ragx.parts import REQUIRED, PartsError, bind, import_target
from ragx.runner.run.settings import check_settings
from ragx.signatures import UnknownType, UnreadableError, stand_in

READ = ("ragx.", "torch.optim.")
USUAL = {
    "task": ("ragx.tasks.Rank",),
    "model": ("ragx.models.RelevanceAwareGraph", "ragx.models.MatrixFactorization"),
}
"""What needs every group of a config; other tasks and models say by their code which groups they need."""


def take_features(config: dict[str, Any]) -> None:
    """Move ``model.features``, which is for the runner, to a setting of its own, and refuse sampled metrics.

    Raises:
        ValueError: an option of the evaluation is about sampled metrics.
    """
    model = config.get("model")
    config["features"] = model.pop("features", False) if isinstance(model, dict) else False
    evaluation = config.get("evaluation")
    if isinstance(evaluation, dict):
        refuse_sampling(evaluation)


def check_by_source(config: dict[str, Any]) -> None:
    """Check a config as far as the source text of its parts tells, which takes no import of torch.

    What cannot be read is left to the import of the parts, after which the very same is checked.

    Raises:
        ValueError: the config is at fault.
    """
    own: dict[str, Any] = with_public_names(copy.deepcopy(config))
    if any(not isinstance(own.get(name), dict) or own[name].get(TARGET) not in usual for name, usual in USUAL.items()):
        return
    try:
        take_features(own)
        bind(own, GIVEN, locate=_read_target)
        check_settings(own)
    except UnreadableError:
        return
    except PartsError as error:
        if not any(UnknownType.__name__ in line for line in error.errors):
            raise


def _read_target(path: str, name: Any, errors: list[str]) -> Callable[..., Any] | None:
    if not isinstance(name, str) or "." not in name or name == REQUIRED:
        return import_target(path, name, errors)  # says what is wrong and imports nothing
    if not name.startswith(READ):
        raise UnreadableError(f"{name}: the module may do anything when it is imported.")
    return stand_in(name)
