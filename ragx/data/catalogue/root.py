"""Where data files are looked for."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from ragx.cache import cache_folder
from ragx.checks import check
from ragx.data.catalogue.download import fetch
from ragx.data.catalogue.known import catalogued


def data_folders(root: str | Path | None = None) -> list[Path]:
    """Return the folders that are searched, in order: ``root``, or else RAGX_DATA, ``data`` and the user's cache."""
    if root is not None:
        return [Path(root)]
    named = os.environ.get("RAGX_DATA")
    return [*([Path(named)] if named else []), Path("data"), cache_folder()]


def find_file(name: str, root: str | Path | None = None, *, download: bool = True) -> Path:
    """Return the first path at which the file ``name``, itself a path below a data folder, exists.

    A file of the catalogue that is nowhere is downloaded into the cache folder, unless ``root`` is given.

    Args:
        name: path below a data folder, such as ``gowalla/train.txt.gz``.
        root: the only folder to look in; by default those of :func:`data_folders`.
        download: whether a missing file of the catalogue is fetched.

    Raises:
        ValueError: it is in none of the folders; the message says where it was looked for and where it goes.
    """
    candidates = [folder / name for folder in data_folders(root)]
    for candidate in candidates:
        if is_file(candidate):
            return candidate
    looked_for = ", ".join(str(candidate) for candidate in candidates)
    message = (
        f"Data file {name} was not found. Looked for {looked_for}. Put it there, or set dataset.root or RAGX_DATA."
    )
    file = catalogued(name)
    if file is None or not download:
        raise ValueError(message)
    check(file.url is not None, f"{message} It is not offered for download as such: {file.source}")
    check(
        root is None,
        f"{message} `python scripts/download.py` fetches it into the cache folder, where dataset.root=null looks too.",
    )
    return fetch(file, cache_folder())


def look_for(path: str | Path, root: str | Path | None = None) -> Path | None:
    """Return a file that is absolute, below the current folder or below a data folder, or None; nothing is fetched.

    Raises:
        ValueError: the system refuses to look there.
    """
    candidates = [Path(path), *(folder / path for folder in data_folders(root))]
    return next((candidate for candidate in candidates if is_file(candidate)), None)


def locate(path: str | Path, root: str | Path | None = None) -> Path:
    """Return a file that is absolute, below the current folder or below a data folder, fetched if need be.

    Raises:
        ValueError: it is in none of them.
    """
    path = Path(path)
    if is_file(path):
        return path
    check(not path.is_absolute(), f"{path}: expected a file, found none.")
    return find_file(str(path), root)


def stamps(texts: Iterable[str], root: str | Path | None = None) -> list[tuple[str, int, int]]:
    """Return path, size and time of change of all files that texts may name, so that a change is seen unread.

    These are the files below the current folder or a data folder that are called so, whatever their endings.

    Args:
        texts: paths, with or without endings, addresses such as ``sqlite:shop.db``, or anything else, which names none.
        root: as in :func:`data_folders`.
    """
    paths = {Path(text.removeprefix("sqlite:").removeprefix("///")) for text in texts}
    stats = []
    for folder in dict.fromkeys([Path.cwd(), *(data_folder.resolve() for data_folder in data_folders(root))]):
        for parent in sorted({folder / path.parent for path in paths}):
            names = [path.name for path in paths if path.name and folder / path.parent == parent]
            with contextlib.suppress(OSError, ValueError):  # no path at all
                for file in sorted(parent.iterdir()):
                    ends = (file.name[len(name) :] for name in names if file.name.startswith(name))
                    if file.is_file() and any(not end or end[0] in ".-" for end in ends):
                        status = file.stat()
                        stats.append((str(file), status.st_size, status.st_mtime_ns))
    return stats


def is_file(path: Path) -> bool:
    """Say whether a path is a file.

    Raises:
        ValueError: the system refuses to look, such as at a name that is too long.
    """
    try:
        return path.is_file()
    except OSError as error:
        raise ValueError(f"{str(path)[:200]}: expected a file; {error.strerror}.") from None


def check_file(path: Path) -> None:
    """Raise ``ValueError`` unless a path is a file that is not empty."""
    check(is_file(path), f"{path}: expected a file, found none.")
    check(path.stat().st_size > 0, f"{path}: expected a table, got an empty file.")
