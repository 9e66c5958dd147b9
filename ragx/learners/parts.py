"""The groups of a config, what each is given, and which of them a run is made of."""

import functools
import importlib
import inspect
import typing
from collections.abc import Mapping
from typing import Any

from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.evaluation.protocol import Protocol
from ragx.former_names import TARGET, with_public_names
from ragx.learners.closed_form import ByClosedForm
from ragx.learners.given import GIVEN, OF_LEARNER
from ragx.learners.learner import Learner, Settings
from ragx.learners.node_models import takes, takes_argument
from ragx.learners.node_setup import NodeSetup
from ragx.learners.trained import Trained
from ragx.models.closed_form import ClosedForm
from ragx.models.training_setup import TrainingSetup
from ragx.parts import Part, Refuse


def groups_of(config: Mapping[str, Any], refuse: Refuse | None = None) -> dict[str, tuple[str, ...]]:
    """Return the groups that task and model of a config are made of, each with what it is given.

    A closed form needs no graph, layer, objective or loop, a trained model what its setup names, and a task without
    users and items no split and no evaluation of rankings; other groups of a config are not looked at.

    Args:
        config: parts by name; where task or model cannot be imported, all groups that name a part are returned, and
            binding says why.
        refuse: says which dotted paths must not be imported.
    """
    named = with_public_names(config)
    unneeded: set[str] = set()
    model, task = (_target(name, named.get(name), refuse) for name in ("model", "task"))
    given = GIVEN
    if model is not None and is_closed_form(model):
        unneeded |= {*OF_LEARNER}
    elif model is not None:
        setup = setup_of(model)
        unneeded |= {*OF_LEARNER} - {*setup.groups}
        given = GIVEN | {"model": setup.given}
    if task is not None:
        unneeded |= {name for name in GIVEN["task"] if not takes_argument(task, name)}
    if model is None or task is None:
        unneeded |= {name for name in GIVEN if not _names_a_part(named.get(name))} - {"model", "task"}
    return {name: arguments for name, arguments in given.items() if name not in unneeded}


def _names_a_part(node: Any) -> bool:
    return TARGET in node if isinstance(node, Mapping) else node is not None


def is_closed_form(target: Any) -> bool:
    """Say whether a class is a closed form, or a function says that it returns one."""
    product = _product(target)
    return product is not None and issubclass(product, ClosedForm)


def setup_of(target: Any) -> type[TrainingSetup]:
    """Return what a training of a class, or of what a function says that it returns, is made of.

    A class names it as ``training_setup``; one that names none is of nodes on a graph.
    """
    setup: type[TrainingSetup] = getattr(_product(target), "training_setup", NodeSetup)
    return setup


def _product(target: Any) -> type | None:
    """Return a class as it is, and of a function the class that it says it returns."""
    if not inspect.isclass(target):
        try:
            target = typing.get_type_hints(target).get("return")
        except (NameError, TypeError):
            return None
    return target if inspect.isclass(target) else None


def _target(path: str, node: Any, refuse: Refuse | None) -> Any:
    """Return the class or function that a part names, None where binding will say what is wrong with it."""
    name = node.get(TARGET) if isinstance(node, Mapping) else None
    if not isinstance(name, str) or "." not in name or (refuse and refuse(f"{path}.{TARGET}", name, None)):
        return None
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None


def build_split(parts: Mapping[str, Part], dataset: Dataset, target_kind: str | None) -> Split:
    """Return the split of a run, for one kind of event where there is a target."""
    split: Split = parts["split"].build(dataset=dataset)
    return split if target_kind is None else split.for_target(target_kind)


def build_task(parts: Mapping[str, Part], settings: Mapping[str, Any]) -> Any:
    """Return the task of a run, given a split and the evaluation of rankings where it takes them.

    Args:
        parts: the bound config; without ``evaluation``, whose code need not be there, rankings are evaluated as usual.
        settings: the settings beside the parts, or what a run recorded of them: ``target_kind`` says which kind of
            event the split is for, none where it is missing.
    """
    given: dict[str, Any] = {}
    if takes(parts["task"], "split"):
        given["split"] = functools.partial(build_split, parts, target_kind=settings.get("target_kind"))
    if takes(parts["task"], "evaluation"):
        given["evaluation"] = parts["evaluation"].build() if "evaluation" in parts else Protocol()
    return parts["task"].build(**given)


def build_learner(parts: Mapping[str, Part], settings: Settings) -> Learner:
    """Return what fits the model of a run.

    Raises:
        ValueError: the model takes no features, and some are asked for.
    """
    target = parts["model"].target
    return ByClosedForm(parts, settings) if is_closed_form(target) else Trained(parts, settings, setup_of(target))
