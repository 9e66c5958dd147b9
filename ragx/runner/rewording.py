"""What Hydra's errors of composing a config mean to the person who typed the command."""

import itertools
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ragx.checks import as_typed, did_you_mean
from ragx.evaluation.names import explain_sampling
from ragx.former_names import TARGET
from ragx.parts import PartsError

MOST_PLACES = 3
WITHOUT_NAME = "Expected options name=value, got one without a name."


def reword(error: Exception, conf: str, name: str) -> str:
    """Return clear words for an error of composing a config.

    Args:
        error: what Hydra or OmegaConf raised.
        conf: folder of the configs.
        name: the primary config.
    """
    text, cause = str(error), str(error.__cause__ or "")
    if isinstance(error, OverrideParseException) and (argument := _unreadable()):
        return argument
    full_key = re.search(r"full_key: (\S+)", cause)
    if match := re.search(r"Could not override '([^']*)'", text):
        return _unknown_key(match[1], conf, name, full_key[1] if full_key else "")
    if re.search(r"Error merging override '?search\.space=.*ListConfig", f"{text} {cause}", re.DOTALL):
        whole = "~search.space '+search.space={…}'"
        return f"search.space: a list cannot take the place of a range in it; write the whole space anew: {whole}."
    if "Config group override must be" in text:
        return _no_choice(conf, text)
    if match := re.search(r"In '[^']*': Could not find '([^']+)'|Could not find '([^']+)'", text):
        return _unknown_choice(match[1] or match[2], conf)
    if match := re.search(r"Ambiguous value for argument '(.+)'\n", text):
        key, _, values = match[1].partition("=")
        return f"{match[1]}: several values are a sweep, so add -m; a list is written {key}=[{values}]."
    if match := re.search(r"Could not delete (?:from config\. )?'([^']*)'", text):
        return f"~{match[1]}: there is no such option to be left out."
    if match := re.search(r"An item is already at '([^']*)'|Multiple values for ([\w/@.]+)", text):
        key = match[1] or match[2].rstrip(".")
        return f"+{key}: there is one already; write {key}=… without the +."
    if isinstance(error, MissingConfigException | ConfigCompositionException):
        text = f"{text.splitlines()[0]} {cause.splitlines()[0] if cause else ''}".strip()
    if full_key := re.search(r"full_key: (\S+)", text):
        return f"{full_key[1]}: {text.splitlines()[0].rstrip('.')}."
    return text


def _unreadable() -> str | None:
    """Return what is wrong with the first argument that does not parse as ``name=value``."""
    parser = OverridesParser.create()
    for before, argument in itertools.pairwise(["", *sys.argv[1:]]):
        name, equals, value = argument.partition("=")
        if argument.startswith("-") or (before.startswith("-") and not equals):
            continue
        try:
            parser.parse_override(argument)
        except HydraException:
            if not equals:
                return f"{argument}: expected name=value."
            plain = value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
            put = "put it in quotes, and these in others for the shell"
            return f"{argument}: the value does not parse; {put}: {as_typed(name, plain)}."
    return None


def _unknown_key(key: str, conf: str, name: str, inner: str = "") -> str:
    """Return what is near to an unknown key; ``inner`` is the place within it where that is a mapping."""
    config, groups = _compose(conf, name), _groups(conf)
    parent, _, leaf = key.rpartition(".")
    node: Any = OmegaConf.select(config, parent) if parent else config
    options = [str(option) for option in node] if isinstance(node, Mapping) or OmegaConf.is_dict(node) else []
    options = [option for option in options if option not in (TARGET, "hydra")]
    if not key:
        return WITHOUT_NAME
    if leaf in options and inner.startswith(f"{key}."):
        if TARGET in node[leaf]:
            return _unknown_key(inner, conf, name)
        return f"{key}: what is to be set in it is not there yet; write +{key}=… to add it."
    if key.startswith("search.space."):
        return f"{key}: write search.space={{{key.removeprefix('search.space.')}: …}}, with a + before it to add one."
    if explained := explain_sampling(key) if key.startswith("evaluation.") else "":
        return explained
    elsewhere = _elsewhere(leaf, OmegaConf.to_container(config))
    if node is None:
        near = did_you_mean(parent.split(".")[0], groups) or elsewhere
        return f"{key}: unknown option, since there is no {parent!r}.{near}"
    if not options:
        return f"{key}: unknown option, since {parent} has none."
    add = f" If the target takes it, write +{key}=…" if OmegaConf.is_dict(node) and TARGET in node else ""
    near = did_you_mean(leaf, options) or elsewhere
    return f"{key}: unknown option.{near} Options here: {', '.join(options)}.{add}"


def _elsewhere(leaf: str, config: Any) -> str:
    """Return a question for options that are called so and stand elsewhere, where these are few."""
    matches = [option for option in _names(config) if option.rpartition(".")[2] == leaf]
    return f" Did you mean {' or '.join(map(repr, matches))}?" if 0 < len(matches) <= MOST_PLACES else ""


def _names(node: Any, path: str = "") -> list[str]:
    """Return the full names of all options below a node."""
    if not isinstance(node, Mapping):
        return []
    options = {f"{path}{key}": value for key, value in node.items() if key not in (TARGET, "hydra")}
    return [name for key, value in options.items() for name in (key, *_names(value, f"{key}."))]


def _unknown_choice(path: str, conf: str) -> str:
    group, _, choice = path.rpartition("/")
    options = _choices(group, conf)
    if not group or not options:
        groups = _groups(conf)
        return f"{path}: unknown config.{did_you_mean(path, groups)} Groups: {', '.join(groups)}."
    return f"{group}={choice}: unknown choice.{did_you_mean(choice, options)} Choices: {', '.join(options)}."


def _no_choice(conf: str, text: str) -> str:
    """Return a message for ``group=null`` and the like, where Hydra does not say which group it was."""
    for argument in sys.argv[1:]:
        group, _, choice = argument.lstrip("+").partition("=")
        options = _choices(group, conf)
        if options and choice not in options:
            return f"{group}={choice}: expected one of {', '.join(options)}."
        if not group:
            return WITHOUT_NAME
    return text


def _choices(group: str, conf: str) -> list[str]:
    return sorted({path.stem for folder in _folders(conf) for path in (folder / group).glob("*.yaml")}) if group else []


def _groups(conf: str) -> list[str]:
    folders = (path for folder in _folders(conf) for path in folder.iterdir())
    return sorted({path.name for path in folders if path.is_dir()} - {"hydra"})


def _folders(conf: str) -> list[Path]:
    """Return the folder of configs and that of one's own, where ``--config-dir`` names one."""
    match = re.search(r"(?:--config-dir|-cd)[= ](\S+)", " ".join(sys.argv[1:]))
    own = Path(match[1]).resolve() if match else None
    return [Path(conf), own] if own is not None and own.is_dir() else [Path(conf)]


def _compose(conf: str, name: str) -> Any:
    """Return the config as it is without overrides but with the choices of groups on the command line."""
    GlobalHydra.instance().clear()
    chosen = [argument for argument in sys.argv[1:] if re.match(r"^[a-z]+=[\w-]+$", argument)]
    own = [f"hydra.searchpath=[{','.join(map(str, _folders(conf)[1:]))}]"] if len(_folders(conf)) > 1 else []
    with initialize_config_dir(conf, version_base="1.3"):
        for overrides in ([*own, *chosen], chosen, []):
            try:
                return compose(name, overrides=overrides)
            except (HydraException, OmegaConfBaseException):
                continue
    raise PartsError(["The configs themselves do not compose."])
