"""A process that is killed at its n-th operation on files, as by a power cut: bytes that were not flushed are lost."""

import contextlib
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.copyfile")
"""What Python tells audit hooks of; flushing and writing are wrapped."""

_fsync, _write = os.fsync, os.write


class FileKiller:
    """Counts the operations of this process on files whose path fits a pattern, and kills it at one of them.

    Args:
        pattern: found in the paths that count.
        at: number of the operation, from 1, before which the process is killed; 0 counts alone.
    """

    def __init__(self, pattern: str, at: int = 0) -> None:
        self.pattern, self.at, self.count = re.compile(pattern), at, 0

    def arm(self) -> None:
        """Begin to count; there is no way back but the end of the process."""
        sys.addaudithook(self._hear)
        os.fsync, os.write = self._flush, self._put

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and not (event == "open" and not _writes(arguments)):
            self._step(*(_path(argument) for argument in arguments[:2]))

    def _step(self, *paths: str, before: Callable[[], object] = lambda: None) -> None:
        if any(self.pattern.search(path) for path in paths):
            self.count += 1
            if self.count == self.at:
                before()
                os.kill(os.getpid(), signal.SIGKILL)

    def _flush(self, fd: Any) -> None:
        path = _of_handle(fd)
        self._step(path, before=lambda: _tear(path))
        _fsync(fd)

    def _put(self, handle: int, data: Any) -> int:
        self._step(_of_handle(handle), before=lambda: _write(handle, bytes(data)[: len(data) // 2]))
        return _write(handle, data)


def in_child(task: Callable[[], object], pattern: str = "", at: int = 0) -> int | None:
    """Run a task in a forked process; return how many operations it made, or None where it was killed at one.

    Raises:
        RuntimeError: the task failed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            killer = FileKiller(pattern, at)
            if pattern:
                killer.arm()
            with contextlib.redirect_stdout(None):
                task()
            _write(writing, str(killer.count).encode())
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status:
        raise RuntimeError(f"The task failed in its process (status {status}).")
    return int(answer)


def _tear(path: str) -> None:
    """Take half of a file away: what was not flushed need not reach the disk."""
    if Path(path).is_file() and not path.endswith(".jsonl"):  # lines that were flushed before stay
        os.truncate(path, Path(path).stat().st_size // 2)


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    return bool(flags & (os.O_WRONLY | os.O_RDWR)) if mode is None else any(mark in str(mode) for mark in "wax+")


def _path(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes, os.PathLike)) else ""


def _of_handle(handle: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{handle}").readlink())
    except OSError:
        return ""
