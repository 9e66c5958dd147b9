"""Parts named in a config: bound to their signatures first, all errors together, and built afterwards.

A part is a mapping whose ``_target_`` is the dotted path of a class or function and whose other keys are arguments.
There is no registry: the dotted path is the registry.
"""

import functools
import importlib
import inspect
import operator
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ragx.checks import did_you_mean
from ragx.former_names import TARGET, public_name, with_public_names
from ragx.hints import fits, hints_of, inner_hints, spell
from ragx.passwords import passwords

PYG, ADDRESS = "conv", "uri"  # options that are a dotted path too, or may name a server
METRICS = ("metrics", "monitor")  # options that may name metrics of one's own by their dotted paths
REQUIRED = "???"
Refuse = Callable[[str, Any, Any], str | None]
"""Given the path in the config, the value there, a dotted path or an address, and what is expected: why it must not
be imported or asked, or None."""
Locate = Callable[[str, Any, list[str]], Callable[..., Any] | None]
"""Given the path in the config, the dotted path and a list that takes what is wrong with it: the class or function."""


class PartsError(ValueError):
    """One or more parts do not fit; ``errors`` has a line for each."""

    def __init__(self, errors: Collection[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = list(errors)


@dataclass(frozen=True)
class Part:
    """A target with its arguments, defaults written out; nested parts among them.

    Args:
        path: path in the config, for messages.
        target: class or function.
        name: dotted path of the target.
        arguments: every argument but those given when it is built.
    """

    path: str
    target: Callable[..., Any]
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def build(self, **given: Any) -> Any:
        """Return the target called on its arguments and on what is ``given``.

        Raises:
            ValueError: the target refuses an argument; the message begins with the part's path in the config.
        """
        arguments = given | {name: _build(value) for name, value in self.arguments.items()}
        try:
            inspect.signature(self.target).bind(**arguments)
        except TypeError as error:
            takes = f"it is built with {', '.join(given)}" if given else "check its options"
            raise PartsError([f"{self.path}: {self.name} does not fit: {error}; {takes}."]) from error
        except ValueError:
            pass  # some callables written in C have no signature
        try:
            return self.target(**arguments)
        except PartsError:
            raise
        except ValueError as error:
            raise PartsError([f"{self.path}: {error}"]) from error

    def factory(self) -> functools.partial[Any]:
        """Return a callable that builds the part with what it is given."""
        return functools.partial(self.build)

    def as_dict(self) -> dict[str, Any]:
        """Return the config of the part with every default written out."""
        return {TARGET: self.name} | {name: _plain(value) for name, value in self.arguments.items()}


def bind(
    config: Mapping[str, Any],
    given: Mapping[str, Collection[str]],
    refuse: Refuse | None = None,
    locate: Locate | None = None,
) -> dict[str, Part]:
    """Return the parts of a config, one for each name in ``given``.

    Args:
        config: parts by name.
        given: names of the arguments that each part gets when it is built, and that a config may not set.
        refuse: says of a dotted path, before it is imported, why it must not be; by default all may. See
            :class:`ragx.runs.trusted.Trusted`.
        locate: finds the target of a dotted path; by default it is imported.

    Raises:
        PartsError: targets that cannot be imported or are refused, unknown or missing arguments, values of a wrong
            type; all of them. Passwords come first, and alone.
    """
    if shown := [line for name in given for line in passwords(name, config.get(name))]:
        raise PartsError(shown)
    binding = _Binding(refuse or (lambda path, name, hint: None), locate or import_target)
    named = with_public_names(config)
    parts = {name: _bind(name, named.get(name), given[name], None, binding) for name in given}
    if binding.errors:
        raise PartsError(binding.errors)
    return {name: part for name, part in parts.items() if part is not None}


@dataclass(frozen=True)
class _Binding:
    refuse: Refuse
    locate: Locate
    errors: list[str] = field(default_factory=list)


def _bind(path: str, node: Any, given: Collection[str], hint: Any, binding: _Binding) -> Part | None:
    errors = binding.errors
    if not isinstance(node, Mapping) or TARGET not in node:
        errors.append(f"{path}: expected a part with {TARGET}, got {node!r}.")
        return None
    if (why := binding.refuse(f"{path}.{TARGET}", node[TARGET], hint)) is not None:
        errors.append(why)
        return None
    target = binding.locate(path, node[TARGET], errors)
    if target is None:
        return None
    parameters = _parameters(target)
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    usable = [name for name, parameter in parameters.items() if parameter.kind not in variadic]
    hints = hints_of(target)
    arguments: dict[str, Any] = {}
    for name, value in node.items():
        option = f"{path}.{name}"
        if name == TARGET:
            continue
        if name in given:
            errors.append(f"{option}: is given when the part is built and cannot be set.")
        elif name not in usable and not open_ended:
            options = [usable_name for usable_name in usable if usable_name not in given]
            near = did_you_mean(name, options)
            errors.append(f"{option}: unknown option of {node[TARGET]}.{near} Options: {', '.join(options)}.")
        else:
            arguments[name] = _bind_value(option, value, hints.get(name, Any), binding)
            if name in (PYG, ADDRESS, *METRICS) and (why := binding.refuse(option, value, name)) is not None:
                errors.append(why)
    for name in usable:
        if name in given or name in arguments:
            continue
        default = parameters[name].default
        if default is inspect.Parameter.empty:
            errors.append(f"{path}.{name}: {node[TARGET]} requires this option.")
        elif _is_plain(default):
            arguments[name] = default
    return Part(path, target, public_name(target, node[TARGET]), arguments)


def _bind_value(path: str, value: Any, hint: Any, binding: _Binding) -> Any:
    if isinstance(value, Mapping) and TARGET in value:
        return _bind(path, value, (), hint, binding)
    if isinstance(value, Mapping) and any(
        isinstance(member, Mapping) and TARGET in member for member in value.values()
    ):
        inner = inner_hints(dict(value), hint) or [Any]
        of_member = functools.reduce(operator.or_, inner)
        return {name: _bind_value(f"{path}.{name}", member, of_member, binding) for name, member in value.items()}
    if isinstance(value, list) and any(isinstance(member, Mapping) and TARGET in member for member in value):
        hints = [hint if isinstance(member, Mapping) else Any for member in value]
        pairs = enumerate(zip(value, hints, strict=True))
        return [_bind_value(f"{path}[{n}]", member, own, binding) for n, (member, own) in pairs]
    if isinstance(value, list) and not fits(value, hint) and fits(tuple(value), hint):
        return tuple(value)  # YAML and JSON know lists alone
    if value == REQUIRED:
        binding.errors.append(f"{path}: a value is required; set it with {path}=…")
    elif not fits(value, hint):
        choices = [str(choice) for choice in typing.get_args(hint)] if typing.get_origin(hint) is typing.Literal else []
        near = did_you_mean(str(value), choices) if choices else ""
        binding.errors.append(f"{path}: expected {spell(hint)}, got {value!r} ({type(value).__name__}).{near}")
    return value


def import_target(path: str, name: Any, errors: list[str]) -> Callable[..., Any] | None:
    """Return the class or function of a dotted path, or None after a line that says why there is none."""
    target_path = f"{path}.{TARGET}"
    if not isinstance(name, str) or "." not in name or name == REQUIRED:
        errors.append(f"{target_path}: expected the dotted path of a class or function, got {name!r}.")
        return None
    module_name, _, attribute = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        errors.append(f"{target_path}: cannot import {module_name!r} ({error}). The current folder is importable.")
        return None
    target = getattr(module, attribute, None)
    if not callable(target):
        errors.append(f"{target_path}: {module_name} has no {attribute!r}.{did_you_mean(attribute, dir(module))}")
        return None
    return typing.cast(Callable[..., Any], target)


def _parameters(target: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(target).parameters
    except ValueError:
        return {"anything": inspect.Parameter("anything", inspect.Parameter.VAR_KEYWORD)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(member) for member in value)
    return value is None or isinstance(value, (bool, int, float, str))


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.as_dict()
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, (list, tuple)) else value


def _build(value: Any) -> Any:
    if isinstance(value, Part):
        return value.build()
    if isinstance(value, dict):
        return {name: _build(member) for name, member in value.items()}
    return [_build(member) for member in value] if isinstance(value, list) else value
