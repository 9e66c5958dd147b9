"""The one door for files: written whole or not at all, and on the disk before anything that builds on them."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: what a killed process left stays until it is deleted by hand
    fcntl = None  # type: ignore[assignment]

PART = ".part"


def write_atomically(path: Path, write: Any) -> None:
    """Call ``write(temporary path)`` and put the result in place of ``path``; on a failure the old file stays.

    File and folder are flushed to the disk. What processes that were killed had begun to write for ``path`` is removed.
    """
    make_folder(path.parent)
    remove_abandoned(path.parent, path.name)
    with _scratch(path) as folder:
        write(folder / path.name)
        sync(folder / path.name)
        (folder / path.name).replace(path)
        sync(path.parent)


def copy_folder(source: Path, target: Path) -> None:
    """Copy the files of a folder to a folder that is not there yet; it is there whole or not at all.

    Raises:
        OSError: a file cannot be copied, or another process was faster.
    """
    make_folder(target.parent)
    remove_abandoned(target.parent, target.name)
    with _scratch(target) as folder:
        made = folder / target.name
        made.mkdir()
        for file in sorted(path for path in source.iterdir() if path.is_file()):
            shutil.copyfile(file, made / file.name)
            sync(made / file.name)
        sync(made)
        made.rename(target)
        sync(target.parent)


def remove_abandoned(folder: Path, name: str = "*") -> None:
    """Remove what processes that are gone had begun to write in a folder, for one name or for all."""
    start = "." if name == "*" else f".{name}."
    for scratch in folder.iterdir() if folder.is_dir() else []:
        if scratch.name.startswith(start) and scratch.name.endswith(PART):
            with contextlib.suppress(OSError):
                _remove(scratch)


def append_whole(path: Path, line: bytes) -> None:
    """Add one line to a file that other processes add to, in one write that is on the disk when this returns.

    The end of a line that a killed process left torn is cut off first, or, where files cannot be locked and it may be
    another's that is still written, closed, so that it does not swallow this one.

    Raises:
        OSError: the line cannot be written; the lines before are as they were.
    """
    make_folder(path.parent)
    fresh = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        is_locked = False
        with contextlib.suppress(OSError):
            _lock(handle)
            is_locked = True
        end = os.lseek(handle, 0, os.SEEK_END)
        torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
        if torn and is_locked:
            end = os.pread(handle, end, 0).rfind(b"\n") + 1
            os.ftruncate(handle, end)
        whole = (b"\n" if torn and not is_locked else b"") + line + b"\n"
        written = os.write(handle, whole)
        if written < len(whole):
            os.ftruncate(handle, end)
            raise OSError(f"{path}: {written} of {len(whole)} bytes could be written; is the disk full?")
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        sync(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder with all above it, each on the disk before what lies in it."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync(folder.parent)


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # some file systems flush no folders
            raise
    finally:
        os.close(handle)


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """Give a folder beside ``path`` that is locked as long as its writer lives, and gone afterwards."""
    folder, handle = _begin(path)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _begin(path: Path) -> tuple[Path, int]:
    while True:
        folder = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{PART}")
        folder.mkdir()
        try:
            handle = os.open(folder, os.O_RDONLY)
            with contextlib.suppress(OSError):  # a file system without locks
                _lock(handle)
            if folder.stat().st_ino == os.fstat(handle).st_ino:
                return folder, handle
            os.close(handle)
        except FileNotFoundError:
            pass  # another process took it for abandoned before it was locked


def _remove(folder: Path) -> None:
    """Remove a folder whose writer is gone.

    Raises:
        OSError: its writer lives, or another process removes it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, wait=False)
        if folder.is_dir():
            shutil.rmtree(folder)
        else:
            folder.unlink()  # as version 0.1.0 named them
    finally:
        os.close(handle)


def _lock(handle: int, wait: bool = True) -> None:
    """Lock an open file or folder; the system frees it when the process ends.

    Raises:
        OSError: another holds it and this one does not ``wait``, or there are no locks here.
    """
    if fcntl is None:
        raise OSError("There are no locks on this system.")
    fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
