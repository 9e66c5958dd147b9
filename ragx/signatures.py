"""Signatures read from source text, so that a misspelt option is reported without importing torch."""

import ast
import builtins
import copy
import functools
import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAIN = ("typing", "collections.abc", "dataclasses")
"""Modules whose names keep their meaning in a signature, as choices do; any other is an :class:`UnknownType`."""
Definition = ast.ClassDef | ast.FunctionDef


class UnreadableError(LookupError):
    """The source text does not tell the signature; the object itself does once it is imported."""


class _Opaque(type):
    def __getattr__(cls, name: str) -> "_Opaque":
        if name.startswith("_"):
            raise AttributeError(name)
        return cls

    def __getitem__(cls, item: Any) -> "_Opaque":
        return cls


class UnknownType(metaclass=_Opaque):
    """A type that was not imported, and whatever is asked of it; nothing that a config holds is an instance of it."""


@functools.cache
def stand_in(name: str) -> Callable[..., Any]:
    """Return a class or function with the signature of another, which does nothing.

    Args:
        name: dotted path, such as ``ragx.layers.LightConv``.

    Raises:
        UnreadableError: the source text does not tell the signature.
    """
    module, _, attribute = name.rpartition(".")
    home, node = _definition(module, attribute)
    outline = ast.fix_missing_locations(ast.Module([_outline(node)], []))
    namespace = _meanings(home, outline)
    exec(compile(outline, f"<outline of {name}>", "exec"), namespace)
    target: Callable[..., Any] = namespace[node.name]
    return target


def _definition(module: str, name: str) -> tuple[str, Definition]:
    """Return the function of a name, or the class that has the constructor, and the module that it stands in."""
    body = _tree(module).body
    own = [definition for definition in body if isinstance(definition, Definition) and definition.name == name]
    if len(own) == 1:
        base = _constructing_base(own[0])
        return _definition(module, base) if base else (module, own[0])
    if not own and (origin := _imported(module, name)) is not None:
        return _definition(*origin)
    raise UnreadableError(f"{module} does not define {name}, or more than once.")


def _constructing_base(node: Definition) -> str | None:
    """Return the class that a class has its constructor from, None where it is its own."""
    if isinstance(node, ast.FunctionDef) or "__init__" in _methods(node) or _is_dataclass(node) or not node.bases:
        return None
    if len(node.bases) > 1 or not isinstance(node.bases[0], ast.Name):
        raise UnreadableError(f"{node.name} has several bases.")
    return None if node.bases[0].id == "ABC" else node.bases[0].id


def _imported(module: str, name: str) -> tuple[str, str] | None:
    """Return the module that a name is imported from, and its name there; stubs alone have relative imports."""
    for node in _tree(module).body:
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if isinstance(node, ast.ImportFrom) and (alias.asname or alias.name) == name:
                return f"{module}.{node.module}" if node.level else str(node.module), alias.name
    return None


@functools.cache
def _tree(module: str) -> ast.Module:
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        base = Path(folder, *rest)
        for path in (base / "__init__.pyi", base / "__init__.py", base.with_suffix(".py")):
            if path.is_file():
                return ast.parse(path.read_text(encoding="utf-8"))
    raise UnreadableError(f"{module} has no source text.")


def _meanings(module: str, node: ast.AST) -> dict[str, Any]:
    named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return {name: _meaning(module, name) for name in named if not hasattr(builtins, name)}


def _meaning(module: str, name: str) -> Any:
    """Return what a name stands for in the types of a module: what ``PLAIN`` has, made of it, or an unknown type."""
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            if isinstance(node.value, ast.Subscript | ast.BinOp):
                return eval(ast.unparse(node.value), _meanings(module, node.value))
            return UnknownType
    source, own = _imported(module, name) or ("", "")
    if source in PLAIN:
        return getattr(importlib.import_module(source), own)
    return _meaning(source, own) if source.startswith("ragx.") else UnknownType


def _outline(node: Definition) -> Definition:
    """Return a definition of which parameters, their types and whether they have defaults are left."""
    if isinstance(node, ast.FunctionDef):
        return _function(node)
    methods = _methods(node)
    if node.keywords or "__new__" in methods or not {"dataclass", "final"}.issuperset(_decorators(node)):
        raise UnreadableError(f"{node.name} may be made otherwise than its constructor says.")
    kept: list[ast.stmt] = [ast.Pass()]
    decorators: list[ast.expr] = []
    if "__init__" in methods:
        kept = [_function(methods["__init__"])]
    elif _is_dataclass(node):
        if node.bases:
            raise UnreadableError(f"{node.name} has the fields of its bases too.")
        kept += [_field(statement) for statement in node.body if isinstance(statement, ast.AnnAssign)]
        decorators = node.decorator_list
    return ast.ClassDef(node.name, [], [], kept, decorators)


def _methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}


def _decorators(node: Definition) -> set[str]:
    return {ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list}


def _is_dataclass(node: ast.ClassDef) -> bool:
    return "dataclass" in _decorators(node)


def _function(node: ast.FunctionDef) -> ast.FunctionDef:
    """Return a function of which the parameters are left."""
    if node.decorator_list:
        raise UnreadableError(f"{node.name} is decorated.")
    left = copy.deepcopy(node)
    left.body, left.returns = [ast.Pass()], None
    left.args.defaults = [ast.Constant(...) for _ in left.args.defaults]
    left.args.kw_defaults = [default and ast.Constant(...) for default in left.args.kw_defaults]
    return Unquoted().visit(left)  # type: ignore[no-any-return]


def _field(node: ast.AnnAssign) -> ast.AnnAssign:
    """Return a field of a dataclass, with a default where it had one."""
    left = Unquoted().visit(copy.deepcopy(node))
    if left.value is not None and not ast.unparse(left.value).startswith("field("):
        left.value = ast.Constant(...)
    return left  # type: ignore[no-any-return]


class Unquoted(ast.NodeTransformer):
    """Makes types that are written as text unknown ones."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Return the name of an unknown type for a text."""
        return ast.Name("UnknownType", ast.Load()) if isinstance(node.value, str) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Leave the texts that are values."""
        return node if ast.unparse(node.value) == "Literal" else self.generic_visit(node)
