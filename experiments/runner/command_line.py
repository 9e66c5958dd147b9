"""From a command line to an exit status: mistakes become one clear message, never a traceback."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ragx.checks import RunError, did_you_mean
from ragx.parts import TARGET, PartsError
from ragx.training.interruption import Interrupted, sigterm_raises

USAGE = 2
Result = TypeVar("Result")
_failures: list[Exception] = []


def guarded(job: Callable[[], Any], conf: str, name: str) -> int:
    """Run a Hydra job and return its exit status.

    0 done, 1 failed in its own course, 2 a mistake in what was asked for, 130 or 143 stopped by a signal.

    Args:
        job: the decorated main function.
        conf: folder of the configs.
        name: the primary config.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises instead of printing and exiting
    try:
        with sigterm_raises():
            job()
        if _failures:
            raise _failures.pop()
    except (HydraException, OmegaConfBaseException) as error:
        return _say(reword(error, conf, name), USAGE)
    except ValueError as error:
        return _say(str(error), USAGE)
    except OSError as error:
        return _say(f"{error.filename or 'a file'}: {error.strerror or error}.", USAGE)
    except RunError as error:
        return _say(str(error), 1)
    except Interrupted as error:
        return _say(f"{error}: the state is saved; the same command takes it up again.", error.exit_status)
    except KeyboardInterrupt:
        return _say("stopped by SIGINT: the same command takes up from the last checkpoint.", 130)
    return 0


def plain_command(command: Callable[[list[str]], None], usage: str) -> int:
    """Run a command of ``name=value`` options and return its exit status; without options it tells its usage.

    Args:
        command: takes the options.
        usage: the help.
    """
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage)
        return 0
    return guarded(lambda: command(arguments), str(Path(__file__).resolve().parents[2] / "conf"), "run")


def attempt(task: Callable[[], Result]) -> Result | None:
    """Run the task of a Hydra job, and keep its failure from Hydra, which would print lines of its own."""
    try:
        return task()
    except Exception as error:
        _failures.append(error)
        return None


def _say(message: str, status: int) -> int:
    lines = message.strip().splitlines()
    print("\n".join(f"error: {line}" if status in (1, USAGE) else line for line in lines), file=sys.stderr)
    return status


def reword(error: Exception, conf: str, name: str) -> str:
    """Return what an error of composing a config means to the person who typed it."""
    text = str(error)
    cause = str(error.__cause__ or "")
    if match := re.search(r"Could not override '([^']+)'", text):
        return _unknown_key(match[1], conf, name)
    if match := re.search(r"In '[^']*': Could not find '([^']+)'|Could not find '([^']+)'", text):
        return _unknown_choice(match[1] or match[2], conf, text)
    if match := re.search(r"Could not override defaults?\s*'?([\w/@]+)'?|No match in the defaults list", text):
        return _unknown_key(match[1] or text, conf, name)
    if isinstance(error, MissingConfigException | ConfigCompositionException):
        text = f"{text.splitlines()[0]} {cause.splitlines()[0] if cause else ''}".strip()
    return re.sub(r"\s*\n\s*", " ", text)


def _unknown_key(key: str, conf: str, name: str) -> str:
    config = _compose(conf, name)
    groups = _groups(conf)
    parent, _, leaf = key.rpartition(".")
    node: Any = OmegaConf.select(config, parent) if parent else config
    options = [str(each) for each in node] if isinstance(node, Mapping) or OmegaConf.is_dict(node) else []
    options = [each for each in options if each not in (TARGET, "hydra")]
    if node is None:
        near = did_you_mean(parent.split(".")[0], groups)
        return f"{key}: unknown option, since there is no {parent!r}.{near}"
    add = f" If the target takes it, write +{key}=…" if OmegaConf.is_dict(node) and TARGET in node else ""
    return f"{key}: unknown option.{did_you_mean(leaf, options)} Options here: {', '.join(options)}.{add}"


def _unknown_choice(path: str, conf: str, text: str) -> str:
    group, _, choice = path.rpartition("/")
    options = sorted({each.stem for folder in _folders(conf) for each in (folder / group).glob("*.yaml")})
    if not group or not options:
        groups = _groups(conf)
        return f"{path}: unknown config.{did_you_mean(path, groups)} Groups: {', '.join(groups)}."
    return f"{group}={choice}: unknown choice.{did_you_mean(choice, options)} Choices: {', '.join(options)}."


def _groups(conf: str) -> list[str]:
    folders = (each for folder in _folders(conf) for each in folder.iterdir())
    return sorted({each.name for each in folders if each.is_dir()} - {"hydra"})


def _folders(conf: str) -> list[Path]:
    """Return the folder of configs and that of one's own, where ``--config-dir`` names one."""
    match = re.search(r"(?:--config-dir|-cd)[= ](\S+)", " ".join(sys.argv[1:]))
    own = Path(match[1]).resolve() if match else None
    return [Path(conf), own] if own is not None and own.is_dir() else [Path(conf)]


def _compose(conf: str, name: str) -> Any:
    """Return the config as it is without overrides but with the choices of groups on the command line."""
    GlobalHydra.instance().clear()
    chosen = [each for each in sys.argv[1:] if re.match(r"^[a-z]+=[\w-]+$", each)]
    own = [f"hydra.searchpath=[{','.join(map(str, _folders(conf)[1:]))}]"] if len(_folders(conf)) > 1 else []
    with initialize_config_dir(conf, version_base="1.3"):
        for overrides in ([*own, *chosen], chosen, []):
            try:
                return compose(name, overrides=overrides)
            except (HydraException, OmegaConfBaseException):
                continue
    raise PartsError(["The configs themselves do not compose."])
