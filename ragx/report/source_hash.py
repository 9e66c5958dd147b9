"""A hash of the source that a result came from: the parts that took part and all of ours that they import."""

import ast
import functools
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

ALWAYS = ("ragx.training.trainer", "ragx.evaluation.protocol", "ragx.data.features", "ragx.random")
"""What decides a result beside the parts that a config names."""


def source_hash(modules: Iterable[str]) -> str:
    """Return the first 10 hexadecimal digits of a SHA-256 over the source of modules and of what they import.

    Files of ragx and of the user's own folders count; packages that are installed do not, since their versions stand
    in the provenance. Imports are read from the source, so that what else a process has loaded makes no difference.

    Args:
        modules: dotted names, such as the modules of a config's targets.
    """
    found: dict[str, str] = {}
    waiting = [*ALWAYS, *modules]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        digest, imported = _read(name)
        found[name] = digest
        waiting += imported
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(found.items()) if digest)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def modules_of(config: Any) -> set[str]:
    """Return the modules of all targets in a run's config: those that its source hash is about."""
    if isinstance(config, Mapping):
        own = {str(config[name]).rpartition(".")[0] for name in ("_target_", "conv") if name in config}
        return own.union(*(modules_of(each) for name, each in config.items() if name not in ("tracker", "diagnostics")))
    return set().union(*map(modules_of, config)) if isinstance(config, list) else set()


def _read(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the hash of a module's source and the modules it imports; nothing for what is not ours."""
    spec = _spec(name)
    if spec is None or not spec.origin or not _is_ours(name, spec.origin):
        return "", ()
    path = Path(spec.origin)
    files = [path, *(beside for suffix in (".h", ".c") if (beside := path.with_suffix(suffix)).is_file())]
    return _parse(tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@functools.cache
def _parse(files: tuple[tuple[Path, int, int], ...]) -> tuple[str, tuple[str, ...]]:
    """Return the hash of a module with the C code beside it, and its imports; files are told apart by their dates."""
    sources = [file.read_bytes() for file, *_ in files]
    return hashlib.sha256(b"".join(sources)).hexdigest(), tuple(sorted(set(_imports(ast.parse(sources[0])))))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _spec(name: str) -> ModuleSpec | None:
    """Return where a module lies, without importing anything: the name may stand in somebody's run folder."""
    spec, names = None, name.split(".")
    for depth in range(len(names)):
        path = None if spec is None else spec.submodule_search_locations
        if depth and path is None:
            return None  # a class or function of a module
        spec = _find(".".join(names[: depth + 1]), path)
        if spec is None:
            return None  # what is not installed
    return spec


def _find(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    if name in sys.modules:
        return getattr(sys.modules[name], "__spec__", None)
    for finder in sys.meta_path:
        try:
            if (spec := finder.find_spec(name, path)) is not None:
                return spec
        except (ImportError, AttributeError, ValueError, OSError):
            continue
    return None


def _is_ours(name: str, origin: str) -> bool:
    if name.split(".")[0] == "ragx":
        return True
    installed = (sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    return origin.endswith(".py") and not any(origin.startswith(folder) for folder in installed)
