"""Files are there whole or not at all, and what a killed process had begun is removed."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ragx.files import append_whole, copy_folder, remove_abandoned, write_atomically

DIE = """
import os, signal, sys
from pathlib import Path
from ragx.files import write_atomically
def write(part):
    part.write_text("ha")
    os.kill(os.getpid(), signal.SIGKILL)
write_atomically(Path(sys.argv[1]), write)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    write_atomically(path, lambda part: part.write_text("old"))
    write_atomically(path, lambda part: part.write_text("new"))
    assert path.read_text() == "new"
    assert names(tmp_path) == ["deep", "file.txt"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail(part: Path) -> None:
        part.write_text("ha")
        raise FileNotFoundError("what was to be written")

    with pytest.raises(FileNotFoundError, match="what was to be written"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_what_a_killed_process_had_begun_is_removed_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    assert subprocess.run([sys.executable, "-c", DIE, str(path)], check=False).returncode == -9
    assert not path.exists()
    assert any(name.endswith(".part") for name in names(tmp_path))
    write_atomically(tmp_path / "other.txt", lambda part: part.write_text("x"))
    assert len(names(tmp_path)) == 3  # another file's is not its affair
    write_atomically(path, lambda part: part.write_text("whole"))
    assert names(tmp_path) == ["file.txt", "other.txt"]


def test_what_a_living_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"

    def write(part: Path) -> None:
        part.write_text("slow")
        write_atomically(path, lambda own: own.write_text("fast"))
        remove_abandoned(tmp_path)
        assert path.read_text() == "fast"

    write_atomically(path, write)
    assert path.read_text() == "slow"
    assert names(tmp_path) == ["file.txt"]


def test_the_order_is_write_flush_rename_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync = os.fsync

    def flush(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        done.append(f"flush {name}, {(tmp_path / 'file').exists()}")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flush)
    write_atomically(tmp_path / "file", lambda part: part.write_text("x"))
    assert done == ["flush file, False", f"flush {tmp_path.name}, True"]


def test_a_line_is_appended_in_one_write_and_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    flushed: list[int] = []
    write, fsync = os.write, os.fsync

    def keep(handle: int, data: bytes) -> int:
        written.append(data)
        return write(handle, data)

    def flush(handle: int) -> None:
        flushed.append(handle)
        fsync(handle)

    monkeypatch.setattr(os, "write", keep)
    monkeypatch.setattr(os, "fsync", flush)
    append_whole(tmp_path / "lines", b"one")
    append_whole(tmp_path / "lines", b"two")
    assert written == [b"one\n", b"two\n"]
    assert len(flushed) == 3  # the folder too, when the file is new


def test_a_line_that_does_not_fit_on_the_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lines"
    append_whole(path, b"one")
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:2]))
    with pytest.raises(OSError, match=r"lines: 2 of 4 bytes could be written; is the disk full\?"):
        append_whole(path, b"two")
    assert path.read_bytes() == b"one\n"


def test_the_end_of_a_line_that_was_torn_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntw")
    append_whole(path, b"three")
    assert path.read_bytes() == b"one\nthree\n"


def test_where_nothing_can_be_locked_a_torn_line_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another process's, which is still writing it."""

    def refuse(handle: int, wait: bool = True) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("ragx.files._lock", refuse)
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntw")
    append_whole(path, b"three")
    assert path.read_bytes() == b"one\ntw\nthree\n"


def test_a_folder_is_copied_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    for name in ("a", "b"):
        write_atomically(source / name, lambda part, name=name: part.write_text(name))
    copy_folder(source, tmp_path / "target")
    assert {path.name: path.read_text() for path in (tmp_path / "target").iterdir()} == {"a": "a", "b": "b"}
    with pytest.raises(OSError, match=os.strerror(errno.ENOTEMPTY)):
        copy_folder(source, tmp_path / "target")

    def fail(one: Path, other: Path) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match="the disk is full"):
        copy_folder(source, tmp_path / "another")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]
