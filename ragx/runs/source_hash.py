"""A hash of the source that a result came from: the parts that took part and all of ours that they import."""

import ast
import functools
import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from ragx.metrics.own import own_in, path_of
from ragx.parts import Part

ALWAYS = ("ragx.training.trainer", "ragx.evaluation.protocol", "ragx.data.features", "ragx.random")
"""What decides a result beside the parts that a config names."""
ASIDE = ("tracker", "diagnostics")
"""Parts that decide nothing."""
MOST_NAMED = 5


def source_hash(modules: Iterable[str]) -> str:
    """Return the first 10 hexadecimal digits of a SHA-256 over the source of modules and of what they import.

    Files of ragx and of the user's own folders count; packages that are installed do not, since their versions stand
    in the provenance. Imports are read from the source, so that what else a process has loaded makes no difference.

    Args:
        modules: dotted names, such as the modules of a config's targets.
    """
    return hash_of_sources(sources_of(modules))


def hash_of_sources(sources: Mapping[str, str]) -> str:
    """Return the hash of what :func:`sources_of` gives."""
    text = "\n".join(f"{name} {digest}" for name, digest in sorted(sources.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def sources_of(modules: Iterable[str]) -> dict[str, str]:
    """Return the hash of every module's source that :func:`source_hash` is about, by dotted name."""
    digests: dict[str, str] = {}
    waiting = [*ALWAYS, *modules]
    while waiting:
        name = waiting.pop()
        if name in digests:
            continue
        digest, imported = _read(name)
        digests[name] = digest
        waiting += [*imported, *_packages_around(name)]
    return {name: digest for name, digest in sorted(digests.items()) if digest}


def changed_sources(then: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return in words which modules are not as they were, such as ``my_conv changed, my_helpers added``."""
    words = [
        *(f"{name} changed" for name in sorted(then.keys() & now.keys()) if then[name] != now[name]),
        *(f"{name} added" for name in sorted(now.keys() - then.keys())),
        *(f"{name} gone" for name in sorted(then.keys() - now.keys())),
    ]
    return ", ".join(words[:MOST_NAMED]) + (f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else "")


def modules_of(config: Any) -> set[str]:
    """Return the modules of all targets and metrics in a run's config: those that its source hash is about."""
    if isinstance(config, Mapping):
        paths = [str(config[name]) for name in ("_target_", "conv") if name in config]
        paths += [path_of(text) for name, value in config.items() for text in own_in(name, value)]
        own = {path.rpartition(".")[0] for path in paths}
        return own.union(*(modules_of(part) for name, part in config.items() if name not in ASIDE))
    return set().union(*map(modules_of, config)) if isinstance(config, list) else set()


def modules_of_parts(parts: Mapping[str, Part]) -> set[str]:
    """Return the modules of all targets among bound parts, where a config names them and where they are defined.

    The two differ for a class that a package gives on: its own module need not stand in the source of the package.
    """
    modules = modules_of({name: part.as_dict() for name, part in parts.items()})
    return modules | set(_defining([part for name, part in parts.items() if name not in ASIDE]))


def _defining(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _defining(element)
    elif isinstance(value, Part):
        yield str(getattr(value.target, "__module__", ""))
        parents = inspect.getmro(value.target)[1:] if inspect.isclass(value.target) else ()
        yield from (parent.__module__ for parent in parents if _read(parent.__module__)[0])
        yield from _defining(list(value.arguments.values()))


def _packages_around(name: str) -> Iterator[str]:
    """Yield the packages that are imported before a module is; those of ragx give names on and do nothing else."""
    while name := name.rpartition(".")[0]:
        if name.split(".")[0] != "ragx":
            yield name


def _read(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the hash of a module's source and the modules it imports; nothing for what is not ours."""
    spec = _spec(name)
    if spec is None:
        return "", tuple(_given_on(name))
    if not spec.origin or not _is_ours(name, spec.origin):
        return "", ()
    path = Path(spec.origin)
    files = [path, *(beside for suffix in (".h", ".c") if (beside := path.with_suffix(suffix)).is_file())]
    package = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
    return _parse(package, tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


@functools.cache
def _parse(package: str, files: tuple[tuple[Path, int, int], ...]) -> tuple[str, tuple[str, ...]]:
    """Return the hash of a module with the C code beside it, and its imports; files are told apart by their dates."""
    sources = [file.read_bytes() for file, *_ in files]
    imported = tuple(sorted(set(_imports(ast.parse(sources[0]), package))))
    return hashlib.sha256(b"".join(sources)).hexdigest(), imported


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield the dotted names of what is imported, within functions too; a class among them is no module, and passed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and _is_import(node.func):
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield _absolute(name.value, package)


def _given_on(name: str) -> Iterator[str]:
    """Yield the module that a name comes from where its package gives it on lazily, as the stub of the package says."""
    package, _, given = name.rpartition(".")
    spec = _spec(package) if package else None
    stub = Path(spec.origin).with_suffix(".pyi") if spec is not None and spec.origin else None
    if spec is None or stub is None or spec.submodule_search_locations is None or not stub.is_file():
        return
    for node in ast.walk(ast.parse(stub.read_bytes())):
        if isinstance(node, ast.ImportFrom) and any(given in (alias.name, alias.asname) for alias in node.names):
            yield _absolute("." * node.level + (node.module or ""), package)


def _is_import(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def _absolute(name: str, package: str) -> str:
    """Return the dotted name of a module that is named from within a package, by leading dots where it is relative."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    around = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*around, *filter(None, [name[level:]])])


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
