"""From a command line to an exit status: mistakes become one clear message, never a traceback."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from ragx.checks import RunError
from ragx.parts import PartsError
from ragx.passwords import check_no_password
from ragx.runner.folders import CONF, PLUGINS
from ragx.runner.rewording import reword
from ragx.training.interruption import Interrupted, sigterm_raises

USAGE = 2
LONGEST, SHOWN_END = 1200, 200
Result = TypeVar("Result")
_failures: list[Exception] = []
if str(PLUGINS) not in sys.path:
    sys.path.append(str(PLUGINS))  # Hydra looks for plug-ins once, at its first use


def guarded(job: Callable[[], Any], conf: str, name: str) -> int:
    """Run a Hydra job and return its exit status.

    0 done, 1 failed in its own course, 2 a mistake in what was asked for, 130 or 143 stopped by a signal.

    Args:
        job: the decorated main function.
        conf: folder of the configs.
        name: the primary config.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises instead of printing and exiting
    _failures.clear()
    try:
        check_no_password(sys.argv[1:])  # a sweep keeps its command line, options of Hydra among them
        with sigterm_raises(), _flags_that_raise():
            job()
        if _failures:
            raise _failures.pop()
    except (HydraException, OmegaConfBaseException) as error:
        return _say_errors([reword(error, conf, name)], USAGE)
    except PartsError as error:
        return _say_errors(error.errors, USAGE)
    except ValueError as error:
        hydra_says = str(error).startswith("Config group override")
        return _say_errors([reword(error, conf, name) if hydra_says else str(error)], USAGE)
    except OSError as error:
        return _say_errors([f"{error.filename or 'a file'}: {error.strerror or error}."], USAGE)
    except RunError as error:
        return _say_errors([str(error)], 1)
    except (MemoryError, RuntimeError) as error:
        from ragx.ranking.memory import is_out_of_memory  # with torch, which most mistakes can do without

        if not is_out_of_memory(error):
            raise
        return _say_errors([f"Memory ran out. {error}".strip()], 1)
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
    return guarded(lambda: command(arguments), CONF, "run")


def attempt(task: Callable[[], Result]) -> Result | None:
    """Run the task of a Hydra job, and keep its failure from Hydra, which would print lines of its own."""
    try:
        return task()
    except Exception as error:
        _failures.append(error)
        return None


def _say_errors(errors: Sequence[str], status: int) -> int:
    """Print a line for each error, whatever its text holds, and return the status."""
    return _say("\n".join(f"error: {_one_line(error)}" for error in errors), status)


def _one_line(text: str) -> str:
    """Return a text without line breaks, and the middle left out where something of a file made it endless."""
    line = " ".join(part.strip() for part in text.splitlines() if part.strip())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - SHOWN_END]}…{line[-SHOWN_END:]}"


def _say(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status


@contextmanager
def _flags_that_raise() -> Iterator[None]:
    """Have an unknown flag raise ``ValueError``; argparse, which Hydra asks, would print its usage and exit."""

    def refuse(parser: argparse.ArgumentParser, message: str) -> None:
        left = message.partition("unrecognized arguments: ")[2].split()
        if left and not left[0].startswith("-"):
            message = f"{left[0]}: options do not go on behind a flag; write flags such as --config-dir first"
        elif left:
            message = f"{left[0]}: unknown flag; an option is written name=value, without dashes"
        raise ValueError(f"{message}. Flags are listed by --hydra-help.")

    before = argparse.ArgumentParser.error
    argparse.ArgumentParser.error = refuse  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        argparse.ArgumentParser.error = before  # type: ignore[method-assign]
