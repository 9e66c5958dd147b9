"""Run folders by the beginning of their names or identities, which are long to type."""

import re
from pathlib import Path

from ragx.checks import check
from ragx.runs.layout import finished_runs, has_results

SET_ASIDE = ".code-"
"""What stands between the name of a run and the hash of the code that it is kept of."""


def find_run(path: str | Path) -> Path:
    """Return the folder called ``path``, or the one finished run whose path, or whose identity, begins so.

    A bare name is looked for below ``runs`` too, where runs lie by default.

    Raises:
        ValueError: no finished run begins so, or several do; the message names them.
    """
    path = Path(path)
    candidates = [path, Path("runs") / path] if path.parent == Path() else [path]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    begun = [folder for candidate in candidates for folder in _begun(candidate)]
    begun = begun or [folder for candidate in candidates for folder in _of_identity(candidate)]
    check(len(begun) > 0, f"{path}: expected a finished run, or the beginning of its name or identity; found none.")
    names = ", ".join(folder.name for folder in begun[:10])
    check(len(begun) == 1, f"{path}: {len(begun)} finished runs begin so: {names}. Write more of the name.")
    return begun[0]


def folders_of(runs: Path, identity: str) -> list[Path]:
    """Return the folders of one run, whatever their labels, a finished one first.

    Args:
        runs: the folder that run folders lie in.
        identity: what names end in; what other code left, and is kept beside, is none of them.
    """
    folders = [path for path in runs.glob(f"*-{identity}") if path.is_dir() and not is_set_aside(path)]
    return sorted(folders, key=lambda path: (not has_results(path), path.name))


def is_set_aside(folder: Path) -> bool:
    """Say whether a folder keeps what other code had left of a run."""
    return SET_ASIDE in folder.name


def _begun(path: Path) -> list[Path]:
    return finished_runs(path.parent, f"{path.name}*") if path.name else []


def _of_identity(path: Path) -> list[Path]:
    if not re.fullmatch("[0-9a-f]+", path.name):
        return []
    ends = re.compile(f"-{path.name}[0-9a-f]*$")
    folders = finished_runs(path.parent, f"*-{path.name}*")
    return [folder for folder in folders if ends.search(folder.name) and not is_set_aside(folder)]
