"""torch's compiler on demand: one second and a half of CPU of every process, which only ``torch.compile`` needs.

torch loads ``torch._dynamo`` when somebody names it, but its optimizers do so in every step, to call two functions that
do nothing where nothing is compiled, and PyG and Lightning Fabric when they are imported, for one class. A module in
its stead has these three names. Whatever else is asked of it, a submodule too, loads the compiler, which takes its
place: from then on all is as without it.
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import torch

NAME = "torch._dynamo"


class _IsOptimized(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return not _waits() and isinstance(instance, sys.modules[NAME].OptimizedModule)


class _OptimizedModule(metaclass=_IsOptimized):
    """What compiled modules are, of which there are none before the compiler is loaded."""


class _Compiler(ModuleType):
    """Stands for the compiler until something of it is asked for."""

    OptimizedModule = _OptimizedModule

    def __init__(self, file: str | None) -> None:
        super().__init__(NAME)
        self.__file__, self.__path__ = file, []
        self.undisabled: list[Callable[..., Any]] = []

    @staticmethod
    def graph_break(*given: Any, **options: Any) -> None:
        """Do nothing, as the compiler's own where nothing is compiled."""

    def disable(self, function: Any = None, *given: Any, **options: Any) -> Any:
        """Return a function of torch as it is, which keeps it until the compiler is loaded; disable any other."""
        if _waits() and options == {"wrapping": False}:
            self.undisabled.append(function)
            return function
        return _load().disable(function, *given, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")  # whoever looks through all modules
        return getattr(_load(), name)


class _Submodules(Loader):
    """Finds the compiler's submodules while it waits: they are loaded with it, once."""

    def __init__(self) -> None:
        self.spec: ModuleSpec | None = None

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(f"{NAME}.") or not _waits():
            return None
        _load()
        loaded = _Submodules()
        loaded.spec = importlib.import_module(name).__spec__
        return ModuleSpec(name, loaded)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


def put_off_compiler() -> None:
    """Have torch's compiler be loaded when it is asked for, if it is not loaded already."""
    spec = None if NAME in sys.modules else PathFinder.find_spec(NAME, torch.__path__)
    if spec is not None:
        sys.modules[NAME] = _Compiler(spec.origin)
        sys.meta_path.insert(0, _Submodules())


def set_deterministic(mode: bool, warn_only: bool = False) -> None:
    """Do what ``torch.use_deterministic_algorithms`` does; the compiler, which that imports, is told when it is loaded.

    Args:
        mode: whether operations must be deterministic.
        warn_only: whether those that are not warn instead of raising.
    """
    if NAME in sys.modules and not _waits():
        torch.use_deterministic_algorithms(mode, warn_only=warn_only)
    else:
        torch.set_deterministic_debug_mode(("warn" if warn_only else "error") if mode else "default")


def _waits() -> bool:
    return isinstance(sys.modules.get(NAME), _Compiler)


def _load() -> ModuleType:
    """Return the compiler, in whose stead nothing is any more."""
    waiting = sys.modules.get(NAME)
    if isinstance(waiting, _Compiler):
        del sys.modules[NAME]
        vars(torch).pop("_dynamo", None)
        for function in waiting.undisabled:
            vars(function).pop("__dynamo_disable", None)
        importlib.import_module(NAME)
        set_deterministic(
            torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
        )
    return importlib.import_module(NAME)
