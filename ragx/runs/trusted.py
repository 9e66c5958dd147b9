"""Whose code the config in a run folder may name: somebody's run folder is data, not a program."""

import contextlib
import importlib
import inspect
import types
import typing
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from ragx.checks import check
from ragx.data.dataset import Dataset
from ragx.data.split import Split
from ragx.evaluation.diagnostics import Diagnostics
from ragx.evaluation.protocol import Protocol
from ragx.geometric import MessagePassing
from ragx.graph.graph import Graph
from ragx.metrics.own import own_in, path_of
from ragx.models.closed_form import ClosedForm
from ragx.models.node_model import NodeModel
from ragx.models.training_setup import Trainable
from ragx.objectives.base import ViewObjective
from ragx.objectives.value_loss import ValueLoss
from ragx.parts import ADDRESS, METRICS, PYG
from ragx.tasks.task import Task
from ragx.training.step import Batches
from ragx.training.trackers import Tracker
from ragx.training.trainer import Trainer

KINDS: dict[str, Any] = {
    "task": Task,
    "dataset": Dataset,
    "split": Split,
    "graph": Graph,
    "layer": nn.Module,
    "model": NodeModel | Trainable | ClosedForm,
    "objective": ViewObjective | ValueLoss,
    "sampler": Batches,
    "optimizer": torch.optim.Optimizer,
    "trainer": Trainer,
    "evaluation": Protocol,
    "diagnostics": Diagnostics,
    "tracker": Tracker,
}
"""What each part of a run is, or what the function that it names returns."""

OWN, OPTIMIZERS, CONVOLUTIONS = "ragx", "torch.optim", "torch_geometric.nn"
DATABASES = "ragx.data.sql_query"


class Trusted:
    """Refuses dotted paths of a run's config that are not ragx's own parts of the kind expected in their place.

    Beside these load optimizers of ``torch.optim``, convolutions of ``torch_geometric.nn`` as a layer's ``conv``, and
    whatever lies in modules that are named. Nothing else is imported. A server of databases, which would be sent a
    password, is asked where ``ragx.data.sql_query`` is named.

    Args:
        modules: dotted names of modules, or of packages with all that is in them.

    Raises:
        ValueError: a name is none of a module.
    """

    def __init__(self, modules: Iterable[str] = ()) -> None:
        self.modules = (modules,) if isinstance(modules, str) else tuple(modules)
        for name in self.modules:
            named = isinstance(name, str) and all(part.isidentifier() for part in name.split("."))
            check(named, f"trust: expected names of modules such as my_layers, got {name!r}.")

    def __call__(self, path: str, name: Any, hint: Any) -> str | None:
        """Return why a dotted path must not be imported, or None.

        Args:
            path: place in the config, for the message.
            name: the dotted path.
            hint: type that the place asks for; None for a part of the run, ``"conv"`` for a layer's convolution,
                ``"uri"`` for an address, ``"metrics"`` or ``"monitor"`` for a metric of one's own.
        """
        if hint == ADDRESS:
            return self._server(path, name)
        if hint in METRICS:
            return next(filter(None, (self._metric(path, metric) for metric in own_in(hint, name))), None)
        if not isinstance(name, str) or "." not in name:
            return None  # no dotted path
        module, _, attribute = name.rpartition(".")
        expected: Any = KINDS[path.partition(".")[0]] if hint is None else MessagePassing if hint == PYG else hint
        if not (self._is_trusted(module) or any(_within(module, home) for home in (OWN, OPTIMIZERS, CONVOLUTIONS))):
            return self._refusal(path, name, module)
        try:
            target = getattr(importlib.import_module(module), attribute, None)
        except ImportError:
            return None  # which is told where it is bound
        if target is None:
            return None  # and so is this
        home = str(getattr(target, "__module__", module))
        if self._is_trusted(home):
            return None
        if _within(home, OWN):
            return None if _gives(target, expected) else self._misfit(path, name, expected)
        for other, base in ((OPTIMIZERS, torch.optim.Optimizer), (CONVOLUTIONS, MessagePassing)):
            if _within(home, other) and expected is base and inspect.isclass(target) and issubclass(target, base):
                return None
        return self._refusal(path, name, home)

    def _is_trusted(self, module: str) -> bool:
        return any(_within(module, name) for name in self.modules)

    def _server(self, path: str, address: Any) -> str | None:
        if not str(address).lower().startswith("postgres") or self._is_trusted(DATABASES):
            return None
        return (
            f"{path}: the run folder names the server {address}, which would be sent your password (PGPASSWORD or "
            f"~/.pgpass). Where you know and trust it, let it be asked: {self._remedy(DATABASES)}."
        )

    def _metric(self, path: str, name: str) -> str | None:
        """Return why a metric must not be imported: none of ragx is named by a dotted path."""
        module, _, attribute = path_of(name).rpartition(".")
        if not self._is_trusted(module):
            return self._refusal(path, name, module)
        with contextlib.suppress(ImportError):  # which is told where it is bound
            home = getattr(getattr(importlib.import_module(module), attribute, None), "__module__", module)
            return None if self._is_trusted(str(home)) else self._refusal(path, name, str(home))
        return None

    def _refusal(self, path: str, name: str, module: str) -> str:
        return (
            f"{path}: the run folder names {name}, code of the module {module} that would be run, and no part of ragx. "
            f"Where you know and trust that module, name it: {self._remedy(module)}."
        )

    def _misfit(self, path: str, name: str, expected: Any) -> str:
        kind = getattr(expected, "__name__", str(expected))
        return (
            f"{path}: expected a part of ragx that is a {kind}, got {name}. Where you trust whoever made the run "
            f"folder, {self._remedy(OWN)} takes it."
        )

    def _remedy(self, module: str) -> str:
        return f"trust=[{','.join([*self.modules, module])}]"


def _within(module: str, home: str) -> bool:
    return module == home or module.startswith(f"{home}.")


def _gives(target: Any, expected: Any) -> bool:
    """Say whether a class is, or a function returns, what is expected."""
    if inspect.isfunction(target):
        try:
            product = typing.get_type_hints(target).get("return")
        except (NameError, TypeError):
            return False
    else:
        product = target
    return inspect.isclass(product) and any(_is_kind(product, kind) for kind in _classes(expected))


def _classes(hint: Any) -> list[Any]:
    """Return the classes in a type: those of a union, and what a list is of."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType) or typing.get_args(hint):
        return [kind for argument in typing.get_args(hint) for kind in _classes(argument)]
    return [hint] if inspect.isclass(hint) and hint not in (object, type(None)) else []


def _is_kind(product: type, kind: Any) -> bool:
    if not getattr(kind, "_is_protocol", False):
        return issubclass(product, kind)
    asked = [name for name in vars(kind) if inspect.isfunction(vars(kind)[name]) and name != "__init__"]
    asked = [name for name in asked if not name.startswith("_") or name == "__call__"]
    return all(any(name in vars(base) for base in product.__mro__) for name in asked)
