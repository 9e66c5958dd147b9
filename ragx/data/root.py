"""Where data files are looked for."""

import os
from pathlib import Path


def data_folders(root: str | Path | None = None) -> list[Path]:
    """Return the folders that are searched, in order: ``root``, or else RAGX_DATA, ``data`` and the user's cache."""
    if root is not None:
        return [Path(root)]
    named = os.environ.get("RAGX_DATA")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ragx"
    return [*([Path(named)] if named else []), Path("data"), cache]


def find_file(name: str, root: str | Path | None = None) -> Path:
    """Return the first place where the file ``name``, a path below a data folder, exists.

    Raises:
        ValueError: it is in none of the folders; the message lists where it was looked for.
    """
    candidates = [folder / name for folder in data_folders(root)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    places = ", ".join(str(candidate) for candidate in candidates)
    raise ValueError(
        f"Data file {name} was not found. Looked for {places}. Put it there, or set dataset.root or RAGX_DATA."
    )
