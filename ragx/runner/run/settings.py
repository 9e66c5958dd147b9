"""The settings beside the parts of a run, checked before anything heavy is imported."""

import os
import re
from pathlib import Path
from typing import Any

from ragx.checks import LONGEST_NAME, check, check_choice, did_you_mean
from ragx.data.target_kind import check_target_kind
from ragx.learners.given import GIVEN, OF_TASK
from ragx.passwords import passwords
from ragx.runner.run.label import check_given_name

REUSE = ("same", "code", "never")
"""Which finished runs are taken for what they are: those of the same code, of any code, or none."""
RESUME = ("same", "anyway")
"""Whether a run is taken up only on what it was begun on (forms of kernels, compiler, versions), or on anything."""
SETTINGS = ("seed", "threads", "runs", "reuse", "resume", *OF_TASK, "sweep")
FOR_SWEEPS = ("seeds", "dry_run")
NEWER = ("name",)
"""Settings that earlier configs and run folders lack."""
OF_SWEEP = ("name", "rows", "folder")
MOST_THREADS = 4_096


def check_settings(config: dict[str, Any]) -> None:
    """Check the settings beside the parts.

    Raises:
        ValueError: one is missing, unknown or of a wrong kind.
    """
    for name in SETTINGS:
        check(name in config, f"{name}: this setting cannot be removed.")
    known = (*GIVEN, *SETTINGS, *NEWER, *FOR_SWEEPS)
    for name in config:
        check(name in known or name == "features", f"{name}: unknown option.{did_you_mean(name, known)}")
    for line in passwords("", {name: config[name] for name in SETTINGS}):
        raise ValueError(line.removeprefix("."))
    check_seed("seed", config["seed"])
    check_given_name(config.get("name"))
    check_folder("runs", config["runs"])
    check_choice("reuse", str(config["reuse"]), REUSE)
    check_choice("resume", str(config["resume"]), RESUME)
    for name, label in (("features", "model.features"), ("dry_run", "dry_run")):
        value = config.get(name, False)
        check(isinstance(value, bool), f"{label}: expected true or false, got {value!r}.")
    check_target_kind(config["target_kind"])
    check_threads("threads", config["threads"])
    check_sweep(config["sweep"])


def check_threads(option: str, threads: Any) -> None:
    """Check a number of processor threads, which may come out of somebody's run folder.

    Raises:
        ValueError: it is none that a machine could have.
    """
    is_whole = isinstance(threads, int) and not isinstance(threads, bool)
    check(
        threads is None or (is_whole and 1 <= threads <= MOST_THREADS),
        f"{option}: expected null or a whole number from 1 to {MOST_THREADS:,}, got {threads!r:.40}.",
    )


def check_seed(option: str, seed: Any) -> None:
    """Check a seed: torch and the tables of results take whole numbers of 64 bits with a sign.

    Raises:
        ValueError: it is something else.
    """
    fits = isinstance(seed, int) and not isinstance(seed, bool) and -(2**63) <= seed < 2**63
    check(fits, f"{option}: expected a whole number from -2^63 to 2^63 - 1, got {str(seed)[:40]!r}.")


def check_folder(option: str, given: Any) -> None:
    """Check that a folder is there and can be written in, or could be made.

    Raises:
        ValueError: it is no name of a folder.
    """
    check(isinstance(given, str) and bool(given.strip()), f"{option}: expected the name of a folder, got {given!r}.")
    path = Path(given)
    longest = max(len(os.fsencode(part)) for part in path.parts or (".",))
    check(longest <= LONGEST_NAME, f"{option}: {given}: File name too long.")
    existing = next(ancestor for ancestor in (path, *path.parents) if ancestor.exists())
    check(existing.is_dir(), f"{option}: expected the name of a folder, but {existing} is a file.")
    check(os.access(existing, os.W_OK | os.X_OK), f"{option}: {existing} is a folder that cannot be written in.")


def check_sweep(sweep: Any) -> None:
    """Check the options that name a sweep and its rows.

    Raises:
        ValueError: one is unknown or of a wrong kind.
    """
    check(isinstance(sweep, dict), f"sweep: expected the name of a file in conf/sweep, got {sweep!r}.")
    for name in sweep:
        check(name in OF_SWEEP, f"sweep.{name}: unknown option.{did_you_mean(str(name), OF_SWEEP)}")
    check_name("sweep.name", sweep.get("name"))
    rows = sweep.get("rows", [])
    check(
        isinstance(rows, list) and all(isinstance(row, str) for row in rows),
        f"sweep.rows: expected a list of options such as [model,objective], got {rows!r}.",
    )


def check_name(option: str, given: Any) -> None:
    """Check the name that a folder of results is to have, null for one that is made.

    Raises:
        ValueError: it is no plain name.
    """
    check(
        given is None or (isinstance(given, str) and re.fullmatch(r"\w[\w.-]*", given, re.ASCII) is not None),
        f"{option}: expected null or a name of letters, digits, '_', '-' and '.', no number alone; got {given!r}.",
    )
