"""One process at a time in a run folder, whether processes share a machine or only a file system."""

import functools
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from ragx.checks import RunError
from ragx.files import write_atomically
from ragx.runs.layout import GUARD, LOCK

BEAT, STALE, POLL = 5.0, 60.0, 0.2


class LockLostError(RunError):
    """Another process took the run over while this one stood still."""


class RunLock:
    """While entered, this process owns a folder; others wait until it leaves, or until its heart stops.

    The owner touches ``lock.json`` every few seconds. A lock that was not touched for a minute is stale, and the next
    one takes it over. Where the owner's process can be seen, on the same start of the same machine and among the same
    process numbers, the lock is stale as soon as the process is gone, and no sooner. A host name alone says nothing:
    containers share it and count processes each for itself.

    Args:
        folder: what is owned.
        on_wait: called once, with the owner's machine and process number, when the folder is found owned.
    """

    def __init__(self, folder: Path, on_wait: Callable[[str], None] = lambda owner: None) -> None:
        self.path, self.on_wait = folder / LOCK, on_wait
        self.took_over = False
        self._token = uuid.uuid4().hex
        self._ended = threading.Event()
        self._heart: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        notified = False
        while not self._try():
            if not notified:
                self.on_wait(owner_of(self.path) or "another process")
                notified = True
            time.sleep(POLL)
        self._heart = threading.Thread(target=self._beat, daemon=True)
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._heart is not None:
            self._heart.join()
        with self._guard():
            if self.is_held:
                self.path.unlink(missing_ok=True)

    @property
    def is_held(self) -> bool:
        """Whether the lock is still this process's own."""
        return _read(self.path).get("token") == self._token

    def check(self) -> None:
        """Raise :class:`LockLostError` if another process took the folder over."""
        if not self.is_held:
            raise LockLostError(
                f"{self.path.parent}: {owner_of(self.path) or 'another process'} took this run over after this process "
                f"had not been heard of for {STALE:.0f} s; it goes on there."
            )

    def _guard(self) -> FileLock:
        """Return a lock for the moment in which the owner changes; the system frees it when a process dies."""
        return FileLock(self.path.with_name(GUARD))

    def _try(self) -> bool:
        with self._guard():
            exists = self.path.is_file()
            if exists and not is_stale(self.path):
                return False
            who = {"token": self._token, "host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}
            owner = who | _surroundings()
            write_atomically(self.path, lambda part: part.write_text(json.dumps(owner)))
            self.took_over = exists
            return True

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            if not self.is_held:
                return
            os.utime(self.path)


def is_stale(path: Path) -> bool:
    """Say whether the owner of a lock file has died."""
    owner = _read(path)
    if _can_be_seen(owner):
        return _born(owner["pid"]) != owner.get("born")
    try:
        return time.time() - path.stat().st_mtime > STALE
    except FileNotFoundError:
        return True


def is_locked(folder: Path) -> bool:
    """Say whether a living process owns a folder."""
    path = folder / LOCK
    return path.is_file() and not is_stale(path)


def owner_of(path: Path) -> str | None:
    """Return the machine and process number of a lock's owner."""
    owner = _read(path)
    return f"process {owner['pid']} on {owner['host']}" if {"pid", "host"} <= owner.keys() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        owner = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _can_be_seen(owner: dict[str, Any]) -> bool:
    """Say whether the process number in a lock means here what it meant to its owner."""
    ours = {"host": socket.gethostname(), **_surroundings()}
    return type(owner.get("pid")) is int and all(owner.get(name) == value for name, value in ours.items())


@functools.cache
def _surroundings() -> dict[str, str | None]:
    """Return which start of the machine this is, and whose process numbers these are; None where that is not told."""
    return {"boot": _text(Path("/proc/sys/kernel/random/boot_id")), "processes": _link(Path("/proc/self/ns/pid"))}


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def _link(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:
        return None


def _born(pid: int) -> str | None:
    """Return when a process of this machine was started, in ticks, so that a number used again is told apart."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state == "Z" else fields[18]
    except (OSError, ValueError, IndexError):
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except (OSError, OverflowError):
        return "alive"
    return "alive"
